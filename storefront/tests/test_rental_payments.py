"""Paying rent, buying out and handing back, as a browser without script does it."""

import re
from html import unescape

import pytest
import time_machine

from accounts.tests.factories import make_user
from core import clock
from payments.models import Bill, Payment
from rentals.models import Agreement, BuyoutQuote, Collection
from rentals.tests.factories import make_agreement
from rentals.tests.journeys import make_delivered, pay_some

pytestmark = pytest.mark.django_db


@pytest.fixture
def renter(client, sandbox):
    """Somebody with a rental that runs since today, in their browser."""
    (agreement,) = make_delivered(at=clock.now())
    client.force_login(agreement.customer)
    client.home = f"/rentals/{agreement.code}/"
    client.agreement = agreement
    return client


def text(answer):
    return unescape(answer.content.decode())


def test_the_page_offers_what_the_state_allows(renter):
    page = text(renter.get(renter.home))
    for path in ("pay/", "own/", "return/"):
        assert f"{renter.home}{path}" in page
    assert "certificate" not in page


def test_rent_is_paid_ahead_at_the_providers_page(renter):
    assert 'value="65.00"' in text(renter.get(f"{renter.home}pay/"))
    answer = renter.post(f"{renter.home}pay/", {"amount": "130.00"})
    bill = Bill.objects.latest("pk")
    assert answer.url == f"/rentals/pay/{bill.code}/"
    assert "Pay $130.00" in text(renter.get(answer.url))
    begun = renter.post(answer.url, {"method": "card"})
    assert begun.status_code == 303
    payment = Payment.objects.latest("pk")
    assert (payment.amount, payment.saves_method, begun["Location"]) == (130, True, payment.data["url"])


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "Enter how much you want to pay."),
        ("0", "Enter an amount above zero."),
        ("-5", "Enter an amount above zero."),
        ("many", "Enter an amount, such as 65.00."),
    ],
)
def test_an_impossible_amount_is_said_at_its_field(renter, amount, words):
    answer = renter.post(f"{renter.home}pay/", {"amount": amount})
    assert answer.status_code == 422
    assert words in text(answer)
    assert not Collection.objects.exists()


def test_khqr_shows_its_code(renter, sandbox, settings):
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    answer = renter.post(f"{renter.home}pay/", {"amount": "65.00"})
    shown = renter.post(answer.url, {"method": "khqr"}, follow=True)
    assert shown.status_code == 200
    assert "$65.00" in text(shown)
    assert f"{answer.url}check/" in text(shown)


def test_a_bill_is_its_payers_alone(renter, client):
    answer = renter.post(f"{renter.home}pay/", {"amount": "65.00"})
    client.force_login(make_user())
    for page in ("", "paid/", "status/"):
        assert client.get(f"{answer.url}{page}").status_code == 404
    assert client.post(answer.url, {"method": "card"}).status_code == 404
    assert not Payment.objects.filter(bill__code=answer.url.split("/")[3]).exists()


def test_owning_it_asks_for_the_price_that_was_shown(renter):
    page = text(renter.get(f"{renter.home}own/"))
    price = re.search(r'name="price" value="([^"]+)"', page)[1]
    assert price == "535.00"
    answer = renter.post(f"{renter.home}own/", {"price": price})
    collection = Collection.objects.get()
    assert (collection.purpose, collection.bill.amount) == ("buyout", 535)
    assert answer.url == f"/rentals/pay/{collection.bill.code}/"
    assert "To own the machine" in text(renter.get(answer.url))


def test_another_price_buys_nothing(renter):
    answer = renter.post(f"{renter.home}own/", {"price": "1.00"}, follow=True)
    assert "Nothing has been bought yet." in text(answer)
    assert not Collection.objects.exists()
    assert all(quote.amount == 535 for quote in BuyoutQuote.objects.all())


def test_handing_back_stops_the_charges_and_can_be_taken_back(renter):
    assert "From now on nothing is charged." in text(renter.get(f"{renter.home}return/"))
    answer = renter.post(f"{renter.home}return/", {"reason": "too small"}, follow=True)
    assert "Nothing more is charged" in text(answer)
    assert Agreement.objects.get().state == "return_pending"
    assert "It stays with you." in text(renter.post(f"{renter.home}keep/", follow=True))
    assert Agreement.objects.get().state == "active"


def test_the_certificate_names_machine_and_owner(renter):
    pay_some(renter.agreement, "715.00")
    page = text(renter.get(renter.home))
    assert "It is yours since" in page
    answer = renter.get(f"{renter.home}certificate/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_there_is_no_certificate_before_it_is_owned(renter):
    assert renter.get(f"{renter.home}certificate/").status_code == 404


def test_what_cannot_be_done_leads_back_with_a_word(client, db):
    agreement = make_agreement()
    Agreement.objects.filter(pk=agreement.pk).update(state="cancelled", live_unit=None)
    client.force_login(agreement.customer)
    with time_machine.travel(clock.now(), tick=False):
        for page, words in (
            ("pay/", "There is nothing to pay"),
            ("own/", "cannot be bought out"),
            ("return/", "cannot be handed back"),
        ):
            assert words in text(client.get(f"/rentals/{agreement.code}/{page}", follow=True))
