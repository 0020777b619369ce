"""Letters about payments that did not work and money that does not fit: to whom, how often, with which advice."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.utils import timezone

from accounts.tests.factories import make_user
from catalog.models import Hold
from notifications.models import Email
from orders.cancellation import cancel_order
from orders.expiry import expire_unpaid_orders
from orders.flow import CancelReason
from orders.paying_online import check_payment, pay_order
from orders.payment_approval import mark_paid
from orders.tests.factories import make_order
from payments.collecting import charge_saved
from payments.declines import ADVICE, OTHER_CARD
from payments.finalising import finalise
from payments.models import Break, Payment, SavedMethod
from payments.polling import poll_payments
from payments.providers.port import Failed, Mismatch
from payments.tests.paying import pay
from payments.tests.test_billing import make_bill
from sandbox.tests.selling import DECLINED, POOR, VISA

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sandbox):
    return make_order(payment_method="card")


def letters(kind):
    return list(Email.objects.filter(kind=kind).order_by("pk"))


def poll_now():
    Payment.objects.filter(live_bill__isnull=False).update(next_poll_at=timezone.now())
    poll_payments()


def test_a_declined_card_is_written_about_when_nobody_has_tried_another_for_two_minutes(sandbox, order):
    pay(sandbox, pay_order(order, method="card", by=None), POOR)
    poll_now()
    poll_now()
    assert letters("payment_failed") == []
    with time_machine.travel(timezone.now() + timedelta(minutes=2, seconds=1)):
        poll_now()
        poll_now()
    [letter] = letters("payment_failed")
    assert (letter.to, letter.subject) == (order.email, f"Your payment for order {order.code} did not work")
    for words in ("There is not enough money on the card.", "Nothing was charged.", "$102.50", "/pay/", "kept for you"):
        assert words in letter.text
        assert words in letter.html


def test_who_takes_another_card_at_once_hears_of_no_failure(sandbox, order):
    payment = pay_order(order, method="card", by=None)
    pay(sandbox, payment, DECLINED)
    check_payment(order)
    pay(sandbox, payment, VISA)
    check_payment(order)
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        poll_now()
    assert letters("payment_failed") == []
    assert len(letters("order_confirmed")) == 1


@pytest.mark.parametrize("code", [*sorted(set(ADVICE) - {"expired", "mismatch"}), "a code we have never seen"])
def test_each_decline_is_advised_upon_once(order, code):
    payment = pay_order(order, method="card", by=None)
    for _ in range(3):
        finalise(payment, Failed(code=code, reason="declined"))
    [letter] = letters("payment_failed")
    assert ADVICE.get(code, OTHER_CARD) in letter.text
    for hidden in ("stolen", "lost", "fraud", "pickup"):
        assert hidden not in letter.text


def test_at_least_eight_codes_have_advice_of_their_own():
    assert len({code for code in ADVICE if ADVICE[code] != OTHER_CARD}) >= 8


def test_a_page_that_ran_out_is_no_failure(order):
    payment = pay_order(order, method="card", by=None)
    finalise(payment, Failed(code="expired", reason="over"))
    assert letters("payment_failed") == []


def test_a_failure_of_an_order_that_is_off_is_not_written_about(order):
    payment = pay_order(order, method="card", by=None)
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    finalise(payment, Failed(code="insufficient_funds", reason="declined"))
    assert letters("payment_failed") == []


def test_a_bill_that_is_no_orders_is_nobodys_letter_here(sandbox):
    bill = make_bill()
    card = SavedMethod.objects.create(
        user=make_user("vanna@example.com"), provider="stripe", customer_id="cus_x", method_id="pm_x"
    )
    charge_saved(bill, card=card, by=None, description="Rent")
    assert Payment.objects.get(bill=bill).state == "failed"
    assert letters("payment_failed") == []


# --- Money that does not fit ----------------------------------------------------------------------------------------


def mismatch(payment, amount="100.00"):
    wrong = Mismatch(capture_id="hash-1", reason=f"amount {amount} instead of 102.50", amount=D(amount), currency="USD")
    return finalise(payment, wrong)


def test_wrong_money_is_told_to_payer_and_staff_once(order, settings):
    settings.SHOP_EMAIL = "help@shop.example"
    payment = pay_order(order, method="card", by=None)
    mismatch(payment)
    mismatch(payment)
    [to_payer], [to_staff] = letters("money_unmatched"), letters("money_unmatched_staff")
    assert (to_payer.to, to_staff.to) == (order.email, "help@shop.example")
    for words in (
        f"$100.00 has arrived for order {order.code}",
        "($102.50)",
        "it has not paid your order",
        "within a day",
    ):
        assert words in to_payer.text
    for words in ("amount 100.00 instead of 102.50", payment.key, order.email, "/admin/payments/break/?standing=open"):
        assert words in to_staff.text
    assert letters("payment_failed") == []
    order.refresh_from_db()
    assert order.state == "pending"


def test_too_much_by_transfer_is_told_to_both():
    order = make_order()
    mark_paid(order, by=None, amount=D("110.00"), reference="ABA 1")
    [letter] = letters("money_unmatched")
    assert "$7.50 has arrived that we cannot use." in letter.text
    assert f"More arrived for order {order.code} than was owed." in letter.text
    assert "$7.50 of it is more than you owe." in letters("order_confirmed")[0].text
    assert len(letters("money_unmatched_staff")) == 1


def test_a_card_payment_too_late_goes_back_by_itself_and_needs_no_staff(sandbox, order):
    payment = pay_order(order, method="card", by=None)
    answer = pay(sandbox, payment)
    assert answer.status == 303
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    Payment.objects.update(next_poll_at=timezone.now())
    poll_payments()
    assert Break.objects.get().kind == "surplus"
    [letter] = letters("money_unmatched")
    assert "$102.50 has arrived that we cannot use." in letter.text
    assert "it goes back the way it came" in letter.text
    assert letters("money_unmatched_staff") == []


def test_late_money_that_revives_the_order_is_no_trouble(sandbox):
    order = make_order()
    Hold.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_unpaid_orders() == 1
    mark_paid(order, by=None, amount=order.total, reference="ABA 1")
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert letters("money_unmatched") == []
