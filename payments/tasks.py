"""Sweeps of the money tables."""

from celery import shared_task

from payments import settling


@shared_task(name="payments.settle_unclaimed_captures")
def settle_unclaimed_captures() -> int:
    """Settle captures whose claim was interrupted."""
    return settling.settle_unclaimed_captures()
