"""Refunds of an order: by piece, by sum, whole; over several payments; and everything that is refused."""

from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_staff
from carts.models import TaxRate
from core.refusals import Conflict, Refusal
from notifications.models import Email
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.models import OrderBill, RefundLine
from orders.payment_approval import mark_paid
from orders.refund_parts import amount_left, money_left, parts_of
from orders.refund_shares import left
from orders.settlement import claim_for_order
from orders.signals import lines_refunded
from orders.tests.factories import make_order, make_paid_order
from orders.tests.refunds import everything, offences, paid_by_card, paid_by_transfer, refund
from payments.billing import open_bill
from payments.models import Payment, Refund
from payments.polling import poll_refunds
from payments.refund_decisions import approve_refund, confirm_transfer, withdraw_refund
from payments.settling import record_capture, settle

pytestmark = pytest.mark.django_db


def shares(refund_):
    return [
        (share.line.position, share.quantity, share.net + share.tax, share.shipping) for share in refund_.lines.all()
    ]


@pytest.fixture
def heard():
    """What the floors above are told of lines that go back."""
    calls = []

    def listen(sender, order, refund, lines, **kwargs):
        calls.append((order.code, refund.key, [line.line_id for line in lines]))

    lines_refunded.connect(listen)
    yield calls
    lines_refunded.disconnect(listen)


# --- What goes back -------------------------------------------------------------------------------------------------


def test_a_piece_of_a_line_goes_back_to_the_card(sandbox, heard):
    order = paid_by_card(sandbox, "50.00", "20.00")
    first = order.lines.first()
    (made,) = refund(order, pieces={first.pk: 1})
    assert (made.state, made.amount, made.by_hand) == ("done", D("50.00"), False)
    assert shares(made) == [(1, 1, D("50.00"), D("0.00"))]
    assert [back["amount"] for back in sandbox.control("GET", "things/refund")] == [5000]
    assert amount_left(order) == D("92.50")
    assert heard == [(order.code, made.key, [first.pk])]
    assert [event.kind for event in order.events.filter(kind__startswith="refund").order_by("pk")] == [
        "refund_asked_for",
        "refund_requested",
        "refund_done",
    ]
    assert offences() == []


def test_shipping_goes_back_with_the_pieces_when_asked():
    order = paid_by_transfer("50.00", "20.00")
    first, second = order.lines.all()
    (made,) = refund(order, pieces={second.pk: 2}, shipping=True)
    assert made.amount == D("42.50")
    assert shares(made) == [(1, 0, D(0), D("1.79")), (2, 2, D("40.00"), D("0.71"))]
    assert [part.quantity_left for part in parts_of(order)] == [2, 0]
    assert refund(order, pieces={first.pk: 2})[0].amount == D("100.00")
    assert amount_left(order) == 0
    assert offences() == []


def test_a_sum_is_spread_over_all_lines():
    order = paid_by_transfer("50.00", "20.00")
    (made,) = refund(order, amount=D("10.00"))
    assert shares(made) == [(1, 0, D("7.14"), D(0)), (2, 0, D("2.86"), D(0))]
    (again,) = refund(order, amount=D("132.50"), shipping=True)
    assert made.amount + again.amount == order.total
    assert sum(share.total for share in RefundLine.objects.all()) == order.total
    assert offences() == []


def test_a_sum_of_one_line_leaves_the_others_alone():
    order = paid_by_transfer("50.00", "20.00")
    first, second = order.lines.all()
    (made,) = refund(order, amount=D("7.05"), line=second.pk)
    assert shares(made) == [(2, 0, D("7.05"), D("0.00"))]
    with pytest.raises(Refusal) as refused:
        refund(order, amount=second.total, line=second.pk)
    assert refused.value.code == "too_much"
    with pytest.raises(Refusal) as refused:
        refund(order, amount=D("1.00"), line=first.pk + 999)
    assert refused.value.code == "line_unknown"
    assert Refund.objects.get() == made
    assert offences() == []


def test_everything_at_once_adds_up_to_the_order(sandbox):
    order = paid_by_card(sandbox, "33.33", "0.01", "7.77")
    (made,) = everything(order)
    assert made.amount == order.total
    totals = [(share.net + share.tax, share.shipping) for share in made.lines.all()]
    assert sum(goods for goods, _ in totals) == order.goods_total
    assert sum(shipping for _, shipping in totals) == order.shipping_total
    assert left(parts_of(order)) == money_left(order) == 0
    assert offences() == []


def test_tax_goes_back_as_it_was_paid(settings):
    TaxRate.objects.create(country="KH", percent=10)
    for include in (True, False):
        settings.PRICES_INCLUDE_TAX = include
        order = paid_by_transfer("33.33", "9.99")
        for amount in ("10.01", "0.01", "20.00", "7.77"):
            refund(order, amount=D(amount), shipping=True)
        everything(order)
        rows = RefundLine.objects.filter(line__order=order)
        assert sum(share.tax for share in rows) == order.tax_total - order.shipping_tax
        assert sum(share.total for share in rows) == order.total
    assert offences() == []


def test_the_newest_payment_gives_back_first(sandbox):
    order = paid_by_card(sandbox, "50.00")
    bill = open_bill(amount=D("30.00"), currency="USD", payer=None, payer_email=order.email, due_at=None)
    OrderBill.objects.create(order=order, bill=bill, reason="changed")
    extra = bill.payments.create(
        key=f"{bill.code}:1", provider="manual", method="bank_transfer", amount=D("30.00"), currency="USD"
    )
    settle(record_capture(extra, amount=D("30.00"), reference="ABA 77", by=None), by=None)
    order.lines.update(due_now=D("130.00"))
    order.total, order.goods_total = D("132.50"), D("130.00")
    order.save()
    newest, oldest = refund(order, amount=D("50.00"))
    assert (newest.payment, newest.amount, newest.state) == (extra, D("30.00"), "by_hand")
    assert (oldest.amount, oldest.state) == (D("20.00"), "done")
    assert sum(share.total for share in newest.lines.all()) == D("30.00")
    assert amount_left(order) == D("82.50")
    with pytest.raises(Refusal, match="At most"):
        refund(order, amount=D("82.51"), shipping=True)
    everything(order)
    assert {payment.pk: sum(r.amount for r in payment.refunds.all()) for payment in Payment.objects.all()} == {
        extra.pk: D("30.00"),
        oldest.payment_id: D("102.50"),
    }
    assert offences() == []


def test_the_first_instalment_of_a_rented_line_goes_back_and_no_more():
    order = paid_by_transfer("50.00")
    order.lines.update(rental_months=6, monthly_price=D("50.00"), total=D("600.00"), due_now=D("100.00"))
    (made,) = everything(order)
    assert made.amount == D("102.50")


# --- Refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"amount": D(0)}, "amount_impossible"),
        ({"amount": D("-5")}, "amount_impossible"),
        ({"amount": D("0.001")}, "amount_impossible"),
        ({"amount": D("NaN")}, "amount_impossible"),
        ({"amount": D("100.01")}, "too_much"),
        ({"amount": D("102.51"), "shipping": True}, "too_much"),
        ({"pieces": {10**6: 1}}, "line_unknown"),
        ({"pieces": {}}, "nothing_to_refund"),
        ({}, "nothing_to_refund"),
        ({"amount": D("1.00"), "reason": "  "}, "reason_missing"),
    ],
)
def test_refunds_that_make_no_sense_are_refused_and_change_nothing(told, code):
    order = paid_by_transfer("50.00")
    with pytest.raises(Refusal) as refused:
        refund(order, **told)
    assert refused.value.code == code
    assert (Refund.objects.count(), RefundLine.objects.count()) == (0, 0)
    assert amount_left(order) == D("102.50")


@pytest.mark.parametrize(("count", "code"), [(3, "too_many"), (-1, "amount_impossible"), (0, "nothing_to_refund")])
def test_no_more_pieces_go_back_than_were_bought(count, code):
    order = paid_by_transfer("50.00")
    with pytest.raises(Refusal) as refused:
        refund(order, pieces={order.lines.get().pk: count})
    assert refused.value.code == code
    assert Refund.objects.count() == 0


def test_a_line_of_another_order_is_refused():
    order, other = paid_by_transfer("50.00"), paid_by_transfer("50.00")
    with pytest.raises(Refusal) as refused:
        refund(order, pieces={other.lines.get().pk: 1})
    assert refused.value.code == "line_unknown"


def test_an_unpaid_order_has_nothing_to_refund():
    order = make_order()
    with pytest.raises(Refusal) as refused:
        refund(order, amount=D("1.00"))
    assert refused.value.code == "not_refundable"
    cash = make_order(payment_method="cash_on_delivery")
    with pytest.raises(Refusal) as refused:
        refund(cash, amount=D("1.00"))
    assert refused.value.code == "not_refundable"
    assert Refund.objects.count() == 0


def test_a_part_that_came_for_an_open_bill_goes_back_by_cancelling():
    order = make_order()
    mark_paid(order, by=None, amount=D("30.00"), reference="ABA 1")
    with pytest.raises(Refusal) as refused:
        refund(order, amount=D("30.00"))
    assert refused.value.code == "bill_open"
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    assert Refund.objects.get().amount == D("30.00")
    assert offences() == []


def test_who_looked_before_somebody_else_refunded_must_look_again():
    order = paid_by_transfer("50.00")
    refund(order, amount=D("40.00"))
    with pytest.raises(Conflict) as refused:
        refund(order, amount=D("62.50"), shipping=True, expected_remaining=D("102.50"))
    assert (refused.value.code, refused.value.facts) == (
        "remaining_changed",
        {"shown": D("102.50"), "remaining": D("62.50")},
    )
    assert "$62.50 can still be refunded, you saw $102.50" in refused.value.message
    assert Refund.objects.count() == 1


def test_goods_that_have_not_left_are_kept_by_cancelling():
    order = make_paid_order()
    with pytest.raises(Refusal) as refused:
        everything(order)
    assert refused.value.code == "cancel_instead"
    assert Refund.objects.count() == 0
    (made,) = refund(order, amount=D("10.00"), reason="came later than promised")
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    rest = Refund.objects.exclude(pk=made.pk).get()
    assert (made.amount, rest.amount) == (D("10.00"), D("92.50"))
    assert "We give you back $92.50" in Email.objects.get(kind="order_cancelled").text
    assert offences() == []


# --- A second person, and money by hand -----------------------------------------------------------------------------


def test_above_the_limit_a_second_person_decides(sandbox, settings, heard):
    settings.REFUND_APPROVAL_ABOVE = D("60.00")
    asker, other = make_staff(), make_staff()
    order = paid_by_card(sandbox, "50.00")
    (made,) = refund(order, by=asker, amount=D("60.01"))
    assert made.state == "proposed"
    assert (sandbox.control("GET", "things/refund"), heard) == ([], [])
    assert not Email.objects.filter(kind="refund_started").exists()
    assert amount_left(order) == D("42.49")
    with pytest.raises(Refusal) as refused:
        approve_refund(made, by=asker)
    assert refused.value.code == "own_refund"
    made = approve_refund(made, by=other)
    assert (made.state, made.requested_by, made.approved_by) == ("requested", asker, other)
    assert len(heard) == 1
    assert poll_refunds() == 1
    made.refresh_from_db()
    assert made.state == "done"
    with pytest.raises(Conflict):
        approve_refund(made, by=other)
    assert offences() == []


def test_no_sum_is_split_below_the_limit(settings):
    settings.REFUND_APPROVAL_ABOVE = D("60.00")
    staff = make_staff()
    order = paid_by_transfer("50.00")
    assert refund(order, by=staff, amount=D("40.00"))[0].state == "by_hand"
    assert refund(order, by=staff, amount=D("20.00"))[0].state == "by_hand"
    assert refund(order, by=make_staff(), amount=D("0.01"))[0].state == "proposed"


def test_what_is_withdrawn_can_be_refunded_anew(settings):
    settings.REFUND_APPROVAL_ABOVE = D(0)
    order = paid_by_transfer("50.00")
    (made,) = refund(order, by=make_staff(), pieces={order.lines.get().pk: 2})
    with pytest.raises(Refusal):
        withdraw_refund(made, by=make_staff(), reason=" ")
    assert withdraw_refund(made, by=make_staff(), reason="the hinge is fine").state == "withdrawn"
    assert amount_left(order) == D("102.50")
    assert parts_of(order)[0].quantity_left == 2
    assert everything(order)[0].amount == D("102.50")
    assert offences() == []


def test_a_transfer_goes_back_by_hand_with_a_reference_of_its_own():
    staff = make_staff()
    (made,) = everything(paid_by_transfer("50.00"))
    (other,) = everything(paid_by_transfer("50.00"))
    for reference in ("", "  "):
        with pytest.raises(Refusal) as refused:
            confirm_transfer(made, by=staff, reference=reference)
        assert refused.value.code == "reference_missing"
    made = confirm_transfer(made, by=staff, reference=" ABA  81-4402 ")
    assert (made.state, made.reference, made.finished_by) == ("done", "ABA 81-4402", staff)
    assert made.finished_at is not None
    with pytest.raises(Refusal) as refused:
        confirm_transfer(other, by=staff, reference="aba 81-4402")
    assert refused.value.code == "reference_used"
    with pytest.raises(Conflict):
        confirm_transfer(made, by=staff, reference="ABA 81-4403")
    assert offences() == []


def test_cancelling_by_hand_above_the_limit_waits_for_a_second_person(settings):
    settings.REFUND_APPROVAL_ABOVE = D("100.00")
    staff = make_staff()
    cancel_order(make_paid_order(), by=staff, reason=CancelReason.STAFF)
    assert Refund.objects.get().state == "proposed"
    with pytest.raises(Refusal, match="somebody else"):
        approve_refund(Refund.objects.get(), by=staff)
    assert approve_refund(Refund.objects.get(), by=make_staff()).state == "by_hand"


def test_late_money_does_not_revive_an_order_whose_first_part_goes_back():
    order = make_order()
    mark_paid(order, by=None, amount=D("30.00"), reference="ABA 1")
    cancel_order(order, by=None, reason=CancelReason.EXPIRED)
    bill = order.order_bills.get().bill
    bill.refresh_from_db()
    claim = claim_for_order(bill, None, D("72.50"))
    assert (claim.applied, claim.surplus) == (0, D("72.50"))
    order.refresh_from_db()
    assert order.state == "cancelled"
