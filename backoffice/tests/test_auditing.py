"""The audits: silent over an honest shop, and exact about what is wrong."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from backoffice.auditing import money, run, stock
from catalog.models import Hold, Unit, UnitEvent
from catalog.receiving import receive_units
from catalog.tests.factories import make_variant
from core import clock
from notifications.delivery import deliver_due
from notifications.models import Email
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.models import Allocation, Order, OrderLine
from orders.tests.factories import make_delivered_order, make_order, make_paid_order
from payments.models import Bill, Break, Payment, ProviderEvent

pytestmark = pytest.mark.django_db


def offences(audit):
    return [(offence.rule, offence.code, offence.words) for offence in run(audit.CHECKS)]


@pytest.fixture
def orders():
    """One order of every kind: unpaid, paid, delivered, at the door, cancelled before and after the money came."""
    receive_units(make_variant(sku="SPARE"), by=None, serials=["SPARE-1"])
    made = {
        "pending": make_order(),
        "paid": make_paid_order(),
        "delivered": make_delivered_order(),
        "door": make_order(payment_method="cash_on_delivery"),
        "cancelled": make_order(),
        "given back": make_paid_order(),
    }
    for name in ("cancelled", "given back"):
        cancel_order(made[name], by=None, reason=CancelReason.STAFF)
    deliver_due()
    return made


def test_an_honest_shop_has_no_offences(orders, capsys):
    assert offences(stock) == []
    assert offences(money) == []
    call_command("audit_stock")
    call_command("audit_money")
    assert capsys.readouterr().out == "Audit of stock: 6 checks, 0 offences.\nAudit of money: 11 checks, 0 offences.\n"


def test_an_offence_is_printed_and_ends_with_1(orders, capsys):
    Unit.objects.filter(serial="SPARE-1").update(state="lost")
    with pytest.raises(SystemExit) as ended:
        call_command("audit_stock")
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        "states_follow_the_ledger: SPARE-1 is lost, its ledger says intake",
        "Audit of stock: 6 checks, 1 offences.",
    ]


def test_a_unit_without_a_ledger(orders):
    UnitEvent.objects.filter(unit__serial="SPARE-1").delete()
    assert offences(stock) == [("states_follow_the_ledger", "SPARE-1", "is intake, its ledger says None")]


def test_a_unit_promised_twice(orders):
    first = Allocation.objects.get(line__order=orders["paid"])
    second = Allocation.objects.get(line__order=orders["door"])
    Allocation.objects.filter(pk=second.pk).update(unit=first.unit)
    assert ("nobody_is_promised_the_same_unit", str(first.unit), "is promised to 2 lines") in offences(stock)


def test_a_promised_unit_on_the_shelf(orders):
    unit = Allocation.objects.get(line__order=orders["paid"]).unit
    Unit.objects.filter(pk=unit.pk).update(state="available", hold=None)
    assert ("promised_units_are_off_the_shelf", str(unit), f"is available and promised to order {orders['paid']}") in (
        offences(stock)
    )


def test_a_held_unit_that_nobody_waits_for(orders):
    hold = orders["paid"].hold
    Unit.objects.filter(serial="SPARE-1").update(state="held", hold=hold)
    assert ("promised_units_are_off_the_shelf", "SPARE-1", "is held and promised to nobody") in offences(stock)


def test_an_order_without_its_unit_and_a_cancelled_one_with(orders):
    allocation = Allocation.objects.get(line__order=orders["paid"])
    Allocation.objects.filter(pk=allocation.pk).update(released_at=clock.now())
    Allocation.objects.filter(line__order=orders["cancelled"]).update(released_at=None)
    found = [offence for offence in offences(stock) if offence[0] == "orders_have_their_units"]
    assert [(code, words) for _, code, words in found] == [
        (orders["paid"].code, "line 1 promises 1 and has 0"),
        (orders["cancelled"].code, "is cancelled, and line 1 keeps 1"),
    ]


def test_a_hold_that_nobody_released(orders):
    ended = clock.now() - timedelta(minutes=2)
    Hold.objects.filter(pk=orders["pending"].hold_id).update(expires_at=ended)
    code = orders["pending"].hold.code
    assert offences(stock) == [("holds_end_in_time", code, f"ran out at {ended:%Y-%m-%d %H:%M} UTC")]


def test_sums_that_do_not_add_up(orders):
    order = orders["paid"]
    OrderLine.objects.filter(order=order).update(due_now=Decimal("1.00"))
    Bill.objects.filter(order_bill__order=order).update(amount=order.total + 1)
    assert {(rule, code) for rule, code, _ in offences(money)} == {
        ("orders_add_up", order.code),
        ("bills_ask_for_what_was_ordered", order.code),
        ("bills_are_paid_by_payments", order.order_bills.get().bill.code),
    }


def test_an_open_bill_that_is_paid_and_an_order_that_left_unpaid(orders):
    order = orders["delivered"]
    bill = order.order_bills.get().bill
    Bill.objects.filter(pk=bill.pk).update(state="open")
    assert offences(money) == [
        ("bills_are_paid_by_payments", bill.code, "is open although it is paid"),
        ("nothing_leaves_unpaid", order.code, "is delivered and not paid"),
    ]


def test_money_without_a_purpose(orders):
    payment = Payment.objects.get(bill__order_bill__order=orders["paid"])
    long_ago = clock.now() - timedelta(minutes=2)
    Payment.objects.filter(pk=payment.pk).update(claimed_at=None, captured_at=long_ago)
    assert ("money_finds_its_purpose", payment.key, f"{payment.captured_amount} wait for a purpose") in offences(money)
    Payment.objects.filter(pk=payment.pk).update(claimed_at=long_ago, captured_amount=payment.captured_amount + 5)
    found = offences(money)
    assert [(rule, code) for rule, code, _ in found] == [("money_finds_its_purpose", payment.key)]
    Break.objects.create(
        payment=payment, kind="surplus", amount=5, currency="USD", reason="too much", due_at=clock.now()
    )
    assert offences(money) == []


def test_a_letter_that_lies_about(orders):
    letter = Email.objects.order_by("pk").first()
    Email.objects.filter(pk=letter.pk).update(state="queued", tries=0, due_at=clock.now() - timedelta(minutes=2))
    assert [(rule, code) for rule, code, _ in offences(money)] == [("letters_leave_in_time", f"letter {letter.pk}")]


def test_audits_read_a_fixed_number_of_times(orders, django_assert_num_queries):
    with django_assert_num_queries(9):
        offences(stock)
    with django_assert_num_queries(15):
        offences(money)


def test_nothing_is_written(orders):
    before = [list(model.objects.order_by("pk").values()) for model in (Order, Bill, Payment, Unit, Allocation)]
    offences(stock)
    offences(money)
    assert [list(model.objects.order_by("pk").values()) for model in (Order, Bill, Payment, Unit, Allocation)] == before


def test_too_much_on_its_way_back_is_found():
    payment = make_paid_order().order_bills.get().bill.payments.get()
    facts = {"currency": "USD", "charge_currency": "USD", "reason": "test"}
    for number, amount in enumerate((payment.captured_amount, 1), start=1):
        payment.refunds.create(key=f"{payment.key}:r{number}", amount=amount, charge_amount=amount, **facts)
    assert [offence.rule for offence in run(money.CHECKS)] == ["refunds_stay_within_captures"]
    payment.refunds.filter(amount=1).update(state="failed")
    assert run(money.CHECKS) == []


def test_a_payment_that_nobody_asks_about_is_found():
    payment = make_order().order_bills.get().bill.payments.get()
    now = clock.now()
    for asked, to_ask, found in [
        (None, None, []),
        (now, now, []),
        (now, None, ["open_questions_are_asked"]),
        (now, now - timedelta(minutes=6), ["open_questions_are_asked"]),
    ]:
        Payment.objects.filter(pk=payment.pk).update(asked_at=asked, next_poll_at=to_ask)
        assert [offence.rule for offence in run(money.CHECKS)] == found


def test_a_message_of_a_provider_that_lies_forgotten_is_found():
    event = ProviderEvent.objects.create(provider="stripe", event_id="evt_1", kind="refund.updated", body={})
    assert run(money.CHECKS) == []
    ProviderEvent.objects.update(next_try_at=clock.now() - timedelta(minutes=6))
    assert [offence.code for offence in run(money.CHECKS)] == [event.event_id]
    ProviderEvent.objects.update(processed_at=clock.now())
    assert run(money.CHECKS) == []
