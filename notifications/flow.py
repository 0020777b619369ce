"""States of a letter."""

from django.db import models

from core.flows import flow


class EmailState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


EMAIL_FLOW = flow(
    "letter",
    {
        EmailState.QUEUED: [EmailState.SENT, EmailState.FAILED],
        # Only staff, by hand: notifications.delivery.resend.
        EmailState.FAILED: [EmailState.QUEUED],
    },
)
