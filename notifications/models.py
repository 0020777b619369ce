"""The outbox: what must reach somebody, as rows written in the same transaction as the event they tell of."""

from typing import Any

import structlog
from django.db import models

from core import clock
from notifications.flow import EMAIL_FLOW, EmailState
from notifications.querysets import EmailQuerySet

log = structlog.get_logger(__name__)


class Email(models.Model):
    """One letter to one person. The row is the truth; the mail server gets it with the row's own Message-ID."""

    State = EmailState
    flow = EMAIL_FLOW

    kind = models.CharField(max_length=40, help_text="Which letter: order_placed, reset_password …")
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    dedupe_key = models.CharField(
        max_length=120, unique=True, help_text="The same event makes the same key: one letter."
    )
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=EmailState, default=EmailState.QUEUED)
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now, help_text="Not tried before this.")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    unsubscribe_url = models.CharField(
        max_length=300, blank=True, editable=False, help_text="A POST to it stops letters like this (RFC 8058)."
    )

    objects = EmailQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "letter"
        indexes = [models.Index(fields=["state", "due_at"], name="email_due")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"

    def record(self, *, kind: str, by: Any, reason: str = "", **facts: object) -> None:
        """Write the step to the log, which is a letter's timeline: ids and codes, never the person's address."""
        write = log.warning if kind == EmailState.FAILED else log.info
        write(
            f"letter_{kind}",
            letter=self.pk,
            letter_kind=self.kind,
            tries=self.tries,
            by=getattr(by, "pk", None),
            reason=reason,
            **facts,
        )
