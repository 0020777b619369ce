"""Many hands on one wish list at the same moment, on a server that has them."""

import threading
from functools import partial

import pytest
from django.db import IntegrityError, connection

from accounts.tests.factories import make_user
from carts import wishlists
from carts.models import CartItem, Wishlist, WishlistItem
from carts.tests.factories import make_cart, make_wishlist
from carts.wishlists import add_wish, merge_wishlists, move_to_cart, open_wishlist
from catalog.tests.factories import make_variant
from core.refusals import Refusal
from core.tests.racing import run_together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
HANDS = 16


@pytest.fixture(autouse=True)
def _on_mariadb():
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"


def test_the_same_thing_kept_many_times_at_once_is_one_row():
    wishlist, variant = make_wishlist(), make_variant()
    kept = run_together([partial(add_wish, wishlist, variant)] * 64, at_once=HANDS)
    assert {type(outcome) for outcome in kept} == {WishlistItem}
    assert len({item.pk for item in kept}) == WishlistItem.objects.count() == 1


def test_without_the_lock_two_at_once_collide(monkeypatch):
    """The control: both have looked before either writes, so the second write fails."""
    wishlist, variant = make_wishlist(), make_variant()
    both_have_looked = threading.Barrier(2)
    create = WishlistItem.objects.create

    def create_together(**values):
        both_have_looked.wait(20)
        return create(**values)

    monkeypatch.setattr(wishlists, "_locked", lambda one: one)
    monkeypatch.setattr(WishlistItem.objects, "create", create_together)
    outcomes = run_together([partial(add_wish, wishlist, variant)] * 2, at_once=2)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [IntegrityError.__name__, WishlistItem.__name__]


def test_the_limit_holds_for_many_at_once(monkeypatch):
    monkeypatch.setattr(wishlists, "MAX_WISHES", 5)
    wishlist = make_wishlist()
    variants = [make_variant() for _ in range(HANDS)]
    outcomes = run_together([partial(add_wish, wishlist, variant) for variant in variants], at_once=HANDS)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert {refusal.code for refusal in refused} == {"wishlist_full"}
    assert (len(refused), wishlist.items.count()) == (HANDS - 5, 5)


def test_an_account_that_opens_its_list_everywhere_at_once_has_one():
    user = make_user()
    opened = run_together([partial(open_wishlist, user=user, code=None)] * HANDS, at_once=HANDS)
    assert {wishlist.pk for wishlist, _ in opened} == {Wishlist.objects.get().pk}


def test_a_thing_moved_many_times_at_once_reaches_the_cart_once():
    variant = make_variant(units=HANDS)
    wishlist, cart = make_wishlist(variant), make_cart()
    outcomes = run_together([partial(move_to_cart, wishlist, variant.sku, cart=cart)] * HANDS, at_once=HANDS)
    assert sum(isinstance(outcome, CartItem) for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Refusal)} == {"wish_unknown"}
    assert CartItem.objects.get().quantity == 1
    assert wishlist.items.count() == 0


def test_two_log_ins_at_once_merge_once():
    user, variants = make_user(), [make_variant() for _ in range(3)]
    guest_list = make_wishlist(*variants)
    merged = run_together([partial(merge_wishlists, guest_list, user)] * HANDS, at_once=HANDS)
    assert {wishlist.pk for wishlist in merged} == {Wishlist.objects.get().pk}
    assert WishlistItem.objects.count() == 3
