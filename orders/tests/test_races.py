"""Many buyers, few units, one moment: on MariaDB, with real connections."""

import random
import threading
from collections import Counter
from functools import partial

import pytest
from django.db import connection

from carts.tests.factories import make_cart, make_shipping_method
from catalog import holding
from catalog.flow import UnitState
from catalog.models import Hold, Unit, UnitEvent
from catalog.tests.factories import make_units, make_variant
from core.refusals import Conflict
from core.tests.racing import run_together
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.models import Allocation, Order
from orders.payment_approval import mark_paid
from orders.tests.factories import make_order, place
from payments.models import Bill

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_mariadb():
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"


def race(variant, *, units, buyers, seed):
    make_units(variant, serials=[f"S{seed}-{number:03}" for number in range(units)])
    # Carts are filled before the units run short, as in real life.
    method = make_shipping_method()
    carts = []
    for _ in range(buyers):
        carts.append(make_cart((variant, 1)))
    calls = [partial(place, cart, shipping_method=method, expected_total=10_000) for cart in carts]
    random.Random(seed).shuffle(calls)
    return run_together(calls, at_once=64)


def assert_stock_is_consistent():
    """No unit twice, every held unit has one live promise, every move is in the ledger."""
    live = Allocation.objects.filter(live_unit__isnull=False)
    held = Unit.objects.filter(state="held")
    assert live.count() == held.count() == live.values("unit").distinct().count()
    assert set(held.values_list("pk", flat=True)) == set(live.values_list("live_unit", flat=True))
    assert UnitEvent.objects.filter(kind="held").count() >= held.count()
    for order in Order.objects.exclude(state="cancelled"):
        assert sum(line.quantity for line in order.lines.all()) == order.hold.units.count()


def test_two_hundred_buyers_fifty_units(bounded):
    for seed in range(bounded(ci=3, prove=20)):
        variant = make_variant()
        outcomes = race(variant, units=50, buyers=200, seed=seed)
        kinds = Counter(type(outcome).__name__ for outcome in outcomes)
        assert kinds == {"Order": 50, "Conflict": 150}
        assert {outcome.code for outcome in outcomes if isinstance(outcome, Conflict)} == {"sold_out"}
        assert Unit.objects.filter(variant=variant, state="held").count() == 50
        serials = Allocation.objects.filter(line__variant=variant).values_list("unit__serial", flat=True)
        assert len(set(serials)) == 50
        assert_stock_is_consistent()


def test_no_false_sold_out_when_there_is_enough(bounded):
    for seed in range(bounded(ci=2, prove=20)):
        variant = make_variant()
        outcomes = race(variant, units=250, buyers=200, seed=seed)
        assert Counter(type(outcome).__name__ for outcome in outcomes) == {"Order": 200}
        assert Unit.objects.filter(variant=variant, state="available").count() == 50
        assert_stock_is_consistent()


def test_mixed_carts_in_any_order_meet_no_deadlock(bounded):
    chance = random.Random(7)
    for _ in range(bounded(ci=2, prove=20)):
        variants = [make_variant(units=40) for _ in range(5)]
        method = make_shipping_method()
        carts = []
        for _ in range(120):
            chosen = chance.sample(variants, chance.randint(1, 3))
            carts.append(make_cart(*[(variant, 1) for variant in chosen]))
        outcomes = run_together(
            [partial(place, cart, shipping_method=method, expected_total=10_000) for cart in carts], at_once=64
        )
        assert set(map(type, outcomes)) <= {Order, Conflict}
        assert all(outcome.code == "sold_out" for outcome in outcomes if isinstance(outcome, Conflict))
        assert_stock_is_consistent()
        # Nobody was refused while everything they wanted lay on the shelf.
        for cart, outcome in zip(carts, outcomes, strict=True):
            if isinstance(outcome, Conflict):
                wanted = [item.variant_id for item in cart.items.all()]
                assert any(not Unit.objects.filter(variant_id=pk, state="available").exists() for pk in wanted)


def hold_one(variant):
    return holding.hold_units({variant.pk: 1}, expires_at=None, by=None, reason="race")


def test_one_unit_goes_to_one_of_eight():
    variant = make_variant(units=1)
    outcomes = run_together([partial(hold_one, variant)] * 8, at_once=8)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"tuple": 1, "Conflict": 7}


def test_without_the_lock_the_same_race_oversells(monkeypatch, bounded):
    """Negative control: no lock, and a barrier between check and take. If this did not oversell, nothing is proven."""
    gate = threading.Barrier(8)

    def take_unlocked(hold, demand, *, by, reason):
        ((variant_id, wanted),) = demand.items()
        units = list(Unit.objects.filter(variant_id=variant_id, state=UnitState.AVAILABLE).order_by("id")[:wanted])
        gate.wait()
        Unit.objects.filter(pk__in=[unit.pk for unit in units]).update(state=UnitState.HELD, hold=hold)
        return units

    monkeypatch.setattr(holding, "_fill", take_unlocked)
    for _ in range(bounded(ci=3, prove=20)):
        variant = make_variant(units=1)
        outcomes = run_together([partial(hold_one, variant)] * 8, at_once=8)
        sold = sum(isinstance(outcome, tuple) for outcome in outcomes)
        assert sold > 1
    assert Hold.objects.exists()


def test_the_same_key_twenty_times_is_one_order():
    variant = make_variant(units=5)
    cart = make_cart((variant, 1))
    method = make_shipping_method()
    call = partial(place, cart, shipping_method=method, expected_total=10_000, placement_key="same")
    outcomes = run_together([call] * 20, at_once=20)
    assert {outcome.pk for outcome in outcomes} == {Order.objects.get().pk}
    assert Bill.objects.count() == 1
    assert Unit.objects.filter(state="held").count() == 1


def test_paying_and_cancelling_at_once_has_one_outcome(bounded):
    for round_number in range(bounded(ci=20, prove=200)):
        order = make_order((make_variant(units=1), 1))
        calls = [
            partial(mark_paid, order, by=None, amount=order.total, reference="ABA"),
            partial(cancel_order, order, by=None, reason=CancelReason.CUSTOMER),
        ]
        if round_number % 2:
            calls.reverse()
        outcomes = run_together(calls, at_once=2)
        order.refresh_from_db()
        errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert all(isinstance(error, Conflict) for error in errors), errors
        # Cancelling a paid order is allowed, so it always ends cancelled: the money is then on a list, never lost.
        assert order.state == "cancelled"
        payments = order.order_bills.get().bill.payments.all()
        captured = sum(payment.captured_amount for payment in payments)
        listed = sum(difference.amount for payment in payments for difference in payment.breaks.all())
        going_back = sum(refund.amount for payment in payments for refund in payment.refunds.all())
        assert captured == listed + going_back
    assert not Unit.objects.filter(state="held").exists()
