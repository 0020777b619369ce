"""Rent is collected on its day: each period once, never early, whatever the bank says and wherever the power goes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.core.management import CommandError, call_command

from core import clock
from core.refusals import Conflict, Refusal
from notifications.models import Email
from payments import collecting as provider_calls
from payments.collecting import check, give_up
from payments.models import Bill, Payment
from payments.polling import poll_payments
from payments.tests.paying import pay
from rentals import collecting
from rentals.collecting import bill_rentals, resume_charges
from rentals.models import Agreement, Collection, CollectionPart, LedgerEntry
from rentals.paying import open_collection, pay_collection
from rentals.rules.schedule import add_months
from rentals.tests.factories import make_agreement
from rentals.tests.journeys import keep_card, pay_bill

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 2, 15, 3, tzinfo=UTC)
DECLINED, NO_MONEY, ALWAYS_ASKS = "4000000000000341", "4000000000009995", "4000002760003184"


class PowerCut(BaseException):
    """Nothing in the shop catches it."""


def cut(*args, **kwargs):
    raise PowerCut


def after(deed):
    def run(*args, **kwargs):
        deed(*args, **kwargs)
        raise PowerCut

    return run


def due_today():
    """Return an agreement whose second payment falls due today by the real clock: the provider's pages know no other."""
    return make_agreement(delivered=add_months(clock.today(), -1))


def letters():
    return list(Email.objects.filter(kind__startswith="rent_").order_by("pk").values_list("kind", flat=True))


@time_machine.travel(DUE, tick=False)
def test_a_saved_card_is_charged_on_the_day(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement)
    assert bill_rentals() == {"charged": 1}
    agreement.refresh_from_db()
    payment = Payment.objects.get(bill__collection__isnull=False)
    assert (payment.state, payment.amount, payment.key) == ("captured", D(65), f"{payment.bill.code}:1")
    assert payment.bill.state == "settled"
    assert [row.settled for row in agreement.instalments.all()][:3] == [True, True, False]
    part = CollectionPart.objects.get()
    assert (part.agreement, part.instalment.number, part.amount) == (agreement, 2, D(65))
    assert bill_rentals() == {}
    assert len(sandbox.captures()) == 1
    assert letters() == ["rent_received"]
    assert "Left to pay to the end: $650.00" in Email.objects.get(kind="rent_received").text
    assert "To own it today: $470.00" in Email.objects.get(kind="rent_received").text


def test_who_has_no_card_gets_a_link_to_the_one_bill(sandbox):
    agreement = due_today()
    assert bill_rentals() == {"links": 1}
    letter, collection = Email.objects.get(kind="rent_to_pay"), Collection.objects.get()
    assert (letter.to, collection.is_automatic) == (agreement.customer.email, True)
    assert f"/rentals/pay/{collection.bill.code}/" in letter.text
    assert bill_rentals() == {}
    attempt = pay_collection(collection, method="card", by=agreement.customer)
    assert attempt.data["url"].startswith(sandbox.url)
    pay_bill(collection.bill)
    assert Agreement.objects.get().instalments.get(number=2).settled
    assert Bill.objects.filter(collection__isnull=False).count() == 1


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Honolulu"])
def test_nothing_is_collected_before_the_shops_midnight(sandbox, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    make_agreement()
    with time_machine.travel("2026-02-14T16:59:59Z", tick=False):
        assert bill_rentals() == {}
    with time_machine.travel("2026-02-14T17:00:01Z", tick=False):
        assert bill_rentals() == {"links": 1}


@pytest.mark.parametrize(
    ("anchor", "first_dues"),
    [("2027-01-31", ["2027-02-28", "2027-03-31", "2027-04-30"]), ("2028-01-31", ["2028-02-29", "2028-03-31"])],
)
def test_months_end_where_they_end(anchor, first_dues):
    make_agreement(delivered=datetime.fromisoformat(anchor).date())
    for number, due in enumerate(first_dues, start=2):
        day = datetime.fromisoformat(f"{due}T09:00:00+07:00")
        with time_machine.travel(day - timedelta(days=1), tick=False):
            assert bill_rentals()["links"] == 0
        with time_machine.travel(day, tick=False):
            assert bill_rentals() == {"links": 1}
            collection = Collection.objects.get(parts__instalment__number=number)
            pay_bill(collection.bill)


def test_a_card_is_tried_on_the_days_of_the_plan_and_each_try_has_its_key(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement, NO_MONEY)
    tried = {}
    for late in range(13):
        with time_machine.travel(DUE + timedelta(days=late), tick=False):
            tried[late] = bill_rentals()["declined"]
            bill_rentals()
    assert [late for late, times in tried.items() if times] == [0, 2, 5, 9]
    bill = Collection.objects.get().bill
    assert [payment.key for payment in bill.payments.order_by("pk")] == [f"{bill.code}:{n}" for n in (1, 2, 3, 4)]
    assert letters() == ["rent_card_declined"] * 4
    assert sandbox.captures() == []


def test_after_nine_days_away_the_card_is_charged_once(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement)
    with time_machine.travel(DUE + timedelta(days=9), tick=False):
        assert bill_rentals() == {"charged": 1}
        assert bill_rentals() == {}
    assert len(sandbox.captures()) == 1


def test_a_final_no_stops_the_card_and_a_new_card_goes_on(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement, NO_MONEY)
    with time_machine.travel(DUE, tick=False):
        assert bill_rentals() == {"declined": 1}
    Collection.objects.update(stopped_by="expired_card")
    with time_machine.travel(DUE + timedelta(days=2), tick=False):
        assert bill_rentals() == {"links": 1}
    keep_card(sandbox, agreement)
    with time_machine.travel(DUE + timedelta(days=5), tick=False):
        assert bill_rentals() == {"charged": 1}
    assert letters() == ["rent_card_declined", "rent_to_pay", "rent_received"]


def test_a_bank_that_wants_its_customer_gets_them_by_a_fresh_link(sandbox):
    agreement = due_today()
    keep_card(sandbox, agreement, ALWAYS_ASKS)
    assert bill_rentals() == {"declined": 1}
    attempt = pay_collection(Collection.objects.get(), method="card", by=agreement.customer)
    assert (attempt.key, attempt.state) == (f"{attempt.bill.code}:2", "pending")
    assert letters() == ["rent_card_to_confirm"]
    pay(sandbox, attempt)
    assert check(attempt).state == "captured"
    assert agreement.instalments.get(number=2).settled


def test_on_the_next_day_of_the_plan_the_link_comes_again(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement, ALWAYS_ASKS)
    with time_machine.travel(DUE, tick=False):
        assert bill_rentals() == {"declined": 1}
    with time_machine.travel(DUE + timedelta(days=2), tick=False):
        assert bill_rentals() == {"links": 1}
    assert letters() == ["rent_card_to_confirm"] * 2


def test_money_that_came_by_hand_ends_the_retries(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement, NO_MONEY)
    with time_machine.travel(DUE, tick=False):
        bill_rentals()
        by_hand = open_collection([agreement], amount=D(65), by=agreement.customer)
        assert open_collection([agreement], amount=D(65), by=agreement.customer) == by_hand
        pay_bill(by_hand.bill)
    with time_machine.travel(DUE + timedelta(days=2), tick=False):
        assert bill_rentals() == {}
        assert collecting.close_paid_bills() == 1
    assert LedgerEntry.objects.filter(kind="paid").count() == 2


def test_a_part_paid_by_hand_leaves_the_rest_to_the_card(sandbox):
    agreement = make_agreement()
    with time_machine.travel(DUE, tick=False):
        bill_rentals()
        pay_bill(open_collection([agreement], amount=D("30.00"), by=agreement.customer).bill)
        first = Collection.objects.get(is_automatic=True)
        with pytest.raises(Conflict) as refused:
            pay_collection(first, method="card", by=agreement.customer)
        assert refused.value.code == "amount_changed"
    keep_card(sandbox, agreement)
    with time_machine.travel(DUE + timedelta(days=2), tick=False):
        assert bill_rentals() == {"charged": 1}
    assert Payment.objects.get(provider="stripe", saved_method__isnull=False).amount == D("35.00")


def test_nobody_pays_twice_at_the_same_time(sandbox):
    agreement = due_today()
    keep_card(sandbox, agreement)
    by_hand = open_collection([agreement], amount=D(65), by=agreement.customer)
    attempt = pay_collection(by_hand, method="card", by=agreement.customer)
    assert bill_rentals() == {}
    assert Payment.objects.filter(provider="stripe").get() == attempt
    give_up(attempt, by=None)
    assert bill_rentals() == {"charged": 1}
    assert len(sandbox.captures()) == 1


def test_while_a_card_is_charged_nobody_is_asked_to_pay(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement)
    sandbox.fault(provider="stripe", method="POST", path="/v1/payment_intents", kind="drop", when="after", times=3)
    with time_machine.travel(DUE, tick=False):
        assert bill_rentals() == {"unknown": 1}
        with pytest.raises(Conflict) as refused:
            open_collection([agreement], amount=D(65), by=agreement.customer)
        assert refused.value.code == "payment_is_checked"
        assert bill_rentals() == {}
        Payment.objects.filter(provider="stripe").update(next_poll_at=DUE)
        poll_payments()
        assert resume_charges() == 1
    assert len(sandbox.captures()) == 1
    assert not Collection.objects.get().waits_for_answer


POINTS = {
    "before the attempt is written": (collecting, "start_payment", lambda deed: cut),
    "before the provider is asked": (collecting, "charge_saved", lambda deed: cut),
    "after it is noted that the provider is asked": (provider_calls, "_mark_asked", after),
    "before the answer is recorded": (provider_calls, "finalise", lambda deed: cut),
    "after the answer is recorded": (provider_calls, "finalise", after),
    "before the customer is told": (collecting, "conclude", lambda deed: cut),
}


@pytest.mark.parametrize("point", POINTS)
def test_the_power_goes_and_the_period_is_captured_once(sandbox, monkeypatch, point):
    agreement = make_agreement()
    keep_card(sandbox, agreement)
    where, name, broken = POINTS[point]
    with time_machine.travel(DUE, tick=False), monkeypatch.context() as patched, pytest.raises(PowerCut):
        patched.setattr(where, name, broken(getattr(where, name)))
        bill_rentals()
    with time_machine.travel(DUE + timedelta(minutes=2), tick=False):
        poll_payments()
        resume_charges()
        bill_rentals()
        resume_charges()
        assert bill_rentals() == {}
    assert len(sandbox.captures()) == 1
    assert LedgerEntry.objects.filter(kind="received").count() == 2
    assert letters() == ["rent_received"]
    assert not Collection.objects.filter(waits_for_answer=True).exists()


def test_several_agreements_are_paid_at_once_and_more_is_kept(sandbox):
    first = make_agreement()
    second = make_agreement()
    Agreement.objects.filter(pk=second.pk).update(customer=first.customer)
    with time_machine.travel(DUE + timedelta(days=1), tick=False):
        collection = open_collection([first, second], amount=D("200.00"), by=first.customer)
        assert dict(collection.parts.values_list("agreement", "amount")) == {first.pk: D(135), second.pk: D(65)}
        pay_bill(collection.bill)
    assert [row.settled for row in second.instalments.all()][:3] == [True, True, False]
    assert [row.settled for row in first.instalments.all()][:4] == [True, True, True, False]
    with time_machine.travel(DUE + timedelta(days=2), tick=False):
        pay_bill(open_collection([second], amount=D("1000.00"), by=first.customer).bill)
    second.refresh_from_db()
    assert (second.state, second.refund_due) == ("completed", D(350))


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "NaN"])
def test_an_impossible_amount_opens_nothing(amount):
    agreement = make_agreement()
    with pytest.raises(Refusal) as refused:
        open_collection([agreement], amount=D(amount), by=agreement.customer)
    assert refused.value.code == "amount_impossible"
    assert not Collection.objects.exists()


def test_nobody_pays_with_anothers_agreement():
    agreement, other = make_agreement(), make_agreement()
    for by in (other.customer, None):
        with pytest.raises(Refusal) as refused:
            open_collection([agreement], amount=D(5), by=by)
        assert refused.value.code == "not_your_agreement"
    assert not Bill.objects.filter(collection__isnull=False).exists()


def test_the_future_is_not_billed():
    make_agreement()
    with time_machine.travel(DUE - timedelta(days=1), tick=False):
        with pytest.raises(Refusal) as refused:
            bill_rentals(as_of=DUE)
        assert refused.value.code == "as_of_in_future"
        with pytest.raises(CommandError, match="never collected early"):
            call_command("bill_rentals", "--as-of", DUE.isoformat())
    assert not Collection.objects.exists()


@time_machine.travel(DUE, tick=False)
def test_the_command_says_what_it_did(capsys):
    make_agreement()
    call_command("bill_rentals")
    assert capsys.readouterr().out == "1 links sent, 1 agreements looked at.\n"
    call_command("bill_rentals", "--as-of", "2026-02-15T09:00")
    assert capsys.readouterr().out == "Nothing was due.\n"
    with pytest.raises(CommandError, match="no instant"):
        call_command("bill_rentals", "--as-of", "soon")
