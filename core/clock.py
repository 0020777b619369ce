"""The one source of "now" and "today"."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """Return the current calendar day in the shop's own time zone (settings.TIME_ZONE)."""
    return day_of(now())


def day_of(instant: datetime) -> date:
    """Return the calendar day in the shop's own time zone at `instant` (aware)."""
    return timezone.localdate(instant, timezone.get_default_timezone())
