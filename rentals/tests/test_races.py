"""The same news from many sides at once is booked once (MariaDB, real threads)."""

import threading
from datetime import date
from decimal import Decimal as D
from functools import partial

import pytest
from django.db import IntegrityError, OperationalError, connection

from core.refusals import Conflict
from core.tests.racing import run_together
from rentals.models import Agreement, RentalPolicy
from rentals.policies import publish_policy
from rentals.rules import lease as rules
from rentals.rules.policy import DEFAULT_NUMBERS
from rentals.tests import factories
from rentals.tests.factories import advance, make_agreement

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
DAY = date(2026, 2, 23)


@pytest.fixture(autouse=True)
def _on_mariadb():
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"


def test_one_payment_told_eight_times_is_booked_once(bounded):
    for number in range(bounded(ci=3, prove=50)):
        agreement = make_agreement()
        call = partial(advance, agreement, rules.pay, D(65), payment=f"card {number}", on=DAY)
        outcomes = run_together([call] * 8, at_once=8)
        assert all(isinstance(outcome, Agreement) for outcome in outcomes), outcomes
        assert agreement.entries.filter(payment=f"card {number}", kind="received").count() == 1


def test_eight_clocks_charge_one_late_fee(bounded):
    for _ in range(bounded(ci=3, prove=50)):
        agreement = make_agreement()
        outcomes = run_together([partial(advance, agreement, rules.tick, on=DAY)] * 8, at_once=8)
        assert all(isinstance(outcome, Agreement) for outcome in outcomes), outcomes
        assert agreement.entries.filter(kind="charged").count() == 1
        assert [event.kind for event in agreement.events.all()].count("past_due") == 1


def test_without_the_lock_they_collide(monkeypatch):
    """Negative control: all read before anybody writes. The numbered ledger lets one through and stops the rest."""
    gate = threading.Barrier(4)

    def unlocked(agreement):
        row = Agreement.objects.get(pk=agreement.pk)
        gate.wait()
        return row

    agreement = make_agreement()
    monkeypatch.setattr(factories, "locked", unlocked)
    outcomes = run_together([partial(advance, agreement, rules.tick, on=DAY)] * 4, at_once=4)
    errors = [outcome for outcome in outcomes if not isinstance(outcome, Agreement)]
    assert len(errors) == 3
    assert all(isinstance(error, IntegrityError | OperationalError | Conflict) for error in errors), errors
    assert agreement.entries.filter(kind="charged").count() == 1


def test_two_policies_at_once_are_two_versions_or_a_conflict():
    outcomes = run_together([partial(publish_policy, DEFAULT_NUMBERS, by=None, reason="race")] * 4, at_once=4)
    written = [outcome for outcome in outcomes if isinstance(outcome, RentalPolicy)]
    assert len({policy.version for policy in written}) == len(written) == RentalPolicy.objects.count() > 0
    assert all(isinstance(outcome, RentalPolicy | Conflict) for outcome in outcomes), outcomes
