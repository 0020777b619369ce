"""What carts do when something happens on the floors below."""

from typing import Any

from carts.baskets import find_cart, merge_carts
from carts.wishlists import find_wishlist, merge_wishlists


def merge_guest_cart(sender: object, user: Any, request_cart_code: str | None, **kwargs: object) -> None:
    """Somebody has signed in: what they had put together as a guest joins their own cart."""
    guest_cart = find_cart(user=None, code=request_cart_code)
    if guest_cart is not None:
        merge_carts(guest_cart, user)


def merge_guest_wishlist(sender: object, user: Any, request_wishlist_code: str | None, **kwargs: object) -> None:
    """Somebody has signed in: what they had kept as a guest joins their own list."""
    guest_list = find_wishlist(user=None, code=request_wishlist_code)
    if guest_list is not None:
        merge_wishlists(guest_list, user)
