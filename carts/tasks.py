"""Sweeps of the carts."""

from datetime import timedelta

from celery import shared_task

from carts.flow import CartState
from carts.models import Cart, Wishlist
from core import clock

KEEP_GUEST_CARTS = timedelta(days=30)
KEEP_GUEST_WISHLISTS = timedelta(days=90)


@shared_task(name="carts.forget_old_carts")
def forget_old_carts() -> int:
    """Delete guests' carts that nobody has touched for 30 days; their codes are dead then."""
    deleted, _ = Cart.objects.filter(
        state=CartState.ACTIVE, active_user=None, touched_at__lt=clock.now() - KEEP_GUEST_CARTS
    ).delete()
    return deleted


@shared_task(name="carts.forget_old_wishlists")
def forget_old_wishlists() -> int:
    """Delete guests' lists that nobody has changed for 90 days; their codes and shared links are dead then."""
    deleted, _ = Wishlist.objects.filter(user=None, touched_at__lt=clock.now() - KEEP_GUEST_WISHLISTS).delete()
    return deleted
