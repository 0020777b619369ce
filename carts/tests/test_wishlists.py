"""Wish lists: one row a thing, found by their owner alone, moved and merged without loss."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.tests.factories import make_user
from carts import wishlists
from carts.models import Cart, CartItem, Wishlist, WishlistItem
from carts.tasks import forget_old_wishlists
from carts.tests.factories import make_cart, make_wishlist
from carts.wishlists import (
    add_wish,
    dismiss_notices,
    find_shared_wishlist,
    find_wishlist,
    merge_wishlists,
    move_to_cart,
    open_wishlist,
    remove_wish,
    share,
    unshare,
    wishes_of,
)
from catalog.tests.factories import make_variant
from core.codes import token_hash
from core.refusals import Conflict, Refusal

pytestmark = pytest.mark.django_db


def skus(wishlist):
    return [item.variant.sku for item in wishes_of(wishlist)]


def test_a_guest_gets_a_secret_of_which_only_the_hash_is_kept():
    wishlist, code = open_wishlist(user=None, code=None)
    assert len(code) == 32
    assert wishlist.code_hash == token_hash(code)
    assert find_wishlist(user=None, code=code) == wishlist
    assert find_wishlist(user=None, code=wishlist.code_hash) is None
    assert open_wishlist(user=None, code=code) == (wishlist, None)


@pytest.mark.parametrize("code", [None, "", "wrong", "x" * 10_000, "ឡាន"])
def test_a_wrong_code_opens_nothing(code):
    open_wishlist(user=None, code=None)
    assert find_wishlist(user=None, code=code) is None


def test_an_account_has_one_list_and_a_code_means_nothing_to_it():
    user = make_user()
    guests, code = open_wishlist(user=None, code=None)
    mine, new_code = open_wishlist(user=user, code=code)
    assert new_code is None
    assert mine != guests
    assert open_wishlist(user=user, code=None) == (mine, None)
    assert find_wishlist(user=make_user(), code=code) is None


def test_what_is_kept_twice_stands_once_with_the_price_it_had_first():
    variant = make_variant(price="100.00")
    wishlist = make_wishlist(variant)
    variant.price = Decimal("80.00")
    variant.save()
    add_wish(wishlist, variant)
    assert WishlistItem.objects.get().price_seen == Decimal("100.00")


def test_sold_out_and_unpriced_things_may_be_kept_and_the_newest_is_on_top():
    gone, unpriced, ready = make_variant(), make_variant(price=None), make_variant(units=2)
    wishlist = make_wishlist(gone, unpriced, ready)
    assert skus(wishlist) == [ready.sku, unpriced.sku, gone.sku]
    assert [(item.available, item.price_seen) for item in wishes_of(wishlist)] == [
        (2, Decimal("100.00")),
        (0, None),
        (0, Decimal("100.00")),
    ]


def test_a_full_list_says_so_and_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(wishlists, "MAX_WISHES", 2)
    first, second = make_variant(), make_variant()
    wishlist = make_wishlist(first, second)
    with pytest.raises(Refusal) as refused:
        add_wish(wishlist, make_variant())
    assert (refused.value.code, refused.value.facts) == ("wishlist_full", {"limit": 2})
    add_wish(wishlist, first)
    assert wishlist.items.count() == 2


def test_the_limit_is_two_hundred():
    assert wishlists.MAX_WISHES == 200


def test_what_is_removed_is_gone_and_what_is_not_there_is_unknown():
    variant = make_variant()
    mine, theirs = make_wishlist(variant), make_wishlist(variant)
    remove_wish(mine, variant.sku)
    assert (skus(mine), skus(theirs)) == ([], [variant.sku])
    for sku in (variant.sku, "NOPE", "", "x" * 5000, "' OR 1=1 --"):
        with pytest.raises(Refusal) as refused:
            remove_wish(mine, sku)
        assert refused.value.code == "wish_unknown"
    assert skus(theirs) == [variant.sku]


def test_a_list_that_was_forgotten_takes_nothing_more():
    wishlist = make_wishlist()
    Wishlist.objects.all().delete()
    variant = make_variant()
    for deed in (lambda: add_wish(wishlist, variant), lambda: share(wishlist), lambda: unshare(wishlist)):
        with pytest.raises(Conflict) as refused:
            deed()
        assert refused.value.code == "wishlist_gone"


def test_moving_puts_one_into_the_cart_and_takes_it_off_the_list():
    variant, other = make_variant(units=3), make_variant(units=1)
    wishlist, cart = make_wishlist(variant, other), make_cart((variant, 1))
    move_to_cart(wishlist, variant.sku, cart=cart)
    assert list(cart.items.values_list("variant__sku", "quantity")) == [(variant.sku, 2)]
    assert skus(wishlist) == [other.sku]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "sold_out"),
        ({"price": None, "units": 1}, "not_for_sale"),
        ({"is_offered": False, "units": 1}, "not_for_sale"),
        ({"max_per_order": 0, "units": 1}, "too_many"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_cannot_go_into_the_cart_stays_on_the_list(fields, code):
    variant = make_variant(**fields)
    wishlist, cart = make_wishlist(variant), make_cart()
    with pytest.raises(Refusal) as refused:
        move_to_cart(wishlist, variant.sku, cart=cart)
    assert refused.value.code == code
    assert skus(wishlist) == [variant.sku]
    assert CartItem.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_somebody_took_off_meanwhile_does_not_reach_the_cart(monkeypatch):
    variant = make_variant(units=1)
    wishlist, cart = make_wishlist(variant), make_cart()

    def taken_off_meanwhile(*args, **kwargs):
        WishlistItem.objects.all().delete()
        return wishlists_add_item(*args, **kwargs)

    wishlists_add_item = wishlists.add_item
    monkeypatch.setattr(wishlists, "add_item", taken_off_meanwhile)
    with pytest.raises(Refusal) as refused:
        move_to_cart(wishlist, variant.sku, cart=cart)
    assert refused.value.code == "wish_unknown"
    assert CartItem.objects.count() == 0


def test_moving_into_a_cart_that_was_ordered_is_a_conflict():
    variant = make_variant(units=1)
    wishlist, cart = make_wishlist(variant), make_cart()
    Cart.objects.update(state="ordered")
    with pytest.raises(Conflict) as refused:
        move_to_cart(wishlist, variant.sku, cart=cart)
    assert refused.value.code == "cart_closed"
    assert skus(wishlist) == [variant.sku]


def test_a_list_is_shared_by_a_code_of_its_own_that_can_be_taken_back():
    wishlist, code = open_wishlist(user=None, code=None)
    share_code = share(wishlist)
    assert len(share_code) == 32
    assert share_code != code
    assert share(wishlist) == share_code
    assert find_shared_wishlist(share_code) == wishlist
    assert find_wishlist(user=None, code=share_code) is None
    unshare(wishlist)
    assert find_shared_wishlist(share_code) is None
    assert share(wishlist) != share_code


@pytest.mark.parametrize("code", ["", "x", "x" * 5000, "ឡាន"])
def test_a_wrong_share_code_finds_nothing(code):
    make_wishlist()
    share(make_wishlist())
    assert find_shared_wishlist(code) is None


def test_a_share_code_has_one_spelling():
    wishlist = make_wishlist()
    Wishlist.objects.update(share_code="AbCdEfGh")
    assert find_shared_wishlist("abcdefgh") is None
    assert find_shared_wishlist("AbCdEfGh") == wishlist


# What the guest and the account keep of a, b, c; what the account keeps after it, newest first.
MERGES = [
    ("", "", ""),
    ("a", "", "a"),
    ("", "a", "a"),
    ("a", "a", "a"),
    ("a", "b", "ab"),
    ("ab", "b", "ab"),
    ("b", "ab", "ba"),
    ("abc", "c", "bac"),
]


@pytest.mark.parametrize(("guest", "account", "merged"), MERGES)
def test_merging_is_the_union(guest, account, merged):
    offers = {sku: make_variant(sku=sku, price="10.00") for sku in "abc"}
    user = make_user()
    account_list = make_wishlist(*[offers[sku] for sku in account], user=user)
    for offer in offers.values():
        offer.price = Decimal("20.00")
    guest_list = make_wishlist(*[offers[sku] for sku in guest])
    assert merge_wishlists(guest_list, user) == account_list
    assert sorted(skus(account_list)) == sorted(merged)
    prices = {item.variant.sku: item.price_seen for item in wishes_of(account_list)}
    assert prices == {sku: Decimal("10.00" if sku in account else "20.00") for sku in merged}
    account_list.refresh_from_db()
    assert account_list.notices == []
    assert list(Wishlist.objects.all()) == [account_list]


def test_a_guests_codes_die_with_the_merge_and_merging_again_changes_nothing():
    user, variant = make_user(), make_variant()
    guest_list, code = open_wishlist(user=None, code=None)
    add_wish(guest_list, variant)
    share_code = share(guest_list)
    account_list = merge_wishlists(guest_list, user)
    assert find_wishlist(user=None, code=code) is None
    assert find_shared_wishlist(share_code) is None
    account_list.refresh_from_db()
    assert account_list.share_code is None
    assert merge_wishlists(guest_list, user) == account_list
    assert merge_wishlists(account_list, user) == account_list
    assert skus(account_list) == [variant.sku]


def test_another_accounts_list_cannot_be_merged_away():
    theirs = make_wishlist(make_variant(), user=make_user())
    mine = merge_wishlists(theirs, make_user())
    assert skus(mine) == []
    assert len(skus(theirs)) == 1


@pytest.mark.parametrize(
    ("account", "guest", "kept", "words"),
    [
        (1, 2, 3, []),
        (2, 2, 3, ["Your list holds 3 things and is full: 1 that you kept before you logged in was left out."]),
        (3, 2, 3, ["Your list holds 3 things and is full: 2 that you kept before you logged in were left out."]),
    ],
)
def test_what_did_not_fit_is_said(monkeypatch, account, guest, kept, words):
    monkeypatch.setattr(wishlists, "MAX_WISHES", 3)
    user = make_user()
    account_list = make_wishlist(*[make_variant() for _ in range(account)], user=user)
    guest_list = make_wishlist(*[make_variant() for _ in range(guest)])
    newest = guest_list.items.first()
    merge_wishlists(guest_list, user)
    account_list.refresh_from_db()
    assert (account_list.items.count(), account_list.notices) == (kept, words)
    assert account_list.items.filter(pk=newest.pk).exists() is (account < 3)
    dismiss_notices(account_list)
    account_list.refresh_from_db()
    assert account_list.notices == []


def test_guests_lists_are_forgotten_after_90_days_without_a_change():
    variant, user = make_variant(), make_user()
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        make_wishlist(variant)
        used = make_wishlist(variant)
        make_wishlist(variant, user=user)
        clock.shift(timedelta(days=89))
        share(used)
        clock.shift(timedelta(days=1))
        assert forget_old_wishlists() == 0
        clock.shift(1)
        assert forget_old_wishlists() == 2  # the list and what was on it
    assert set(Wishlist.objects.values_list("user", flat=True)) == {None, user.pk}


@pytest.mark.parametrize("others", [0, 2])
def test_keeping_costs_the_same_however_full_the_list(django_assert_num_queries, others):
    wishlist = make_wishlist(*[make_variant() for _ in range(others)])
    variant = make_variant()
    with django_assert_num_queries(6):  # two of them are the savepoint inside the test's own transaction
        add_wish(wishlist, variant)
    with django_assert_num_queries(4):
        add_wish(wishlist, variant)


@pytest.mark.parametrize("things", [1, 3])
def test_reading_costs_one_query(django_assert_num_queries, things):
    wishlist = make_wishlist(*[make_variant(units=1) for _ in range(things)])
    with django_assert_num_queries(1):
        assert [
            (wish.variant.product.full_name != "", wish.variant.product.category.name) for wish in wishes_of(wishlist)
        ]
