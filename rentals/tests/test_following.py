"""From the cart to the customer's door: agreements follow their order, and money waits for the signature."""

from decimal import Decimal as D

import pytest
import time_machine

from accounts.tests.factories import make_user
from carts.models import CartItem
from carts.tests.factories import make_cart
from catalog.models import RentalPlan, Unit
from catalog.tests.factories import make_units, make_variant
from core.refusals import Conflict, Refusal
from orders import checkout
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.fulfilment import confirm_delivery, dispatch, return_refused_shipment
from orders.models import Order
from orders.payment_approval import mark_paid
from orders.tests.factories import place
from payments.billing import start_payment
from payments.models import Bill, Break, Payment
from rentals.models import Agreement, LedgerEntry
from rentals.signing import sign_agreement

pytestmark = pytest.mark.django_db
HASH = "a" * 64


@pytest.fixture(autouse=True)
def _rent_by_transfer(monkeypatch):
    """Rent is paid by card or KHQR; here a bank transfer stands for them."""
    monkeypatch.setattr(checkout, "payment_methods_for", lambda method, *, has_rent: ["bank_transfer"])


def place_rented(*, quantity=1, bought=False):
    """Return a placed order of `quantity` rented laptops, 12 × 65.00, and perhaps one bought."""
    user = make_user()
    variant = make_variant(price="600.00")
    make_units(variant, serials=[f"PF-{number}" for number in range(quantity)])
    plan = RentalPlan.objects.create(variant=variant, months=12, monthly_price=D("65.00"), is_published=True)
    cart = make_cart(*([(make_variant(price="100.00", units=1), 1)] if bought else []), user=user)
    CartItem.objects.create(cart=cart, variant=variant, rental_plan=plan, choice_key="r", quantity=quantity)
    return place(cart, by=user)


def sign_all(order):
    for agreement in Agreement.objects.filter(line__order=order).order_by("pk"):
        sign(agreement, by=order.user)


def sign(agreement, *, by, **changes):
    facts = {"name": "Sok Dara", "ip": "192.0.2.1", "user_agent": "test", "text_version": "1", "contract_sha256": HASH}
    return sign_agreement(agreement, by=by, **{**facts, **changes})


def pay(order):
    bill = Bill.objects.get(order_bill__order=order)
    start_payment(bill, method=Payment.Method.BANK_TRANSFER, by=order.user)
    return mark_paid(order, by=None, amount=bill.amount, reference=f"bank {order.code}")


def test_placing_drafts_one_agreement_a_machine_and_withholds_the_bill():
    order = place_rented(quantity=2, bought=True)
    bill = Bill.objects.get(order_bill__order=order)
    assert [row.state for row in Agreement.objects.all()] == ["draft", "draft"]
    assert (bill.state, bill.withheld_reason) == ("withheld", "signature_required")
    assert not Payment.objects.filter(live_bill=bill).exists()
    with pytest.raises(Refusal) as refused:
        start_payment(bill, method=Payment.Method.BANK_TRANSFER, by=order.user)
    assert refused.value.code == "bill_withheld"


def test_the_last_signature_opens_the_bill():
    order = place_rented(quantity=2)
    first, second = Agreement.objects.order_by("pk")
    sign(first, by=order.user)
    assert Bill.objects.get().state == "withheld"
    signed = sign(second, by=order.user)
    assert Bill.objects.get().state == "open"
    assert (signed.state, signed.signed_name, signed.contract_sha256) == ("pending_payment", "Sok Dara", HASH)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, "name_needed"),
        ({"contract_sha256": ""}, "contract_missing"),
        ({"contract_sha256": "A" * 64}, "contract_missing"),
    ],
)
def test_what_is_no_signature_changes_nothing(changes, code):
    order = place_rented()
    with pytest.raises(Refusal) as refused:
        sign(Agreement.objects.get(), by=order.user, **changes)
    assert refused.value.code == code
    agreement = Agreement.objects.get()
    assert (agreement.state, agreement.signed_at, Bill.objects.get().state) == ("draft", None, "withheld")


def test_nobody_signs_for_another_or_twice():
    order = place_rented()
    agreement = Agreement.objects.get()
    for stranger in (make_user(), None):
        with pytest.raises(Refusal) as refused:
            sign(agreement, by=stranger)
        assert refused.value.code == "not_your_agreement"
    sign(agreement, by=order.user)
    with pytest.raises(Conflict) as refused:
        sign(agreement, by=order.user, name="Somebody Else")
    assert refused.value.code == "wrong_state"
    assert Agreement.objects.get().signed_name == "Sok Dara"


def test_paid_sent_and_delivered():
    order = place_rented()
    sign_all(order)
    pay(order)
    agreement = Agreement.objects.get()
    assert (agreement.state, agreement.entries.get(seq=1).amount) == ("confirmed", D("65.00"))
    assert agreement.entries.get(seq=1).payment == Payment.objects.get(applied_amount__gt=0).key
    line = order.lines.get()
    shipment = dispatch(Order.objects.get(), by=None, serials={line.pk: ["PF-0"]})
    agreement.refresh_from_db()
    unit = Unit.objects.get()
    assert (agreement.state, agreement.unit, agreement.live_unit, unit.state) == ("shipped", unit, unit, "on_rent")
    # 23:30 UTC on the 20th is the 21st in Phnom Penh.
    with time_machine.travel("2027-01-20T23:30:00Z", tick=False):
        confirm_delivery(shipment, by=None)
    agreement.refresh_from_db()
    assert (agreement.state, str(agreement.delivered_on)) == ("active", "2027-01-21")
    assert [str(row.due_on) for row in agreement.instalments.all()][:2] == ["2027-01-21", "2027-02-21"]


def test_a_cancelled_order_takes_its_agreements_along():
    order = place_rented()
    sign_all(order)
    pay(order)
    cancel_order(order, by=order.user, reason=CancelReason.CUSTOMER)
    agreement = Agreement.objects.get()
    assert agreement.state == "cancelled"
    assert agreement.entries.get(kind="refund_due").amount == D("65.00")


def test_an_unpaid_order_takes_its_agreements_along():
    order = place_rented()
    cancel_order(order, by=None, reason=CancelReason.EXPIRED)
    assert (Agreement.objects.get().state, Bill.objects.get().state) == ("expired", "void")


def test_a_refused_parcel_ends_its_agreement():
    order = place_rented()
    sign_all(order)
    pay(order)
    shipment = dispatch(Order.objects.get(), by=None, serials={order.lines.get().pk: ["PF-0"]})
    return_refused_shipment(shipment, by=None, reason="nobody there")
    agreement = Agreement.objects.get()
    assert (agreement.state, agreement.live_unit, Unit.objects.get().state) == ("cancelled", None, "returned")


def test_a_mixed_order_sells_one_machine_and_rents_the_other():
    order = place_rented(bought=True)
    sign_all(order)
    pay(order)
    rented = order.lines.get(rental_months=12)
    dispatch(Order.objects.get(), by=None, serials={rented.pk: ["PF-0"]})
    assert dict(Unit.objects.values_list("variant__price", "state")) == {D("600.00"): "on_rent", D("100.00"): "sold"}


def test_late_money_revives_a_signed_agreement_with_its_order():
    order = place_rented()
    sign_all(order)
    start_payment(Bill.objects.get(), method=Payment.Method.BANK_TRANSFER, by=order.user)
    cancel_order(order, by=None, reason=CancelReason.EXPIRED)
    mark_paid(order, by=None, amount=Bill.objects.get().amount, reference="late")
    agreement = Agreement.objects.get()
    assert (agreement.state, Order.objects.get().state) == ("confirmed", "confirmed")
    assert [event.kind for event in agreement.events.all()][-2:] == ["expired", "confirmed"]


@pytest.mark.parametrize("expired", [True, False])
def test_money_for_an_unsigned_order_is_kept_on_a_list(expired):
    order = place_rented()
    if expired:
        cancel_order(order, by=None, reason=CancelReason.EXPIRED)
    mark_paid(order, by=None, amount=Bill.objects.get().amount, reference="early")
    difference = Break.objects.get()
    assert (difference.amount, difference.resolved_at) == (Bill.objects.get().amount, None)
    assert Agreement.objects.get().state == ("expired" if expired else "draft")
    assert not LedgerEntry.objects.filter(kind="received").exists()
    assert Order.objects.get().state == ("cancelled" if expired else "pending")
