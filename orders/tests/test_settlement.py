"""Money for orders: in full, in part, too much, too late."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
import time_machine

from catalog.holding import hold_units
from catalog.models import Unit
from catalog.tests.factories import make_variant
from core.refusals import Conflict, Refusal
from notifications.models import Email
from orders.expiry import expire_unpaid_orders
from orders.models import Allocation, Order
from orders.payment_approval import mark_paid
from orders.tests.factories import make_order
from payments.models import Bill, Break, Payment
from payments.settling import record_capture

pytestmark = pytest.mark.django_db


def pay(order, amount=None, reference="ABA-1"):
    return mark_paid(order, by=None, amount=order.total if amount is None else D(amount), reference=reference)


def test_the_whole_sum_confirms_the_order():
    order = pay(make_order())
    assert (order.state, order.hold.expires_at) == ("confirmed", None)
    assert Bill.objects.get().state == "settled"
    assert Email.objects.filter(kind="order_confirmed").count() == 1
    assert "we have your payment" in Email.objects.get(kind="order_confirmed").text
    assert not Break.objects.exists()


def test_a_part_waits_for_the_rest():
    order = make_order()
    pay(order, "100.00")
    order.refresh_from_db()
    assert order.state == "pending"
    assert Bill.objects.get().state == "open"
    order = pay(order, "2.50", reference="ABA-2")
    assert order.state == "confirmed"
    assert [payment.key.split(":")[1] for payment in Payment.objects.order_by("pk")] == ["1", "2"]
    assert Bill.objects.get().state == "settled"


def test_too_much_is_listed():
    order = pay(make_order(), "110.00")
    assert order.state == "confirmed"
    difference = Break.objects.get()
    assert (difference.kind, difference.amount) == ("surplus", D("7.50"))
    assert order.code in difference.reason


def test_pressing_twice_counts_once():
    order = make_order()
    pay(order)
    with pytest.raises(Conflict) as refused:
        pay(order, reference="ABA-2")
    assert refused.value.code == "nothing_to_pay"
    pay(order)
    assert Payment.objects.get().captured_amount == order.total


@pytest.mark.parametrize("reference", ["", "   "])
def test_a_payment_needs_a_reference(reference):
    order = make_order()
    with pytest.raises(Refusal) as refused:
        pay(order, reference=reference)
    assert refused.value.code == "reference_missing"
    assert Payment.objects.get().state == "pending"


@pytest.mark.parametrize("amount", ["0", "-5", "1.001"])
def test_impossible_amounts_change_nothing(amount):
    order = make_order()
    with pytest.raises(Refusal):
        pay(order, amount)
    assert Payment.objects.get().state == "pending"
    assert Order.objects.get().state == "pending"


def test_an_unpaid_order_expires_after_three_days():
    variant = make_variant(units=1)
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        order = make_order((variant, 1))
        clock.shift(timedelta(days=3) - timedelta(seconds=1))
        assert expire_unpaid_orders() == 0
        clock.shift(1)
        assert expire_unpaid_orders() == 1
        assert expire_unpaid_orders() == 0
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "expired")
    assert Unit.objects.get().state == "available"
    assert Allocation.objects.get().live_unit is None
    assert Bill.objects.get().state == "void"
    assert Payment.objects.get().state == "closed"
    assert Email.objects.filter(kind="order_cancelled").count() == 1


def test_money_on_record_keeps_an_order_from_expiring():
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        order = make_order()
        record_capture(Payment.objects.get(), amount=order.total, reference="ABA-1", by=None)
        clock.shift(timedelta(days=4))
        assert expire_unpaid_orders() == 0
    order.refresh_from_db()
    assert order.state == "pending"


@pytest.fixture
def expired_order():
    variant = make_variant(units=2)
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        order = make_order((variant, 2))
        clock.shift(timedelta(days=4))
        expire_unpaid_orders()
        yield order


def test_late_money_revives_an_expired_order_whole(expired_order):
    order = pay(expired_order)
    assert (order.state, order.cancel_reason, order.hold.expires_at) == ("confirmed", "", None)
    assert Unit.objects.filter(hold=order.hold, state="held").count() == 2
    assert Allocation.objects.filter(live_unit__isnull=False).count() == 2
    assert Bill.objects.get().state == "settled"
    assert Payment.objects.get().applied_amount == order.total
    assert not Break.objects.exists()


def test_late_money_for_sold_goods_is_listed_and_nothing_is_half_held(expired_order):
    variant = expired_order.lines.get().variant
    hold_units({variant.pk: 1}, expires_at=None, by=None, reason="somebody else")
    order = pay(expired_order)
    assert order.state == "cancelled"
    assert Unit.objects.filter(state="available").count() == 1
    difference = Break.objects.get()
    assert (difference.kind, difference.amount) == ("surplus", order.total)
    assert "its goods are gone" in difference.reason
    assert Bill.objects.get().state == "void"


def test_part_of_the_money_too_late_revives_nothing(expired_order):
    order = pay(expired_order, "50.00")
    assert order.state == "cancelled"
    assert Break.objects.get().amount == D("50.00")
    assert Unit.objects.filter(state="available").count() == 2
