"""Rounds of the clock. Each is a hint to look: the rows say what must be done."""

from celery import shared_task

from rentals import clockwork, collecting, refunding


@shared_task(name="rentals.run_clock")
def run_clock() -> None:
    """Collect rent that is due and let the day come for every agreement."""
    clockwork.run_clock()


@shared_task(name="rentals.resume_charges")
def resume_charges() -> int:
    """Take up charges that a crash has cut off, tell customers how theirs went, void bills paid another way."""
    return collecting.resume_charges() + collecting.close_paid_bills()


@shared_task(name="rentals.return_what_is_due")
def return_what_is_due() -> int:
    """Send back what agreements owe their customers."""
    return refunding.return_what_is_due()
