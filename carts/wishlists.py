"""Keep things on a list, share the list, put what is on it into the cart, and bring two lists together."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from carts.baskets import add_item
from carts.models import Cart, CartItem, Wishlist, WishlistItem
from catalog.models import Variant
from catalog.querysets import available_units
from core import clock
from core.codes import secret_token, token_hash
from core.db import atomic_retry
from core.refusals import Conflict, Refusal

MAX_WISHES = 200


def find_wishlist(*, user: Any, code: str | None) -> Wishlist | None:
    """Return the list of the signed-in user, else the guest's list with this secret code, else None."""
    if user is not None and user.is_authenticated:
        return Wishlist.objects.filter(user=user).first()
    if not code:
        return None
    return Wishlist.objects.filter(code_hash=token_hash(code), user=None).first()


def find_shared_wishlist(share_code: str) -> Wishlist | None:
    """Return the list that its owner shares under this code, None when nobody shares one under it (any more)."""
    wishlist = Wishlist.objects.filter(share_code=share_code).first() if share_code else None
    # MariaDB finds it by another spelling too; the code is a secret and has one.
    return wishlist if wishlist is not None and wishlist.share_code == share_code else None


def wishes_of(wishlist: Wishlist | None) -> Sequence[WishlistItem]:
    """Return what is on the list, newest first, each with its offer and `available`, what can be taken now.

    A query set, so that a page of it can be cut out; one query.
    """
    if wishlist is None:
        return WishlistItem.objects.none()
    return (
        WishlistItem.objects.filter(wishlist=wishlist)
        .select_related("variant__product__brand", "variant__product__category")
        .annotate(available=available_units("variant"))
        .order_by("-id")
    )


@atomic_retry
def open_wishlist(*, user: Any, code: str | None) -> tuple[Wishlist, str | None]:
    """Return the caller's list, made if need be, and a guest's new secret code (None when nothing is new)."""
    wishlist = find_wishlist(user=user, code=code)
    if wishlist is not None:
        return wishlist, None
    if user is not None and user.is_authenticated:
        return _wishlist_of(user), None
    new_code = secret_token()
    return Wishlist.objects.create(code_hash=token_hash(new_code)), new_code


@atomic_retry
def add_wish(wishlist: Wishlist, variant: Variant) -> WishlistItem:
    """Keep `variant` on the list with its price of this moment. What is on it already stays as it is.

    Sold out and unpriced offers may be kept: many lists exist for them.
    Raises Refusal("wishlist_full", limit) and Conflict("wishlist_gone").
    """
    wishlist = _locked(wishlist)
    item = wishlist.items.filter(variant=variant).first()
    if item is not None:
        return item
    if wishlist.items.count() >= MAX_WISHES:
        words = f"A list holds at most {MAX_WISHES} things. Take something off it first."
        raise Refusal("wishlist_full", words, limit=MAX_WISHES)
    return WishlistItem.objects.create(wishlist=wishlist, variant=variant, price_seen=variant.price)


@atomic_retry
def remove_wish(wishlist: Wishlist, sku: str) -> None:
    """Take the offer called `sku` off the list. Raises Refusal("wish_unknown") and Conflict("wishlist_gone")."""
    wishlist = _locked(wishlist)
    deleted, _ = wishlist.items.filter(variant__sku=sku).delete()
    if not deleted:
        raise _wish_unknown()


@atomic_retry
def move_to_cart(wishlist: Wishlist, sku: str, *, cart: Cart) -> CartItem:
    """Put one of the offer called `sku` into the cart and take it off the list, both or neither.

    Raises Refusal("wish_unknown"), Conflict("wishlist_gone") and whatever carts.baskets.add_item refuses; the offer
    stays on the list then. Locks the cart before the list.
    """
    wish = wishlist.items.filter(variant__sku=sku).select_related("variant__product__brand").first()
    if wish is None:
        raise _wish_unknown()
    item = add_item(cart, wish.variant, quantity=1)
    remove_wish(wishlist, sku)
    return item


@atomic_retry
def share(wishlist: Wishlist) -> str:
    """Let everybody who has the code see the list, without a word about its owner. Returns the code, 192 bits.

    A list that is shared already keeps its code. Raises Conflict("wishlist_gone").
    """
    wishlist = _locked(wishlist)
    if not wishlist.share_code:
        wishlist.share_code = secret_token()
        wishlist.save(update_fields=["share_code"])
    return wishlist.share_code


@atomic_retry
def unshare(wishlist: Wishlist) -> None:
    """Let the code that was given away die. Sharing again makes another one. Raises Conflict("wishlist_gone")."""
    wishlist = _locked(wishlist)
    wishlist.share_code = None
    wishlist.save(update_fields=["share_code"])


@atomic_retry
def merge_wishlists(guest_list: Wishlist, user: Any) -> Wishlist:
    """Bring a guest's list into the account's: the union, each offer with the price it was first kept at there.

    What did not fit is said as a notice on the account's list. The guest's list goes, and with it its secret code and
    its shared link: who has that link shall not see what else the account keeps. Merging again changes nothing.
    """
    account_list = _wishlist_of(user)
    pks = sorted([guest_list.pk, account_list.pk])
    locked = {row.pk: row for row in Wishlist.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
    account_list = locked[account_list.pk]
    guest = locked.get(guest_list.pk)
    if guest is None or guest.user_id is not None:
        return account_list
    have = set(account_list.items.values_list("variant_id", flat=True))
    new = [item.pk for item in guest.items.order_by("-id") if item.variant_id not in have]
    room = max(0, MAX_WISHES - len(have))
    WishlistItem.objects.filter(pk__in=new[:room]).update(wishlist=account_list)
    left_out = len(new) - len(new[:room])
    if left_out:
        account_list.notices.append(
            f"Your list holds {MAX_WISHES} things and is full: {left_out} that you kept before you logged in "
            f"{'was' if left_out == 1 else 'were'} left out."
        )
    account_list.touched_at = clock.now()
    account_list.save(update_fields=["notices", "touched_at"])
    guest.delete()
    return account_list


def dismiss_notices(wishlist: Wishlist) -> None:
    """Forget what a merge had to say: the customer has read it."""
    Wishlist.objects.filter(pk=wishlist.pk).update(notices=[])


def _wishlist_of(user: Any) -> Wishlist:
    wishlist = Wishlist.objects.filter(user=user).first()
    if wishlist is not None:
        return wishlist
    try:
        with transaction.atomic():
            return Wishlist.objects.create(user=user)
    except IntegrityError:
        return Wishlist.objects.get(user=user)


def _locked(wishlist: Wishlist) -> Wishlist:
    """Lock the list by noting that it is in use. Raises Conflict("wishlist_gone") when it was merged or forgotten."""
    if not Wishlist.objects.filter(pk=wishlist.pk).update(touched_at=clock.now()):
        raise Conflict("wishlist_gone", "This list is gone. Open the page again.")
    return wishlist


def _wish_unknown() -> Refusal:
    return Refusal("wish_unknown", "This is not on your list any more.")
