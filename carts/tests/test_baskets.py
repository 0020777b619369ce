"""Carts: one line a choice, never more than there is, merged without loss."""

from datetime import timedelta

import pytest
import time_machine

from carts.baskets import add_item, find_cart, merge_carts, open_cart, set_quantity
from carts.models import Cart, CartItem
from carts.tasks import forget_old_carts
from carts.tests.factories import make_cart
from catalog.models import RentalPlan, Unit
from catalog.tests.factories import make_units, make_variant
from core.refusals import Conflict, Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(django_user_model):
    return django_user_model.objects.create_user("dara@example.com")


def quantities(cart):
    return {item.variant.sku: item.quantity for item in cart.items.select_related("variant")}


def test_a_guest_gets_a_secret_of_which_only_the_hash_is_kept():
    cart, code = open_cart(user=None, code=None)
    assert len(code) == 32
    assert cart.code_hash != code
    assert find_cart(user=None, code=code) == cart
    assert find_cart(user=None, code=cart.code_hash) is None
    assert open_cart(user=None, code=code) == (cart, None)


@pytest.mark.parametrize("code", [None, "", "wrong", "x" * 10_000])
def test_a_wrong_code_opens_nothing(code):
    open_cart(user=None, code=None)
    assert find_cart(user=None, code=code) is None


def test_an_account_has_one_active_cart(user):
    cart, code = open_cart(user=user, code=None)
    assert code is None
    assert open_cart(user=user, code="whatever") == (cart, None)
    assert Cart.objects.count() == 1


def test_the_same_thing_again_is_more_of_it():
    variant = make_variant(units=5)
    cart = make_cart((variant, 2))
    add_item(cart, variant, quantity=1)
    assert quantities(cart) == {variant.sku: 3}


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**12])
def test_impossible_quantities_are_refused(quantity):
    variant = make_variant(units=1)
    cart = make_cart()
    with pytest.raises(Refusal) as refused:
        add_item(cart, variant, quantity=quantity)
    assert refused.value.code == "quantity_impossible"
    assert CartItem.objects.count() == 0


def test_more_than_there_is_is_refused_and_says_how_many():
    variant = make_variant(units=2)
    cart = make_cart((variant, 1))
    with pytest.raises(Conflict) as refused:
        add_item(cart, variant, quantity=2)
    assert (refused.value.code, refused.value.message) == ("sold_out", "Only 2 left of these.")
    assert quantities(cart) == {variant.sku: 1}


@pytest.mark.parametrize("fields", [{"price": None}, {"is_offered": False}], ids=["no price", "not offered"])
def test_what_is_not_for_sale_stays_out(fields):
    variant = make_variant(units=1, **fields)
    with pytest.raises(Refusal) as refused:
        add_item(make_cart(), variant, quantity=1)
    assert refused.value.code == "not_for_sale"


def test_a_retired_product_stays_out():
    variant = make_variant(units=1)
    variant.product.status = "retired"
    variant.product.save()
    with pytest.raises(Refusal):
        add_item(make_cart(), variant, quantity=1)


def test_the_limit_per_order_holds():
    variant = make_variant(units=9, max_per_order=2)
    cart = make_cart((variant, 2))
    with pytest.raises(Refusal) as refused:
        add_item(cart, variant, quantity=1)
    assert (refused.value.code, refused.value.facts) == ("too_many", {"limit": 2})


def test_an_unpublished_or_foreign_plan_is_refused():
    variant, other = make_variant(units=1), make_variant(units=1)
    plan = RentalPlan.objects.create(variant=variant, months=12, monthly_price="10.00")
    foreign = RentalPlan.objects.create(variant=other, months=12, monthly_price="10.00", is_published=True)
    for refused_plan in (plan, foreign):
        with pytest.raises(Refusal) as refused:
            add_item(make_cart(), variant, quantity=1, rental_plan=refused_plan)
        assert refused.value.code == "plan_not_available"


def test_buying_and_renting_are_two_lines_on_one_pool():
    variant = make_variant(units=2)
    plan = RentalPlan.objects.create(variant=variant, months=12, monthly_price="10.00", is_published=True)
    cart = make_cart((variant, 1))
    add_item(cart, variant, quantity=1, rental_plan=plan)
    assert cart.items.count() == 2
    with pytest.raises(Conflict) as refused:
        add_item(cart, variant, quantity=1)
    assert refused.value.facts["available"] == 2


def test_setting_a_quantity_and_removing():
    variant = make_variant(units=3)
    cart = make_cart((variant, 1))
    item = cart.items.get()
    set_quantity(cart, item.code, quantity=3)
    with pytest.raises(Conflict):
        set_quantity(cart, item.code, quantity=4)
    assert quantities(cart) == {variant.sku: 3}
    set_quantity(cart, item.code, quantity=0)
    assert quantities(cart) == {}
    with pytest.raises(Refusal) as refused:
        set_quantity(cart, item.code, quantity=1)
    assert refused.value.code == "line_unknown"


def test_lowering_is_allowed_even_when_stock_has_gone():
    variant = make_variant(units=3)
    cart = make_cart((variant, 3))
    Unit.objects.update(state="repair")
    set_quantity(cart, cart.items.get().code, quantity=2)
    assert quantities(cart) == {variant.sku: 2}


def test_a_line_of_another_cart_is_unknown():
    variant = make_variant(units=3)
    mine, theirs = make_cart((variant, 1)), make_cart((variant, 1))
    with pytest.raises(Refusal) as refused:
        set_quantity(mine, theirs.items.get().code, quantity=3)
    assert refused.value.code == "line_unknown"
    assert quantities(theirs) == {variant.sku: 1}


@pytest.mark.parametrize(
    ("guest", "account", "stock", "merged", "notices"),
    [
        (2, 0, 5, 2, 0),
        (0, 3, 5, 3, 0),
        (2, 3, 5, 5, 0),
        (2, 3, 4, 4, 1),
        (2, 0, 1, 1, 1),
        (2, 0, 0, None, 1),
        (1, 3, 2, 3, 1),
    ],
)
def test_merging_adds_up_to_what_is_there(user, guest, account, stock, merged, notices):
    variant = make_variant(units=9)
    guest_cart, account_cart = make_cart(), make_cart(user=user)
    if guest:
        add_item(guest_cart, variant, quantity=guest)
    if account:
        add_item(account_cart, variant, quantity=account)
    keep = list(Unit.objects.values_list("pk", flat=True)[:stock])
    Unit.objects.exclude(pk__in=keep).update(state="repair")
    cart = merge_carts(guest_cart, user)
    assert quantities(cart) == ({} if merged is None else {variant.sku: merged})
    assert len(cart.notices) == notices
    again = merge_carts(guest_cart, user)
    assert quantities(again) == quantities(cart)


def test_merging_is_a_union_and_kills_the_guests_code(user):
    mine, theirs = make_variant(units=1), make_variant(units=1)
    guest_cart, code = open_cart(user=None, code=None)
    add_item(guest_cart, theirs, quantity=1)
    make_cart((mine, 1), user=user)
    cart = merge_carts(guest_cart, user)
    assert quantities(cart) == {mine.sku: 1, theirs.sku: 1}
    assert find_cart(user=None, code=code) is None
    guest_cart.refresh_from_db()
    assert guest_cart.state == "merged"


def test_an_ordered_cart_is_closed(user):
    variant = make_variant(units=1)
    cart = make_cart((variant, 1))
    Cart.objects.update(state="ordered")
    with pytest.raises(Conflict) as refused:
        add_item(cart, variant, quantity=1)
    assert refused.value.code == "cart_closed"


def test_a_cart_holds_fifty_different_things():
    cart = make_cart()
    first, *others = [make_variant(units=1) for _ in range(51)]
    for variant in others:
        add_item(cart, variant, quantity=1)
    with pytest.raises(Refusal) as refused:
        add_item(cart, first, quantity=1)
    assert refused.value.code == "cart_full"
    assert cart.items.count() == 50


def test_guests_carts_are_forgotten_after_30_idle_days(user):
    variant = make_variant()
    make_units(variant, quantity=2)
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        make_cart((variant, 1))
        make_cart((variant, 1), user=user)
        clock.shift(timedelta(days=30))
        assert forget_old_carts() == 0
        clock.shift(1)
        assert forget_old_carts() == 2  # the cart and its line
    assert Cart.objects.get().active_user == user


@pytest.mark.parametrize("other_lines", [0, 2])
def test_adding_costs_six_queries_however_full_the_cart(django_assert_num_queries, other_lines):
    variant = make_variant(units=3)
    cart = make_cart(*[(make_variant(units=1), 1) for _ in range(other_lines)])
    with django_assert_num_queries(6):  # two of them are the savepoint inside the test's own transaction
        add_item(cart, variant, quantity=1)
    with django_assert_num_queries(6):
        add_item(cart, variant, quantity=1)
