"""The audit of refunds names exactly what does not add up."""

from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_staff
from backoffice.auditing import run
from backoffice.auditing.refunds import CHECKS
from orders.models import RefundLine
from orders.tests.refunds import everything, paid_by_transfer, refund
from payments.models import Payment, Refund
from payments.refund_decisions import confirm_transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    order = paid_by_transfer("50.00", "20.00")
    (row,) = refund(order, pieces={order.lines.first().pk: 1})
    return confirm_transfer(row, by=make_staff(), reference="ABA 1")


def offences():
    return [(offence.rule, offence.code) for offence in run(CHECKS)]


def test_honest_refunds_offend_nobody(made):
    everything(made.lines.get().line.order)
    assert offences() == []


def test_a_share_that_is_missing_or_too_large(made):
    share = RefundLine.objects.get()
    RefundLine.objects.update(net=share.net - D("0.01"))
    assert offences() == [("refunds_name_their_lines", made.key)]
    RefundLine.objects.all().delete()
    assert offences() == [("refunds_name_their_lines", made.key)]


@pytest.mark.parametrize("column", ["net", "tax", "shipping", "quantity"])
def test_a_line_that_gives_back_more_than_was_paid(made, column):
    RefundLine.objects.update(**{column: 101})
    rules = {rule for rule, code in offences() if code == made.payment.bill.order_bill.order.code}
    assert rules == {"lines_give_back_what_was_paid"}


def test_a_withdrawn_refund_counts_no_more(made):
    RefundLine.objects.update(quantity=101)
    Refund.objects.update(state="withdrawn")
    assert offences() == []


def test_a_payment_that_gives_back_more_than_settled_its_bill(made):
    Payment.objects.update(applied_amount=D("49.99"))
    assert offences() == [("payments_give_back_what_they_have", made.payment.key)]


def test_riel_that_move_back_beyond_what_was_moved(made):
    Payment.objects.update(charge_amount=D(100_000), charge_currency="KHR", rate=D(4000))
    Refund.objects.update(charge_amount=D(100_100), charge_currency="KHR")
    assert offences() == [("payments_give_back_what_they_have", made.payment.key)]


@pytest.mark.parametrize("changes", [{"reference": None}, {"finished_by": None}])
def test_a_refund_by_hand_without_proof(made, changes):
    Refund.objects.update(**changes)
    assert offences() == [("hand_made_refunds_are_proved", made.key)]


def test_nobody_approves_their_own(made):
    staff = make_staff()
    Refund.objects.update(requested_by=staff, approved_by=staff)
    assert offences() == [("hand_made_refunds_are_proved", made.key)]


@pytest.mark.parametrize("orders", [1, 3])
def test_the_audit_asks_as_often_for_one_order_as_for_three(django_assert_num_queries, orders):
    for _ in range(orders):
        refund(paid_by_transfer("50.00", "20.00"), amount=D("5.00"))
    with django_assert_num_queries(8):
        run(CHECKS)
