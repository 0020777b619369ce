"""The clock comes round: each step once, on its day, none early; nobody pays a fee for what was our fault."""

from datetime import datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine

from core.refusals import Conflict, Refusal
from notifications.models import Email
from payments.disputing import record_dispute
from payments.models import Payment
from payments.providers.port import DisputeFacts
from rentals.caretaking import add_note, decide_dispute, defer_payment, waive_fee
from rentals.clockwork import run_clock
from rentals.models import Agreement, LateFee, LedgerEntry
from rentals.tests.journeys import make_delivered, pay_some

pytestmark = pytest.mark.django_db


def at(day, clock="10:00:00"):
    return time_machine.travel(datetime.fromisoformat(f"{day}T{clock}+07:00"), tick=False)


def live(first, last, *, hours=24):
    """Let the clock come round once a day (or more often) from `first` to `last`; return what was written, by day."""
    day, end = datetime.fromisoformat(f"{first}T10:00:00+07:00"), datetime.fromisoformat(f"{last}T10:00:00+07:00")
    written = []
    while day <= end:
        seen = set(Email.objects.values_list("pk", flat=True))
        with time_machine.travel(day, tick=False):
            run_clock()
        written += [
            (f"{day:%m-%d}", kind)
            for kind in Email.objects.exclude(pk__in=seen).order_by("pk").values_list("kind", flat=True)
        ]
        day += timedelta(hours=hours)
    return written


ARREARS = [
    ("02-12", "rent_soon"),
    ("02-15", "rent_to_pay"),
    ("02-16", "rent_past_due"),
    ("02-17", "rent_to_pay"),
    ("02-20", "rent_to_pay"),
    ("02-23", "rent_late_fee"),
    ("02-24", "rent_to_pay"),
    ("03-01", "rent_overdue"),
    ("03-12", "rent_overdue"),
    ("03-15", "rent_to_pay"),
    ("03-16", "rent_past_due"),
    ("03-17", "rent_to_pay"),
    ("03-18", "rent_default"),
]


def test_who_never_pays_hears_each_step_once():
    (agreement,) = make_delivered()
    written = live("2026-01-16", "2026-03-18", hours=12)
    assert [row for row in written if row[1] != "rent_soon" or row[0] != "03-12"] == ARREARS
    agreement.refresh_from_db()
    assert (agreement.state, str(agreement.reinstate_until)) == ("defaulted", "2026-04-17")
    fee = LateFee.objects.get()
    assert (fee.instalment.number, fee.amount, str(fee.assessed_on)) == (2, D("3.25"), "2026-02-23")
    assert agreement.looked_on == datetime(2026, 3, 18).date()
    kinds = [event.kind for event in agreement.events.all() if event.kind in {"past_due", "defaulted"}]
    assert kinds == ["past_due", "defaulted"]


def test_the_same_round_twice_and_a_clock_set_back_change_nothing():
    make_delivered()
    live("2026-02-15", "2026-02-24")
    before = (LedgerEntry.objects.count(), Email.objects.count(), Payment.objects.count())
    with at("2026-02-24", "23:59:59"):
        run_clock()
    with at("2026-02-16"):
        run_clock()
    assert (LedgerEntry.objects.count(), Email.objects.count(), Payment.objects.count()) == before


def test_a_day_ends_at_the_shops_midnight():
    (_,) = make_delivered()
    with at("2026-02-14", "23:59:59"):
        run_clock()
    assert not Email.objects.filter(kind="rent_to_pay").exists()
    with at("2026-02-15", "00:00:01"):
        run_clock()
    assert Email.objects.filter(kind="rent_to_pay").count() == 1
    with at("2026-02-15", "23:59:59"):
        run_clock()
    assert Agreement.objects.get().state == "active"
    with at("2026-02-16", "00:00:01"):
        run_clock()
    assert Agreement.objects.get().state == "past_due"


def test_after_nine_days_away_nobody_pays_for_it():
    (_,) = make_delivered()
    live("2026-02-12", "2026-02-14")
    with at("2026-02-24"):
        done = run_clock()
    assert (done["links"], done["late_fees"]) == (1, 0)
    assert Agreement.objects.get().state == "past_due"
    kinds = list(Email.objects.filter(kind__startswith="rent_").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["rent_soon", "rent_to_pay", "rent_past_due"]
    live("2026-02-25", "2026-03-03")
    assert not LateFee.objects.exists()
    live("2026-03-04", "2026-03-04")
    assert LateFee.objects.get().assessed_on.isoformat() == "2026-03-04"


def test_paying_what_is_due_ends_it():
    (agreement,) = make_delivered()
    live("2026-02-15", "2026-02-20")
    with at("2026-02-21"):
        pay_some(agreement, "65.00")
        run_clock()
    agreement.refresh_from_db()
    assert agreement.state == "active"
    live("2026-02-22", "2026-03-11")
    assert not LateFee.objects.exists()
    # The link for February is void: nobody pays it twice.
    assert agreement.collection_parts.filter(once_key__isnull=False, collection__bill__state="open").count() == 0


def test_same_as_cash_ends_with_two_letters():
    (agreement,) = make_delivered()
    for day in ("2026-02-15", "2026-03-15"):
        with at(day):
            pay_some(agreement, "65.00")
    live("2026-03-28", "2026-04-14")
    letters = list(Email.objects.filter(kind="rent_same_as_cash_ends").order_by("pk"))
    assert [f"{letter.created_at:%m-%d}" for letter in letters] == ["04-01", "04-12"]
    # The last day is 15 April: the fourth payment falls due then, and after it owning costs 400.
    assert "until 15 April 2026" in letters[0].text
    assert "$400.00" in letters[0].text


def test_staff_let_a_fee_go_and_say_why():
    (agreement,) = make_delivered()
    live("2026-02-15", "2026-02-23")
    with at("2026-02-24"):
        with pytest.raises(Refusal) as refused:
            waive_fee(agreement, target="late_fee:2", by=None, reason=" ")
        assert refused.value.code == "reason_needed"
        waive_fee(agreement, target="late_fee:2", by=None, reason="our bank was down")
        with pytest.raises(Conflict):
            waive_fee(agreement, target="late_fee:2", by=None, reason="again")
    assert LedgerEntry.objects.filter(kind="waived").count() == 1
    assert "$3.25" in Email.objects.get(kind="rent_fee_waived").text
    live("2026-02-25", "2026-02-26")
    assert LateFee.objects.count() == 1


def test_more_time_moves_fees_and_default_but_not_the_due_date():
    (agreement,) = make_delivered()
    live("2026-02-15", "2026-02-17")
    with at("2026-02-18"):
        row = defer_payment(agreement, number=2, to=datetime(2026, 3, 5).date(), by=None, reason="in hospital")
    assert row.state == "active"
    assert row.instalments.get(number=2).due_on.isoformat() == "2026-02-15"
    live("2026-02-19", "2026-03-12")
    assert not LateFee.objects.exists()
    live("2026-03-13", "2026-03-13")
    assert LateFee.objects.get().assessed_on.isoformat() == "2026-03-13"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "2026-02-18"}, "day_impossible"),
        ({"to": "2026-04-30"}, "day_impossible"),
        ({"number": 1}, "nothing_to_defer"),
        ({"number": 13}, "nothing_to_defer"),
        ({"reason": ""}, "reason_needed"),
    ],
)
def test_what_cannot_be_deferred(change, code):
    (agreement,) = make_delivered()
    facts = {"number": 2, "to": "2026-03-05", "reason": "why", **change}
    facts["to"] = datetime.fromisoformat(facts["to"]).date()
    seq = agreement.ledger_seq
    with at("2026-02-18"), pytest.raises(Refusal) as refused:
        defer_payment(agreement, by=None, **facts)
    agreement.refresh_from_db()
    assert (refused.value.code, agreement.ledger_seq) == (code, seq)


def tell(payment, status, *, about="du_1"):
    """The provider tells how a dispute of the whole payment stands."""
    is_closed = status in {"won", "lost"}
    facts = {"dispute_id": about, "capture_id": "pi_1", "reason": "fraudulent", "evidence_due_at": None}
    sums = {"amount": payment.amount, "currency": payment.currency}
    return record_dispute(payment, DisputeFacts(status=status, is_closed=is_closed, **facts, **sums))


def test_a_dispute_stops_everything_until_it_is_decided():
    (agreement,) = make_delivered()
    with at("2026-02-15"):
        pay_some(agreement, "65.00")
    payment = Payment.objects.get(bill__collection__isnull=False)
    with at("2026-02-20"):
        tell(payment, "needs_response")
    assert list(agreement.events.filter(kind="dispute_opened").values_list("reason", flat=True)) == ["fraudulent"]
    live("2026-03-10", "2026-03-30", hours=72)
    assert not Email.objects.filter(kind__in=["rent_to_pay", "rent_late_fee"]).exists()
    with at("2026-03-31"):
        tell(payment, "lost")
        assert agreement.events.filter(kind="dispute_lost").count() == 1
        assert decide_dispute(payment, lost=True) == []
        run_clock()
    agreement.refresh_from_db()
    assert [row.settled for row in agreement.instalments.all()][:3] == [True, False, False]
    assert LedgerEntry.objects.filter(kind="reversed").get().amount == D(65)
    asked = agreement.collection_parts.filter(once_key__isnull=False).values_list("instalment__number", flat=True)
    assert sorted(asked) == [2, 3]


def test_a_won_dispute_leaves_all_as_it_was():
    (agreement,) = make_delivered()
    with at("2026-02-15"):
        pay_some(agreement, "65.00")
    payment = Payment.objects.get(bill__collection__isnull=False)
    with at("2026-02-20"):
        seq = Agreement.objects.get().ledger_seq
        tell(payment, "warning_needs_response")
        assert not agreement.instalments.filter(on_hold=True).exists()
        tell(payment, "needs_response")
        tell(payment, "needs_response", about="du_2")
        tell(payment, "won")
        assert agreement.instalments.filter(on_hold=True).exists(), "the other dispute holds it"
        tell(payment, "won", about="du_2")
    agreement.refresh_from_db()
    assert (agreement.ledger_seq, agreement.state) == (seq, "active")
    assert not agreement.instalments.filter(on_hold=True).exists()


def test_a_note_is_on_the_timeline():
    (agreement,) = make_delivered()
    add_note(agreement, text=" called, will pay on Friday ", by=None)
    assert agreement.events.get(kind="note").reason == "called, will pay on Friday"
    with pytest.raises(Refusal, match="Write something"):
        add_note(agreement, text=" ", by=None)
