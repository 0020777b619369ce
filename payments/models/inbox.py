"""What providers tell us, kept word for word before we answer them."""

from django.db import models

from core import clock
from payments.querysets import ProviderEventQuerySet


class ProviderEvent(models.Model):
    """One message of a provider. It is waiting until `processed_at`; one about an unknown object is tried again."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=80)
    body = models.JSONField()
    received_at = models.DateTimeField(default=clock.now, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    next_try_at = models.DateTimeField(
        null=True, blank=True, default=clock.now, editable=False, help_text="Empty: done, or given up."
    )
    processed_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome = models.CharField(max_length=300, blank=True, help_text="What it changed, or why it waits.")

    objects = ProviderEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once")]
        indexes = [models.Index(fields=["next_try_at"], name="provider_event_waiting")]
        permissions = [("replay_providerevent", "Can process a provider's message again")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
