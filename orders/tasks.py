"""Sweeps of the orders."""

from celery import shared_task

from orders import expiry


@shared_task(name="orders.expire_unpaid_orders")
def expire_unpaid_orders() -> int:
    """Cancel pending orders whose hold has run out."""
    return expiry.expire_unpaid_orders()
