"""Sweeps of the money tables. Each is a hint to look: the rows say what must be done."""

from celery import shared_task

from payments import comparing, inbox, polling, reconciling, refunding, settling


@shared_task(name="payments.settle_unclaimed_captures")
def settle_unclaimed_captures() -> int:
    """Settle captures whose claim was interrupted."""
    return settling.settle_unclaimed_captures()


@shared_task(name="payments.process_provider_event")
def process_provider_event(key: int) -> None:
    """Act on a message that has just come."""
    inbox.process_event(key)


@shared_task(name="payments.process_waiting_events")
def process_waiting_events() -> int:
    """Act on messages that wait or were parked."""
    return inbox.process_waiting_events()


@shared_task(name="payments.poll_payments")
def poll_payments() -> int:
    """Ask providers about attempts without a final answer."""
    return polling.poll_payments()


@shared_task(name="payments.poll_refunds")
def poll_refunds() -> int:
    """Ask providers about refunds on their way."""
    return polling.poll_refunds()


@shared_task(name="payments.return_surpluses")
def return_surpluses() -> int:
    """Send money back that nobody can use."""
    return refunding.return_surpluses()


@shared_task(name="payments.fetch_missed_events")
def fetch_missed_events() -> int:
    """Fetch what providers have told us and we have not heard."""
    return reconciling.fetch_missed_events()


@shared_task(name="payments.compare_missing_days")
def compare_missing_days() -> int:
    """Compare the days that are over with the providers' books."""
    return comparing.compare_missing_days()
