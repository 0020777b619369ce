"""Machine tables: no business words here."""

from django.conf import settings
from django.db import models

from core import clock
from core.timeline import TimelineEvent


class IdempotencyKey(models.Model):
    """A client's key for one request, and the answer it got, so that a repeated request gets the same answer."""

    scope = models.CharField(max_length=80, help_text="Whose key and for which operation.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request's body.")
    claimed_at = models.DateTimeField(default=clock.now)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty while the request runs.")
    body = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["claimed_at"], name="idempotency_claimed")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class AuditEntry(TimelineEvent):
    """What staff changed on objects that have no timeline of their own (prices, texts, roles)."""

    model = models.CharField(max_length=80)
    object_code = models.CharField(max_length=80)

    class Meta(TimelineEvent.Meta):
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["model", "object_code", "at"], name="audit_of_object")]


class Job(models.Model):
    """Progress of long work, for a person who waits for it."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=60)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=20, choices=State, default=State.RUNNING)
    report = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.done}/{self.total}"


class DataVersion(models.Model):
    """A number that rises with every change of something that pages keep in a cache: it is part of their keys."""

    name = models.CharField(max_length=80, unique=True)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class ShopSetting(models.Model):
    """What staff set in the admin and what code asks for by name (see core.shop_settings)."""

    name = models.CharField(max_length=60, unique=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """How often something was tried in the current span of time. The key is a hash: it names nobody."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    resets_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.count}"
