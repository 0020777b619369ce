"""Rows and rules say the same: what is stored is read back equal, once, and never changed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from catalog.tests.factories import make_units, make_variant
from core.refusals import Conflict
from rentals.bookkeeping import give_unit, locked, read_lease, store_lease
from rentals.models import Agreement, Instalment, LateFee, LedgerEntry
from rentals.rules import lease as rules
from rentals.tests.factories import advance, make_agreement, make_draft
from rentals.tests.histories import Life
from rentals.tests.stage import ANCHOR

pytestmark = pytest.mark.django_db


def test_a_draft_is_its_terms():
    agreement = make_draft()
    lease = read_lease(agreement)
    assert (lease.state, lease.account.terms.total, lease.account.ledger_seq) == ("draft", D(780), 0)
    assert [row.due_on for row in agreement.instalments.all()][:3] == [ANCHOR, date(2026, 2, 15), date(2026, 3, 15)]
    assert agreement.events.get().kind == "drafted"


def test_each_step_is_on_record():
    agreement = make_agreement()
    assert [event.kind for event in agreement.events.all()] == [
        "drafted",
        "pending_payment",
        "confirmed",
        "shipped",
        "active",
    ]
    assert (agreement.state, agreement.delivered_on, agreement.ledger_seq) == ("active", ANCHOR, 3)
    assert [(row.seq, row.kind, row.amount, row.target) for row in agreement.entries.all()] == [
        (1, "received", D(65), ""),
        (2, "paid", D(65), "rent:1"),
        (3, "rescheduled", D(0), ""),
    ]
    assert [row.settled for row in agreement.instalments.all()] == [True] + [False] * 11


def test_a_day_that_skips_states_records_each():
    agreement = advance(make_agreement(), rules.tick, on=date(2026, 3, 31))
    assert [event.kind for event in agreement.events.all()][-2:] == ["past_due", "defaulted"]
    fee = LateFee.objects.get(instalment__number=2)
    assert (fee.days_late, fee.unpaid, fee.amount) == (44, D(65), D("3.25"))
    assert agreement.reinstate_until == date(2026, 4, 17)


def test_the_same_day_twice_stores_nothing_more():
    agreement = advance(make_agreement(), rules.tick, on=date(2026, 3, 31))
    entries, events = LedgerEntry.objects.count(), agreement.events.count()
    advance(agreement, rules.tick, on=date(2026, 3, 31))
    assert (LedgerEntry.objects.count(), agreement.events.count()) == (entries, events)


def test_who_read_before_somebody_else_booked_stores_nothing():
    agreement = make_agreement()
    stale = read_lease(agreement)
    advance(agreement, rules.pay, D(65), payment="other", on=date(2026, 2, 15))
    with pytest.raises(Conflict) as refused, transaction.atomic():
        late = rules.pay(stale, D(65), payment="mine", on=date(2026, 2, 15))
        store_lease(locked(agreement), stale, late, by=None)
    assert refused.value.code == "ledger_moved"
    assert not LedgerEntry.objects.filter(payment="mine").exists()


def test_an_agreement_is_locked_only_in_a_transaction():
    with pytest.raises(RuntimeError, match="inside a transaction"):
        locked(make_draft())


def test_the_ledger_only_grows():
    entry = make_agreement().entries.first()
    for change in (entry.save, entry.delete, LedgerEntry.objects.all().delete, LedgerEntry.objects.update):
        with pytest.raises(TypeError, match=r"written once|never removed"):
            change()
    assert LedgerEntry.objects.count() == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"owned_since": ANCHOR},
        {"total": D(0)},
        {"state": "sold"},
        {"signed_at": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_database_refuses_what_cannot_be(changes):
    agreement = make_agreement()
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(**changes)


def test_an_instalment_and_a_ledger_number_exist_once():
    agreement = make_agreement()
    row, entry = agreement.instalments.first(), agreement.entries.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Instalment.objects.bulk_create([Instalment(**{**_columns(row), "pk": None})])
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.bulk_create([LedgerEntry(**{**_columns(entry), "pk": None})])


def _columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key}


def test_a_unit_is_in_one_live_agreement_and_free_when_that_ends():
    (unit,) = make_units(make_variant(), serials=["PF-1"])
    first, second = make_agreement(), make_agreement()
    give_unit(first, unit)
    with pytest.raises(IntegrityError), transaction.atomic():
        give_unit(second, unit)
    returned = advance(advance(first, rules.ask_return), rules.take_return, on=date(2026, 2, 1))
    assert (returned.state, returned.unit, returned.live_unit) == ("returned", unit, None)
    second.refresh_from_db()
    give_unit(second, unit)


def test_reading_costs_two_queries(django_assert_num_queries):
    agreement = make_agreement()
    with django_assert_num_queries(2):
        read_lease(agreement)


class StoredLife(Life):
    """The same random lives, each step through the rows: what comes back is what the rule said."""

    def becomes(self, after):
        before = self.lease
        super().becomes(after)
        if not hasattr(self, "agreement"):
            first = rules.draft(before.account.terms, self.segments[0][1])
            self.agreement = make_draft(first.account.terms, on=self.segments[0][1])
        step = replace(after, passed=after.passed[len(before.passed) :])
        self.agreement = advance(self.agreement, lambda lease: step)
        stored = read_lease(Agreement.objects.get(pk=self.agreement.pk))
        assert replace(stored, passed=()) == replace(after, passed=())


def test_random_lives_through_the_database(bounded):
    run_state_machine_as_test(
        StoredLife,
        settings=settings(
            max_examples=bounded(ci=10, prove=300),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_overdue_agreements_are_found():
    agreement = make_agreement()
    assert list(Agreement.objects.with_due_by(date(2026, 2, 14))) == []
    assert list(Agreement.objects.with_due_by(date(2026, 2, 15))) == [agreement]
    assert Agreement.objects.visible_to(agreement.customer).get() == agreement
    assert not Agreement.objects.visible_to(None).exists()
    assert [row.number for row in agreement.instalments.due_by(date(2026, 3, 15) - timedelta(days=1))] == [2]
