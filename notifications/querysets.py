"""Named reads of the outbox."""

from datetime import datetime

from django.db import models

from notifications.flow import EmailState


class EmailQuerySet(models.QuerySet):
    """Letters by what must happen to them."""

    def due_by(self, instant: datetime) -> "EmailQuerySet":
        """Return letters that wait and may be tried at `instant`, oldest first."""
        return self.filter(state=EmailState.QUEUED, due_at__lte=instant).order_by("due_at", "id")

    def given_up(self) -> "EmailQuerySet":
        """Return letters that a person must look at."""
        return self.filter(state=EmailState.FAILED)
