"""Orders are called off while they can be; what was held and paid comes back."""

import pytest

from catalog.models import Unit
from catalog.tests.factories import make_variant
from core.refusals import Conflict
from notifications.models import Email
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.fulfilment import dispatch, start_packing
from orders.models import Allocation
from orders.tests.factories import make_order, make_paid_order
from payments.models import Bill, Payment, Refund

pytestmark = pytest.mark.django_db


def test_a_pending_order_gives_its_units_back():
    order = make_order((make_variant(units=2), 2))
    cancel_order(order, by=None, reason=CancelReason.CUSTOMER)
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "customer")
    assert Unit.objects.filter(state="available", hold=None).count() == 2
    assert Allocation.objects.filter(live_unit=None, released_at__isnull=False).count() == 2
    assert (Bill.objects.get().state, Payment.objects.get().state) == ("void", "closed")
    assert "You owe us nothing." in Email.objects.get(kind="order_cancelled").text


def test_cancelling_twice_changes_nothing():
    order = make_order()
    cancel_order(order, by=None, reason=CancelReason.CUSTOMER)
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    order.refresh_from_db()
    assert order.cancel_reason == "customer"
    assert Email.objects.filter(kind="order_cancelled").count() == 1


def test_money_of_a_paid_order_goes_back():
    order = make_paid_order()
    cancel_order(order, by=None, reason=CancelReason.CUSTOMER)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount) == ("by_hand", order.total)
    assert sum(share.total for share in refund.lines.all()) == order.total
    assert Bill.objects.get().state == "settled"
    assert "We give you back $102.50" in Email.objects.get(kind="order_cancelled").text


def test_a_customer_cannot_cancel_what_is_being_packed_but_staff_can():
    order = make_paid_order()
    start_packing([order], by=None)
    with pytest.raises(Conflict) as refused:
        cancel_order(order, by=None, reason=CancelReason.CUSTOMER)
    assert refused.value.code == "too_late_to_cancel"
    order.refresh_from_db()
    assert order.state == "packing"
    cancel_order(order, by=None, reason=CancelReason.STAFF, note="cannot be found")
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert order.events.get(kind="cancelled").reason == "cannot be found"


def test_what_has_left_cannot_be_cancelled():
    order = make_paid_order()
    dispatch(order, by=None, serials={})
    for reason in (CancelReason.CUSTOMER, CancelReason.STAFF):
        with pytest.raises(Conflict):
            cancel_order(order, by=None, reason=reason)
    order.refresh_from_db()
    assert order.state == "shipped"
    assert Unit.objects.get().state == "sold"
