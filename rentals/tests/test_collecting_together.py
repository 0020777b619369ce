"""Many billing runs in one moment: each period is captured once.

On MariaDB, with real connections; the provider is a real process.
"""

from datetime import timedelta

import pytest
from django.db import connection

from backoffice.auditing import run
from backoffice.auditing.rent import RENT_CHECKS
from core import clock
from core.tests.racing import run_together
from rentals.clockwork import run_clock
from rentals.collecting import bill_rentals
from rentals.models import Agreement, Collection, LedgerEntry
from rentals.rules.schedule import add_months
from rentals.tests.factories import make_agreement
from rentals.tests.journeys import keep_card

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_mariadb(monkeypatch):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


def due_today(sandbox, number, *, days_late=0):
    """Return agreements with rent due by the real clock, each with a card."""
    agreements = [
        make_agreement(delivered=add_months(clock.today() - timedelta(days=days_late), -1)) for _ in range(number)
    ]
    for agreement in agreements:
        keep_card(sandbox, agreement)
    return agreements


def assert_once(sandbox, agreements):
    assert len(sandbox.captures()) == len(agreements)
    for agreement in agreements:
        assert LedgerEntry.objects.filter(agreement=agreement, kind="received").count() == 2
        assert [row.settled for row in agreement.instalments.all()][:3] == [True, True, False]
    assert run(RENT_CHECKS) == []


@pytest.mark.parametrize("days_late", [0, 9])
def test_four_runs_at_once_charge_each_period_once(sandbox, bounded, days_late):
    for _ in range(bounded(ci=1, prove=10)):
        sandbox.reset()
        Collection.objects.filter(bill__state="open").update(waits_for_answer=False)
        agreements = due_today(sandbox, 8, days_late=days_late)
        outcomes = run_together([bill_rentals] * 4, at_once=4)
        assert sum(outcome["charged"] for outcome in outcomes) == 8, outcomes
        assert sum(outcome["failed"] for outcome in outcomes) == 0, outcomes
        assert bill_rentals() == {}
        assert_once(sandbox, agreements)


def test_four_rounds_of_the_clock_at_once(sandbox):
    agreements = due_today(sandbox, 4, days_late=1)
    outcomes = run_together([run_clock] * 4, at_once=4)
    assert all(not isinstance(outcome, Exception) for outcome in outcomes), outcomes
    assert_once(sandbox, agreements)
    assert set(Agreement.objects.values_list("state", flat=True)) == {"active"}
