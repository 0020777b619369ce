"""Owning it now: what was promised holds, what came is priced anew, and ownership passes once, with the machine."""

from datetime import datetime
from decimal import Decimal as D

import pytest
import time_machine

from accounts.tests.factories import make_user
from catalog.models import Unit
from core.refusals import Conflict, Refusal
from notifications.models import Email
from payments.models import Bill, Payment
from rentals.buyout import quote_buyout, start_buyout
from rentals.collecting import bill_rentals
from rentals.models import Agreement, BuyoutQuote, Collection, LedgerEntry
from rentals.rules import lease as rules
from rentals.tests.factories import advance
from rentals.tests.journeys import keep_card, make_delivered, pay_bill, pay_some

pytestmark = pytest.mark.django_db


def at(day, clock="10:00:00"):
    return time_machine.travel(datetime.fromisoformat(f"{day}T{clock}+07:00"), tick=False)


def months_paid(number):
    """Return an agreement with so many months paid, each on its day."""
    (agreement,) = make_delivered()
    for month in range(2, number + 1):
        with at(f"2026-{month:02}-15"):
            pay_some(agreement, "65.00")
    return Agreement.objects.get()


def test_in_month_five_it_costs_what_the_quote_says():
    agreement = months_paid(5)
    with at("2026-05-20"):
        quote = quote_buyout(agreement, by=agreement.customer)
        collection = start_buyout(quote, by=agreement.customer)
        assert start_buyout(quote, by=agreement.customer) == collection
        pay_bill(collection.bill)
    agreement.refresh_from_db()
    assert (quote.amount, agreement.state, str(agreement.owned_since)) == (D(350), "bought_out", "2026-05-20")
    assert (agreement.live_unit, agreement.unit.state) == (None, "sold")
    assert LedgerEntry.objects.filter(kind="waived").count() == 3
    assert sum(LedgerEntry.objects.filter(kind="waived").values_list("amount", flat=True)) == D(105)
    assert Email.objects.filter(kind="rental_yours").count() == 1
    with at("2026-06-15"):
        assert bill_rentals() == {}


def test_the_last_payment_makes_it_theirs():
    agreement = months_paid(5)
    with at("2026-05-20"):
        pay_some(agreement, "455.00")
    agreement.refresh_from_db()
    assert (agreement.state, agreement.unit.state, agreement.refund_due) == ("completed", "sold", D(0))
    assert "made the last payment" in Email.objects.get(kind="rental_yours").text


def test_while_it_is_being_bought_nothing_is_charged(sandbox):
    agreement = months_paid(2)
    keep_card(sandbox, agreement)
    with at("2026-03-14"):
        collection = start_buyout(quote_buyout(agreement, by=agreement.customer), by=agreement.customer)
        attempt = Payment.objects.get(pk=_begun(collection, agreement).pk)
    with at("2026-03-15"):
        assert bill_rentals() == {}
        Payment.objects.filter(pk=attempt.pk).update(live_bill=None)
        assert bill_rentals() == {"charged": 1}


def _begun(collection, agreement):
    from payments.billing import start_payment

    return start_payment(collection.bill, method="card", by=agreement.customer)


def test_a_stale_quote_is_refused():
    agreement = months_paid(5)
    with at("2026-05-20"):
        quote = quote_buyout(agreement, by=agreement.customer)
        pay_some(agreement, "10.00")
        with pytest.raises(Conflict) as refused:
            start_buyout(quote, by=agreement.customer)
        assert refused.value.code == "quote_stale"
        fresh = quote_buyout(agreement, by=agreement.customer)
    with at("2026-05-21", "10:00:00"), pytest.raises(Conflict) as refused:
        start_buyout(fresh, by=agreement.customer)
    assert refused.value.code == "quote_stale"
    with at("2026-05-21", "09:45:00"), pytest.raises(Conflict) as refused:
        start_buyout(fresh, by=agreement.customer)
    assert refused.value.code == "quote_ends_soon"
    assert not Bill.objects.filter(collection__purpose="buyout").exists()
    assert BuyoutQuote.objects.filter(bill__isnull=False).count() == 0


def test_more_than_todays_price_buys_it_and_the_rest_goes_back():
    agreement = months_paid(5)
    with at("2026-05-20"):
        collection = start_buyout(quote_buyout(agreement, by=agreement.customer), by=agreement.customer)
        advance(agreement, rules.pay, D(65), payment="came first", on=datetime(2026, 5, 20).date())
        pay_bill(collection.bill)
    agreement.refresh_from_db()
    # Another month came first, so owning costs 300: 50 of the 350 go back.
    assert (agreement.state, agreement.refund_due) == ("bought_out", D(50))


def test_less_than_todays_price_is_rent():
    agreement = months_paid(3)
    with at("2026-04-14"):
        collection = start_buyout(quote_buyout(agreement, by=agreement.customer), by=agreement.customer)
        assert collection.bill.amount == D(405)
    # Same as cash is over, and a payment has fallen due.
    with at("2026-04-17"):
        pay_bill(collection.bill)
    agreement.refresh_from_db()
    assert (agreement.state, Unit.objects.get().state) == ("active", "on_rent")
    assert [row.settled for row in agreement.instalments.all()] == [True] * 9 + [False] * 3


@pytest.mark.parametrize("who", [lambda: None, make_user])
def test_nobody_else_buys_it(who):
    agreement = months_paid(2)
    with at("2026-02-20"):
        quote = quote_buyout(agreement, by=agreement.customer)
        with pytest.raises(Refusal) as refused:
            start_buyout(quote, by=who())
    assert refused.value.code == "not_your_agreement"
    assert not Collection.objects.filter(purpose="buyout").exists()


def test_what_is_not_running_cannot_be_bought():
    agreement = months_paid(2)
    with at("2026-02-20"):
        advance(agreement, rules.ask_return)
        with pytest.raises(Conflict) as refused:
            quote_buyout(agreement, by=agreement.customer)
    assert refused.value.code == "cannot_buy_out"
    assert not BuyoutQuote.objects.exists()
