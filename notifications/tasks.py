"""Delivery as tasks: the sweep that beat starts every 30 s, and the hint that follows a commit."""

from celery import shared_task

from notifications import delivery


@shared_task(name="notifications.deliver_due_emails")
def deliver_due_emails() -> int:
    """Send every letter that is due."""
    return delivery.deliver_due()


@shared_task(name="notifications.deliver_email")
def deliver_email(email_id: int) -> bool:
    """Send one letter soon after it was queued. The sweep finds it when this hint is lost."""
    return delivery.deliver(email_id)
