"""Renting from the product page to the signed agreement, as a browser without script does it."""

import re
from decimal import Decimal as D
from html import unescape

import pytest
import time_machine
from django.shortcuts import redirect

from accounts.tests.factories import make_user
from catalog.models import RentalPlan
from catalog.tests.factories import make_units
from orders.models import Order
from payments.models import Bill
from rentals.disclosing import disclosure_of
from rentals.models import Agreement
from rentals.plans import publish_plan, set_price, unpublish_plan
from rentals.tests.factories import make_agreement, make_draft, make_rental_policy
from storefront.tests.factories import checkout_form

pytestmark = pytest.mark.django_db
T14 = "/p/thinkpad-t14/"
PRICES = {3: "215.00", 6: "115.00", 12: "65.00"}


@pytest.fixture(autouse=True)
def _providers(settings):
    """Cards and KHQR are set up; nothing is asked of them here."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "sk_test_x", ["whsec_x"]


@pytest.fixture
def plans(shop):
    """Offer the excellent laptop for 3, 6 and 12 months."""
    found = {}
    for months, monthly in PRICES.items():
        found[months] = publish_plan(
            set_price(shop.excellent, months=months, monthly_price=D(monthly), by=None), by=None
        )
    return found


def text(browser, address):
    """Return a page that answers 200, with its entities read."""
    answer = browser.get(address)
    assert answer.status_code == 200
    return said(answer)


def rent(browser, *, months="12", sku="T14-A-16", follow=True):
    return browser.post("/cart/add/", {"sku": sku, "months": months}, follow=follow)


def said(answer):
    return unescape(answer.content.decode())


@time_machine.travel("2026-11-21T05:00:00+00:00", tick=False)
def test_the_page_shows_both_prices_and_every_number_of_the_calculator(shop, plans, visitor):
    page = text(visitor, f"{T14}?offer=T14-A-16")
    for words in ("$65.00 a month", "$780.00 to own", "$180.00 more than the cash price", "12 payments of $65.00."):
        assert words in page
    for own, finish in (("$535.00", "$715.00"), ("$405.00", "$585.00"), ("$400.00", "$520.00"), ("$0.00", "$0.00")):
        assert f'<b>{own}</b></td><td class="num">{finish}' in page
    assert "from $405.00 to $450.00" in page  # the day after the first 90 days
    assert re.search(r'id="way-buy"[^>]* checked', page)
    assert re.search(r'id="term-12"[^>]* checked', page)


def test_the_address_chooses_renting_and_its_term(shop, plans, visitor):
    page = text(visitor, f"{T14}?offer=T14-A-16&months=6")
    assert re.search(r'id="way-rent"[^>]* checked', page)
    assert re.search(r'id="term-6"[^>]* checked', page)
    assert re.search(r'id="way-buy"[^>]* checked', text(visitor, f"{T14}?offer=T14-A-16&months=9"))


def test_what_the_policy_forbids_is_not_shown(shop, plans, visitor):
    make_rental_policy(max_total_to_cash_ratio="1.20")
    page = text(visitor, f"{T14}?offer=T14-A-16")
    assert 'id="term-6"' in page
    assert 'id="term-12"' not in page
    unpublish_plan(plans[6], by=None, reason="test")
    unpublish_plan(plans[3], by=None, reason="test")
    assert "Rent to own" not in text(visitor, f"{T14}?offer=T14-A-16")


def test_programs_read_the_same_numbers(shop, plans, visitor):
    page = text(visitor, f"{T14}?offer=T14-A-16")
    assert '"businessFunction": "http://purl.org/goodrelations/v1#LeaseOut"' in page
    assert '"billingDuration": 12' in page


def test_a_rented_and_a_bought_line_stand_apart(shop, plans, visitor):
    rent(visitor)
    visitor.post("/cart/add/", {"sku": "M500"})
    page = text(visitor, "/cart/")
    assert "You rent to own" in page
    assert "12 × $65.00 = <b>$780.00 to own</b>" in page
    assert "$79.00" in page  # 65 + 12 + 2 for the courier: today
    assert "$794.00" in page  # and in the end
    assert "11 times from about" in page


def test_a_line_changes_its_term_and_is_bought_instead(shop, plans, visitor):
    rent(visitor)
    code = re.search(r"/cart/lines/([^/]+)/term/", text(visitor, "/cart/"))[1]
    assert "6 × $115.00" in said(visitor.post(f"/cart/lines/{code}/term/", {"months": "6", "do": "rent"}, follow=True))
    bought = said(visitor.post(f"/cart/lines/{code}/term/", {"do": "buy"}, follow=True))
    assert "You rent to own" not in bought
    assert "$602.00" in bought


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"do": "rent", "months": "9"}, "9 is not one of the available choices"),
        ({"do": "rent"}, "Choose for how long."),
        ({}, "This field is required."),
    ],
)
def test_an_impossible_term_changes_nothing(shop, plans, visitor, posted, words):
    rent(visitor)
    code = re.search(r"/cart/lines/([^/]+)/term/", text(visitor, "/cart/"))[1]
    page = said(visitor.post(f"/cart/lines/{code}/term/", posted, follow=True))
    assert words in page
    assert "12 × $65.00" in page


def test_a_machine_that_is_not_rented_out_is_not_put_into_the_cart(shop, plans, visitor):
    assert "not offered on that rental plan" in said(rent(visitor, sku="T14-A-32"))
    assert "not offered on that rental plan" in said(rent(visitor, months="9"))
    assert "Your cart is empty" in text(visitor, "/cart/")


def test_a_plan_that_ends_meanwhile_is_said_in_cart_and_checkout(shop, plans, visitor):
    rent(visitor)
    unpublish_plan(plans[12], by=None, reason="test")
    page = text(visitor, "/cart/")
    assert "No longer rented out on this plan." in page
    assert "Change the marked lines first." in page


def test_a_guest_is_told_kindly_and_the_cart_is_kept(shop, plans, visitor):
    rent(visitor)
    page = text(visitor, "/checkout/")
    assert "Renting needs an account with a confirmed e-mail address." in page
    answer = visitor.post("/checkout/", checkout_form(visitor, payment_method="card"))
    assert answer.status_code == 409
    assert "Your cart is kept." in said(answer)
    assert not Order.objects.exists()
    assert "You rent to own" in text(visitor, "/cart/")


def test_rent_is_paid_by_card_or_khqr_only(shop, plans, customer, settings):
    settings.BANK_TRANSFER_INSTRUCTIONS = "ABA 000"
    rent(customer)
    page = text(customer, "/checkout/")
    assert 'value="card"' in page
    assert 'value="bank_transfer"' not in page
    answer = customer.post("/checkout/", checkout_form(customer, payment_method="bank_transfer"))
    assert answer.status_code == 409
    assert "does not fit the order" in said(answer)
    assert not Order.objects.exists()


def place(browser):
    """Order what lies in the cart; return the agreement to sign and the answer."""
    answer = browser.post("/checkout/", checkout_form(browser, payment_method="card"))
    assert answer.status_code == 302
    return Agreement.objects.order_by("pk").first(), answer


def test_placing_leads_to_the_agreement_and_nothing_is_paid_before(shop, plans, customer):
    rent(customer)
    agreement, answer = place(customer)
    assert answer.url == f"/rentals/{agreement.code}/sign/"
    assert Bill.objects.get().state == "withheld"
    page = text(customer, answer.url)
    for item in disclosure_of(agreement).items:
        assert item.title in page
    assert "read the agreement" in page
    assert f"/rentals/{agreement.code}/sign/" in text(customer, f"/orders/{Order.objects.get().code}/")


def sign_form(browser, agreement, **changes):
    page = text(browser, f"/rentals/{agreement.code}/sign/")
    contract = re.search(r'name="contract" value="([0-9a-f]{64})"', page)[1]
    return {"contract": contract, "has_read": "on", "name": "Dara Sok", **changes}


def test_signing_stores_who_when_whence_and_what(shop, plans, customer, monkeypatch):
    monkeypatch.setattr("storefront.views.rentals.lead_to_payment", _go_to("/paid-here/"))
    rent(customer)
    agreement, _answer = place(customer)
    form = sign_form(customer, agreement)
    answer = customer.post(f"/rentals/{agreement.code}/sign/", form, headers={"user-agent": "Firefox/140"})
    assert (answer.status_code, answer.url) == (302, "/paid-here/")
    agreement.refresh_from_db()
    assert (agreement.state, agreement.signed_name, agreement.signed_ip) == (
        "pending_payment",
        "Dara Sok",
        "127.0.0.1",
    )
    assert (agreement.signed_user_agent, agreement.text_version) == ("Firefox/140", "en-1")
    assert agreement.contract_sha256 == form["contract"]
    assert Bill.objects.get().state == "open"
    pdf = customer.get(f"/rentals/{agreement.code}/contract.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"name": " "}, 422, "Type your name to sign."),
        ({"has_read": ""}, 422, "Tick that you have read the agreement"),
        ({"contract": "0" * 64}, 409, "Please read it again"),
        ({"contract": ""}, 409, "Please read it again"),
    ],
)
def test_what_is_not_signed_properly_is_not_signed(shop, plans, customer, changes, status, words):
    rent(customer)
    agreement, _answer = place(customer)
    answer = customer.post(f"/rentals/{agreement.code}/sign/", sign_form(customer, agreement, **changes))
    assert answer.status_code == status
    assert words in said(answer)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.signed_at, agreement.contract_sha256) == ("draft", None, "")
    assert Bill.objects.get().state == "withheld"


def test_each_machine_has_its_own_agreement_and_the_last_opens_the_bill(shop, plans, customer, monkeypatch):
    monkeypatch.setattr("storefront.views.rentals.lead_to_payment", _go_to("/paid-here/"))
    rent(customer)
    rent(customer)
    place(customer)
    first, second = Agreement.objects.order_by("position")
    assert "1 of 2 to sign" in text(customer, f"/rentals/{first.code}/sign/")
    answer = customer.post(f"/rentals/{first.code}/sign/", sign_form(customer, first))
    assert answer.url == f"/rentals/{second.code}/sign/"
    assert Bill.objects.get().state == "withheld"
    answer = customer.post(f"/rentals/{second.code}/sign/", sign_form(customer, second))
    assert answer.url == "/paid-here/"
    assert Bill.objects.get().state == "open"


def test_a_second_signature_changes_nothing(shop, plans, customer, monkeypatch):
    monkeypatch.setattr("storefront.views.rentals.lead_to_payment", _go_to("/paid-here/"))
    rent(customer)
    agreement, _answer = place(customer)
    form = sign_form(customer, agreement)
    customer.post(f"/rentals/{agreement.code}/sign/", form)
    signed = Agreement.objects.get().signed_at
    assert customer.post(f"/rentals/{agreement.code}/sign/", {**form, "name": "Somebody"}).url == "/paid-here/"
    agreement.refresh_from_db()
    assert (agreement.signed_at, agreement.signed_name) == (signed, "Dara Sok")


PAGES = ("", "sign/", "contract.pdf", "statement/", "statement.pdf", "due-dates.ics")


@pytest.mark.parametrize("page", PAGES)
def test_another_persons_rental_is_not_found(customer, visitor, page):
    agreement = make_agreement()
    assert customer.get(f"/rentals/{agreement.code}/{page}").status_code == 404
    assert visitor.get(f"/rentals/{agreement.code}/{page}").status_code == 302


def _go_to(path):
    return lambda *args, **kwargs: redirect(path)


@pytest.fixture
def renter(client):
    """Somebody with a rental that runs since 15 January 2026, in their browser."""
    agreement = make_agreement()
    client.force_login(agreement.customer)
    client.agreement = agreement
    return client


@time_machine.travel("2026-01-20T05:00:00+00:00", tick=False)
def test_the_page_of_a_rental_says_both_numbers(renter):
    page = text(renter, f"/rentals/{renter.agreement.code}/")
    for words in ("1 of 12 payments made", "$65.00", "$715.00", "Own it today for", "$535.00", "15 February 2026"):
        assert words in page
    assert renter.agreement.code in text(renter, "/rentals/")
    assert renter.agreement.code in text(renter, "/account/")


@time_machine.travel("2026-03-01T05:00:00+00:00", tick=False)
def test_what_is_late_is_said_whether_the_clock_came_by_or_not(renter):
    for path in (f"/rentals/{renter.agreement.code}/", "/rentals/"):
        page = text(renter, path)
        assert "Payment overdue" in page
        assert "Up to date" not in page
    assert "$65.00 is overdue." in text(renter, f"/rentals/{renter.agreement.code}/")


def test_the_statement_lists_every_movement(renter):
    page = text(renter, f"/rentals/{renter.agreement.code}/statement/")
    assert "Your payment arrived" in page
    assert "Paid: payment 1" in page


@time_machine.travel("2026-01-20T05:00:00+00:00", tick=False)
def test_due_dates_fit_a_calendar(renter):
    answer = renter.get(f"/rentals/{renter.agreement.code}/due-dates.ics")
    calendar = answer.content.decode()
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert calendar.count("BEGIN:VEVENT") == 11
    assert "DTSTART;VALUE=DATE:20260215\r\n" in calendar
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))


def test_a_draft_leads_to_its_signature(client):
    agreement = make_draft()
    client.force_login(agreement.customer)
    assert client.get(f"/rentals/{agreement.code}/").url == f"/rentals/{agreement.code}/sign/"


def test_the_page_about_renting_works_its_example_out(client, db):
    page = text(client, "/rent-to-own/")
    for words in ("12 payments of", "$65.00", "$780.00", "$180.00", "$535.00"):
        assert words in page


@pytest.mark.parametrize("rentals", [1, 3])
def test_the_lists_take_the_same_queries_for_any_number(client, django_assert_num_queries, rentals):
    user = make_user()
    for _ in range(rentals):
        agreement = make_agreement()
        Agreement.objects.filter(pk=agreement.pk).update(customer=user)
    client.force_login(user)
    text(client, "/rentals/")
    with django_assert_num_queries(9):
        text(client, "/rentals/")


def test_a_rental_sold_out_has_no_button(shop, plans, visitor):
    shop.excellent.units.all().delete()
    make_units(shop.excellent, quantity=1, state="testing")
    page = text(visitor, f"{T14}?offer=T14-A-16&months=12")
    assert RentalPlan.objects.filter(is_published=True).count() == 3
    assert ">Rent to own</button>" not in page
