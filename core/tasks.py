"""Sweeps of the machine tables."""

from datetime import timedelta

from celery import shared_task

from core import clock
from core.models import IdempotencyKey, Tally

KEEP_KEYS = timedelta(days=2)


@shared_task(name="core.forget_old_idempotency_keys")
def forget_old_idempotency_keys() -> int:
    """Delete keys older than two days; a client that repeats a request later than that starts afresh."""
    deleted, _ = IdempotencyKey.objects.filter(claimed_at__lt=clock.now() - KEEP_KEYS).delete()
    return deleted


@shared_task(name="core.forget_old_tallies")
def forget_old_tallies() -> int:
    """Delete counts of tries whose time is over."""
    deleted, _ = Tally.objects.filter(resets_at__lt=clock.now()).delete()
    return deleted
