"""A cart becomes an order: whole, once, at the price the customer saw."""

from decimal import Decimal as D

import pytest

from carts.models import Cart, CartItem
from carts.tests.factories import make_cart, make_pickup, make_shipping_method, make_tax_rate
from catalog.models import Hold, RentalPlan, Unit, Variant
from catalog.tests.factories import make_brand, make_category, make_product, make_variant
from core.refusals import Conflict, Refusal
from notifications.models import Email
from orders.models import Allocation, Order
from orders.tests.factories import ADDRESS, make_order, place
from payments.models import Bill, Payment

pytestmark = pytest.mark.django_db


def nothing_was_ordered():
    return (
        not Order.objects.exists()
        and not Bill.objects.exists()
        and not Hold.objects.exists()
        and not Email.objects.exists()
        and not Unit.objects.filter(state="held").exists()
        and Cart.objects.get().state == "active"
    )


def test_an_order_is_a_snapshot_with_units_bill_and_letter():
    make_tax_rate("KH", "10")
    category = make_category(
        "laptops",
        spec_definitions=[{"key": "ram_gb", "label": "Memory", "unit": "GB"}],
        variant_axes=["ram_gb", "color"],
    )
    product = make_product("ThinkPad T14", category=category, brand=make_brand("Lenovo"))
    variant = make_variant(product, price="110.00", grade="A", options={"ram_gb": 16, "color": "Black"}, units=3)
    order = make_order((variant, 2), email="Dara@Example.COM ")
    line = order.lines.get()
    assert (line.name, line.grade, line.options) == ("Lenovo ThinkPad T14", "A", "16\xa0GB · Black")
    assert (line.quantity, line.unit_price, line.total, line.due_now, line.tax) == (
        2,
        D("110.00"),
        D("220.00"),
        D("220.00"),
        D("20.00"),
    )
    assert (order.goods_total, order.shipping_total, order.total) == (D("220.00"), D("2.50"), D("222.50"))
    assert (order.tax_total, order.shipping_tax, order.tax_rate) == (D("20.23"), D("0.23"), D(10))
    assert (order.state, order.email, order.shipping_address) == (
        "pending",
        "dara@example.com",
        {**ADDRESS, "line2": ""},
    )
    assert Unit.objects.filter(hold=order.hold, state="held").count() == 2
    assert Allocation.objects.filter(line=line, live_unit__isnull=False).count() == 2
    bill = Bill.objects.get(order_bill__order=order)
    assert (bill.amount, bill.state) == (D("222.50"), "open")
    assert bill.payments.get().method == "bank_transfer"
    letter = Email.objects.get()
    assert (letter.kind, letter.to) == ("order_placed", "dara@example.com")
    for part in (letter.text, letter.html):
        assert "$222.50" in part
        assert bill.code in part
        assert "ABA Bank 000 123 456" in part
    assert order.cart.state == "ordered"


def test_later_changes_leave_the_order_alone():
    variant = make_variant(price="100.00", units=1)
    order = make_order((variant, 1))
    Variant.objects.update(price="999.00", sku="NEW")
    order.refresh_from_db()
    assert order.lines.get().unit_price == D("100.00")
    assert order.lines.get().sku == variant.sku


def test_the_same_key_again_is_the_same_order():
    cart = make_cart((make_variant(units=1), 1))
    first = place(cart, placement_key="k1", expected_total=D("200"))
    again = place(cart, placement_key="k1", expected_total=D("200"))
    assert first == again
    assert (Order.objects.count(), Bill.objects.count(), Email.objects.count()) == (1, 1, 1)


def test_another_key_for_an_ordered_cart_is_refused():
    cart = make_cart((make_variant(units=2), 1))
    place(cart, placement_key="k1")
    with pytest.raises(Conflict) as refused:
        place(cart, placement_key="k2", expected_total=D("200"))
    assert refused.value.code == "cart_closed"
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_of_somebody_elses_order_gives_nothing_away():
    place(make_cart((make_variant(units=1), 1)), placement_key="k1")
    mine = make_cart((make_variant(units=1), 1))
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        place(mine, placement_key="k1")
    assert Order.objects.count() == 1


def test_a_higher_price_is_refused_with_both_figures():
    variant = make_variant(price="100.00", units=1)
    cart = make_cart((variant, 1))
    Variant.objects.update(price="105.00")
    with pytest.raises(Conflict) as refused:
        place(cart, expected_total=D("102.50"))
    assert refused.value.code == "price_changed"
    assert refused.value.facts == {"shown": D("102.50"), "now": D("107.50")}
    assert nothing_was_ordered()


def test_a_lower_price_is_passed_on():
    cart = make_cart((make_variant(price="100.00", units=1), 1))
    Variant.objects.update(price="90.00")
    order = place(cart, expected_total=D("102.50"))
    assert order.total == D("92.50")


def test_sold_out_names_the_thing_and_orders_nothing():
    plenty = make_variant(make_product("Latitude"), units=1)
    gone = make_variant(make_product("EliteBook"), units=1)
    cart = make_cart((plenty, 1), (gone, 1))
    Unit.objects.filter(variant=gone).update(state="sold")
    with pytest.raises(Conflict) as refused:
        place(cart)
    assert refused.value.code == "sold_out"
    assert refused.value.message == "Lenovo EliteBook is sold out."
    assert refused.value.facts == {"name": "Lenovo EliteBook", "variant": gone.pk, "available": 0}
    assert nothing_was_ordered()


def test_an_empty_cart_is_refused():
    with pytest.raises(Refusal) as refused:
        place(make_cart())
    assert refused.value.code == "cart_empty"


def test_something_no_longer_for_sale_is_refused():
    cart = make_cart((make_variant(units=1), 1))
    Variant.objects.update(is_offered=False)
    with pytest.raises(Refusal) as refused:
        place(cart)
    assert refused.value.code == "not_for_sale"
    assert nothing_was_ordered()


def test_rent_needs_a_verified_account(django_user_model):
    variant = make_variant(units=1)
    plan = RentalPlan.objects.create(variant=variant, months=12, monthly_price="10.00", is_published=True)
    for user in (None, django_user_model.objects.create_user("new@example.com")):
        cart = make_cart(user=user)
        CartItem.objects.create(cart=cart, variant=variant, rental_plan=plan, choice_key="r", quantity=1)
        with pytest.raises(Refusal) as refused:
            place(cart, by=user)
        assert refused.value.code == "account_required"
    assert not Order.objects.exists()


@pytest.mark.parametrize("missing", ["full_name", "line1", "city", "country"])
def test_an_incomplete_address_is_refused(missing):
    cart = make_cart((make_variant(units=1), 1))
    with pytest.raises(Refusal) as refused:
        place(cart, shipping_address={**ADDRESS, missing: "  "})
    assert (refused.value.code, refused.value.facts) == ("address_incomplete", {"missing": [missing]})
    assert nothing_was_ordered()


def test_a_courier_does_not_go_everywhere():
    cart = make_cart((make_variant(units=1), 1))
    with pytest.raises(Refusal) as refused:
        place(
            cart,
            shipping_method=make_shipping_method("local", countries=["KH"]),
            shipping_address={**ADDRESS, "country": "FR"},
        )
    assert refused.value.code == "shipping_not_available"


def test_cash_needs_a_courier_that_takes_it():
    cart = make_cart((make_variant(units=1), 1))
    no_cash = make_shipping_method("abroad", allows_cash_on_delivery=False)
    for method in ("cash_on_delivery", "pay_at_pickup", "card", "", "nonsense"):
        with pytest.raises(Refusal) as refused:
            place(cart, shipping_method=no_cash, payment_method=method)
        assert refused.value.code == "payment_method_not_available"
    assert nothing_was_ordered()


def test_bank_transfer_is_offered_only_when_the_shop_has_an_account(settings):
    settings.BANK_TRANSFER_INSTRUCTIONS = ""
    cart = make_cart((make_variant(units=1), 1))
    with pytest.raises(Refusal):
        place(cart)


def test_cash_on_delivery_confirms_at_once_and_keeps_the_units():
    order = make_order(payment_method="cash_on_delivery")
    order.refresh_from_db()
    assert (order.state, order.hold.expires_at) == ("confirmed", None)
    assert order.confirmed_at is not None
    assert Bill.objects.get().state == "open"
    assert Payment.objects.get().method == "cash_on_delivery"
    assert [letter.kind for letter in Email.objects.all()] == ["order_confirmed"]
    assert "you pay $102.50 when it arrives" in Email.objects.get().text


def test_picking_up_needs_only_a_name(settings):
    order = make_order(
        shipping_method=make_pickup(), payment_method="pay_at_pickup", shipping_address={"full_name": "Sok Dara"}
    )
    assert (order.state, order.is_pickup, order.shipping_total) == ("confirmed", True, D(0))
    assert settings.PICKUP_ADDRESS in Email.objects.get().text


def test_a_bank_transfer_holds_for_three_days():
    import datetime

    order = make_order()
    life = order.hold.expires_at - order.placed_at
    assert abs(life - datetime.timedelta(days=3)) < datetime.timedelta(seconds=5)


def test_hostile_text_is_kept_as_text():
    nasty = "<script>alert(1)</script> ភាសាខ្មែរ 🙂"
    order = make_order(shipping_address={**ADDRESS, "full_name": nasty}, note=nasty)
    order.refresh_from_db()
    assert order.shipping_address["full_name"] == nasty
    assert order.note == nasty
    assert "<script>" not in Email.objects.get().html


@pytest.mark.parametrize(("variants", "queries"), [(1, 25), (3, 27)])
def test_placing_costs_one_more_query_for_each_variant(django_assert_num_queries, variants, queries):
    make_tax_rate("KH", "10")
    cart = make_cart(*[(make_variant(units=2), 2) for _ in range(variants)])
    method = make_shipping_method()
    # Four of these are savepoints; one pair of them stands for the transaction itself, which a test counts.
    with django_assert_num_queries(queries):
        place(cart, shipping_method=method, expected_total=D("999999"))
