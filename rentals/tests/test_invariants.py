"""The eleven invariants over random lives of an agreement; and proof that a broken rule does not get through."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rentals.rules import arrears, buyout, endings, ledger, schedule
from rentals.rules.ledger import Kind
from rentals.tests.histories import Life

STEPS = 30


def live(lives, **overrides):
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **overrides,
        ),
    )


def test_the_eleven_hold_in_every_life(bounded):
    live(bounded(ci=150, prove=10_000))


def fee_without_grace(rented, day, *, excused=()):
    return REAL_ASSESS(rented, day + timedelta(days=7), excused=excused)


def fee_every_day(account, day, *, excused=()):
    account = REAL_ASSESS(account, day, excused=excused)
    late = account.oldest_unpaid(day)
    return account.post(Kind.CHARGED, Decimal(100), on=day, target=f"late_fee:{late.number}:{day}") if late else account


def price_above_finish(account, day):
    price = REAL_PRICE(account, day)
    return replace(price, amount=price.amount + account.terms.amounts[0])


def half_month_from_the_date_before(anchor, months):
    day = anchor
    for _ in range(months):
        day = REAL_ADD(day, 1)
    return day


def forget_the_surplus(account, *, on, reason):
    return account


def keep_what_was_prepaid(account, number, owed, *, on, reason):
    return account


def refund_what_was_never_paid(account, *, payment, on):
    return REAL_REVERSE(account.post(Kind.RECEIVED, Decimal(100), on=on, payment=payment), payment=payment, on=on)


REAL_ASSESS, REAL_PRICE, REAL_ADD, REAL_REVERSE = (
    arrears.assess,
    buyout.buyout_price,
    schedule.add_months,
    endings.reverse_payment,
)


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (arrears, "assess", fee_without_grace),
        (arrears, "assess", fee_every_day),
        (buyout, "buyout_price", price_above_finish),
        (schedule, "add_months", half_month_from_the_date_before),
        (ledger, "owe_credit_back", forget_the_surplus),
        (endings, "_keep_only", keep_what_was_prepaid),
        (endings, "reverse_payment", refund_what_was_never_paid),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_rule_is_caught(monkeypatch, module, name, broken):
    monkeypatch.setattr(module, name, broken)
    with pytest.raises((AssertionError, ledger.LedgerBroken)):
        # The first failure is enough; nobody needs the smallest one. Which lives come depends on what else is loaded.
        live(2000, database=None, print_blob=False, phases=[Phase.generate], report_multiple_bugs=False)
