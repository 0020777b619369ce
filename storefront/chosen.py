"""What the visitor keeps and compares, for the buttons on cards and the link in the header.

A visitor who keeps and compares nothing costs no query, and gets pages that are the same for everybody.
"""

from functools import cache as remember
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from carts.models import WishlistItem
from core.codes import token_hash
from storefront.compare_cookie import compared_skus
from storefront.recently_viewed import recently_viewed
from storefront.secret_cookies import WISHLIST


class Chosen:
    """The visitor's choices, read when a template first asks.

    A view that has just changed them leaves `opened_wishlist` or `compared` on the request.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def kept(self) -> frozenset[int]:
        """Return the ids of the variants on the visitor's list. One query, none for a guest without a list."""
        opened = getattr(self.request, "opened_wishlist", None)
        code = WISHLIST.code(self.request)
        if opened is not None:
            items = WishlistItem.objects.filter(wishlist=opened)
        elif self.request.user.is_authenticated:
            items = WishlistItem.objects.filter(wishlist__user=self.request.user)
        elif code:
            items = WishlistItem.objects.filter(wishlist__code_hash=token_hash(code), wishlist__user=None)
        else:
            return frozenset()
        return frozenset(items.order_by().values_list("variant_id", flat=True))

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Return the SKUs that the visitor compares. No query."""
        changed = getattr(self.request, "compared", None)
        return tuple(compared_skus(self.request) if changed is None else changed)


def choices(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the visitor keeps, compares and looked at. Nothing is read before a template asks."""
    return {"chosen": Chosen(request), "recently_viewed": remember(lambda: recently_viewed(request))}
