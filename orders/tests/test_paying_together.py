"""Many hands pay for one order in one moment, on MariaDB with real connections: one capture, one owner of the money.

Every race ends with the audits of money and stock, and with the provider's own count of captures.
"""

from datetime import timedelta
from decimal import Decimal as D
from functools import partial

import pytest
from django.db import connection, transaction

from backoffice.tests.audits import offences
from carts.tests.factories import make_cart, make_shipping_method
from catalog.models import Hold, Unit
from catalog.tests.factories import make_variant
from core import clock
from core.refusals import Conflict
from core.tests.racing import run_together
from notifications.models import Email
from orders.expiry import expire_unpaid_orders
from orders.models import Order
from orders.paying_online import check_payment, pay_order
from orders.tests.factories import make_order, place
from payments.billing import start_payment
from payments.collecting import check
from payments.inbox import keep_event, process_event
from payments.models import Bill, Break, Payment, ProviderEvent, Refund
from payments.polling import poll_payments
from payments.providers.port import Event
from payments.refunding import return_surpluses
from payments.settling import settle_unclaimed_captures
from payments.tests.paying import WHERE, pay
from sandbox.tests.selling import ALWAYS_3DS

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_mariadb(monkeypatch):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


@pytest.fixture
def bakong(sandbox, settings):
    """The sandbox as Bakong too."""
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return sandbox


def start(order, method="card"):
    return pay_order(order, method=method, by=None)


def scan(sandbox, payment):
    return sandbox.control("POST", "bakong/pay", {"qr": payment.data["qr"], "way": "right"})


def sweep(rounds=3):
    """Let the beats of the next minutes run, with the waiting taken out."""
    for _ in range(rounds):
        Payment.objects.exclude(next_poll_at=None).update(next_poll_at=clock.now())
        poll_payments()
        Payment.objects.filter(state="captured", claimed_at=None).update(captured_at=clock.now() - timedelta(minutes=1))
        settle_unclaimed_captures()
        return_surpluses()


def run_out(order):
    Hold.objects.filter(pk=order.hold_id).update(expires_at=clock.now() - timedelta(seconds=1))


def letters(order, kind="order_confirmed"):
    return Email.objects.filter(kind=kind, to=order.email, dedupe_key__startswith=f"{kind}:{order.code}:").count()


def no_errors(outcomes, *allowed):
    """Return the refusals' codes; any other error fails the test."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert [error for error in errors if getattr(error, "code", None) not in allowed] == []
    return [error.code for error in errors]


def test_twenty_shoppers_hands_press_pay_while_answers_are_lost(sandbox, bounded):
    """R1: place and pay, pressed twenty times at once; 30 % of Stripe's answers never arrive."""
    for seed in range(bounded(ci=2, prove=20)):
        sandbox.reset()
        sandbox.fault(provider="stripe", method="POST", path="/v1/*", kind="drop", when="after", share=0.3, seed=seed)
        cart = make_cart((make_variant(units=1), 1))
        method = make_shipping_method(f"courier-{seed}")
        placing = {
            "shipping_method": method,
            "payment_method": "card",
            "placement_key": f"pressed-{seed}",
            "email": f"shopper{seed}@example.com",
        }
        placed = place(cart, **placing)

        def press(cart=cart, placing=placing, total=placed.total):
            order = place(cart, expected_total=total, **placing)
            try:
                return order.code, start(order).key
            except Conflict as refusal:
                return order.code, refusal.facts.get("payment", refusal.code)

        answers = run_together([press] * 20, at_once=20)
        bill = Bill.objects.get(order_bill__order=placed)
        assert answers == [(placed.code, f"{bill.code}:1")] * 20
        sandbox.control("DELETE", "faults")
        sweep()
        pay(sandbox, Payment.objects.get(bill=bill))
        outcomes = run_together([partial(check_payment, placed)] * 10, at_once=10)
        assert no_errors(outcomes) == []
        placed.refresh_from_db()
        assert (placed.state, len(sandbox.captures()), letters(placed)) == ("confirmed", 1, 1)
        assert offences() == []


def test_three_d_secure_confirmed_in_two_tabs_takes_the_money_once(sandbox, bounded):
    for _ in range(bounded(ci=3, prove=50)):
        sandbox.reset()
        order = make_order(payment_method="card")
        first, second = start(order), start(order)
        assert first == second
        challenges = [pay(sandbox, first, ALWAYS_3DS).location, pay(sandbox, second, ALWAYS_3DS).location]
        run_together([partial(sandbox.post, one, answer="pass") for one in challenges], at_once=2)
        outcomes = run_together([partial(check_payment, order)] * 4, at_once=4)
        assert no_errors(outcomes) == []
        order.refresh_from_db()
        assert (order.state, len(sandbox.captures()), letters(order)) == ("confirmed", 1, 1)
        assert offences() == []


def test_card_and_khqr_within_one_second_pay_once_and_give_the_other_back(bakong, bounded, settings):
    """A code cannot be taken back, so a customer can pay both: one settles, the other is refunded or listed."""
    for _ in range(bounded(ci=3, prove=50)):
        bakong.reset()
        settings.BAKONG_TOKEN = bakong.control("POST", "bakong/token")["token"]
        order = make_order(payment_method="card")
        code = start(order, "khqr")
        card = start(order, "card")
        run_together([partial(pay, bakong, card), partial(scan, bakong, code)], at_once=2)
        outcomes = run_together(
            [partial(check, card), partial(check, code), partial(check, card), partial(check, code)], at_once=4
        )
        assert no_errors(outcomes) == []
        sweep()
        order.refresh_from_db()
        card.refresh_from_db()
        code.refresh_from_db()
        assert (order.state, letters(order)) == ("confirmed", 1)
        assert sorted((card.applied_amount, code.applied_amount)) == [D(0), D(order.total)]
        surplus = card if not card.applied_amount else code
        listed = Break.objects.get(payment=surplus)
        assert (listed.kind, listed.amount) == ("surplus", D(order.total))
        if surplus == card:
            assert (surplus.refunds.get().state, listed.resolved_at is not None) == ("done", True)
        else:
            assert (surplus.refunds.count(), listed.resolved_at) == (0, None)
        assert offences() == []


def test_a_hold_that_lapses_while_the_card_form_is_open(sandbox, bounded):
    """R5: paying, expiring and another buyer of the last unit, all at once. Paid and gone is never silent."""
    for _ in range(bounded(ci=4, prove=50)):
        sandbox.reset()
        variant = make_variant(units=1)
        method, buyer = make_shipping_method(), make_cart((variant, 1))
        order = make_order((variant, 1), payment_method="card")
        payment = start(order)
        run_out(order)

        def buy(buyer=buyer, method=method, total=order.total):
            return place(buyer, shipping_method=method, expected_total=total)

        outcomes = run_together(
            [partial(pay, sandbox, payment), expire_unpaid_orders, partial(check_payment, order), buy], at_once=4
        )
        no_errors(outcomes, "sold_out", "total_changed", "nothing_to_pay")
        sweep()
        expire_unpaid_orders()
        sweep()
        order.refresh_from_db()
        payment.refresh_from_db()
        taken = len(sandbox.captures())
        refunded = Refund.objects.filter(payment=payment, state="done").exists()
        assert (order.state, taken, refunded) in {
            ("confirmed", 1, False),
            ("cancelled", 0, False),
            ("cancelled", 1, True),
        }
        assert Unit.objects.filter(variant=variant, state="held").count() <= 1
        assert offences() == []


@pytest.mark.parametrize("late", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=3)])
@pytest.mark.parametrize("gone", ["nothing", "all", "one of two"])
def test_late_money_revives_an_order_whole_or_goes_back_whole(bakong, late, gone):
    """R7: the code is scanned after its order has expired; an order of two kinds is revived with both or not at all."""
    laptop, mouse = make_variant(units=1), make_variant(units=1)
    order = make_order((laptop, 1), (mouse, 1), payment_method="khqr")
    code = start(order, "khqr")
    run_out(order)
    assert expire_unpaid_orders() == 1
    if gone == "all":
        make_order((laptop, 1), (mouse, 1))
    elif gone == "one of two":
        make_order((mouse, 1))
    Payment.objects.filter(pk=code.pk).update(next_poll_at=clock.now() + late)
    scan(bakong, code)
    outcomes = run_together([partial(check, code)] * 3, at_once=3)
    assert no_errors(outcomes) == []
    sweep()
    order.refresh_from_db()
    code.refresh_from_db()
    if gone == "nothing":
        assert (order.state, letters(order), code.applied_amount) == ("confirmed", 1, D(order.total))
        assert not Break.objects.exists()
    else:
        assert (order.state, letters(order), code.applied_amount) == ("cancelled", 0, D(0))
        listed = Break.objects.get(payment=code)
        assert (listed.kind, listed.amount, listed.resolved_at) == ("surplus", D(order.total), None)
        assert Unit.objects.filter(hold=order.hold).count() == 0
    assert offences() == []


def test_late_money_by_card_goes_back_within_a_minute_when_the_goods_are_gone(sandbox):
    variant = make_variant(units=1)
    order = make_order((variant, 1), payment_method="card")
    payment = start(order)
    run_out(order)
    pay(sandbox, payment)
    # The provider was silent when the order expired, and staff gave the unit to somebody at the counter.
    Payment.objects.filter(pk=payment.pk).update(live_bill=None, state="closed", next_poll_at=clock.now())
    expire_unpaid_orders()
    make_order((variant, 1))
    sweep()
    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.state, refund.state, refund.amount) == ("cancelled", "done", D(order.total))
    assert letters(order) == 0
    assert offences() == []


def test_a_message_that_comes_while_the_attempt_is_being_committed_is_kept(sandbox):
    """R8: the row is written and not yet committed when Stripe speaks of it."""
    order = make_order(payment_method="card")
    bill = Bill.objects.get(order_bill__order=order)
    told = {
        "id": "evt_early",
        "type": "payment_intent.succeeded",
        "data": {"object": {"id": "pi_early", "metadata": {"attempt": f"{bill.code}:1"}}},
    }
    with transaction.atomic():
        start_payment(bill, method="card", by=None, **WHERE)
        run_together(
            [lambda: process_event(keep_event("stripe", Event(event_id="evt_early", kind=told["type"], body=told)).pk)],
            at_once=1,
        )
    parked = ProviderEvent.objects.get()
    assert (parked.processed_at, parked.attempts) == (None, 1)
    payment = start(order)
    pay(sandbox, payment)
    ProviderEvent.objects.update(next_try_at=clock.now())
    process_event(parked.pk)
    assert Order.objects.get().state == "confirmed"
    assert len(sandbox.captures()) == 1
    assert offences() == []
