"""Waiting for an offer on the product page, the links of the letters, and the account's list of them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.tests.factories import make_user
from catalog.models import PriceChange, Unit, Variant, Watch
from catalog.tests.watchers import BACK, DROP, start
from catalog.watching import confirm_watch, notify_watchers, watch_offer
from core import clock
from notifications.models import Email

pytestmark = pytest.mark.django_db
SOLD_OUT, IN_STOCK = "/p/thinkpad-t14/?offer=T14-C-16", "/p/thinkpad-t14/?offer=T14-B-16"


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def ask(client, sku="T14-C-16", kind="back_in_stock", **fields):
    return client.post("/letters/watch/", {"sku": sku, "kind": kind, **fields})


@pytest.fixture
def strict():
    """A browser whose posts need a CSRF token, as in real life."""
    return Client(enforce_csrf_checks=True)


# --- The product page -----------------------------------------------------------------------------------------------


def test_what_is_sold_out_can_be_waited_for_and_what_is_there_can_get_cheaper(shop, visitor):
    gone = text(visitor, SOLD_OUT)
    assert "Tell me when it is back" in gone
    assert 'name="kind" value="back_in_stock"' in gone
    assert 'type="email"' in gone
    there = text(visitor, IN_STOCK)
    assert "Tell me when it gets cheaper" in there
    assert 'name="kind" value="price_drop"' in there
    assert "Tell me when it is back" not in there


def test_without_a_price_there_is_nothing_to_wait_for(shop, visitor):
    Variant.objects.filter(pk=shop.fair.pk).update(price=None)
    assert "/letters/watch/" not in text(visitor, SOLD_OUT)


def test_an_account_is_not_asked_for_its_address_and_sees_what_it_waits_for(shop, customer, dara):
    page = text(customer, SOLD_OUT)
    assert "We write to dara@example.com." in page
    assert 'id="watch-email"' not in page
    answer = ask(customer)
    assert answer["Location"] == SOLD_OUT
    page = text(customer, SOLD_OUT)
    assert "We write to dara@example.com when it is back." in page
    assert "We write to you when it is back." in page
    assert "/letters/watch/" not in page
    assert Watch.objects.get().user == dara
    ask(customer, sku="T14-B-16", kind="price_drop")
    assert "We write to dara@example.com when it costs less." in text(customer, IN_STOCK)


def test_a_guest_reads_the_same_whatever_is_known_about_the_address(shop, dara):
    start(shop.fair, user=dara)
    answers = []
    for email in ("dara@example.com", "new@example.com"):
        client = Client()
        answer = ask(client, email=email)
        assert answer["Location"] == SOLD_OUT
        page = text(client, SOLD_OUT)
        assert "a letter asks whether we may write to you" in page
        answers.append(page.count("new@example.com") + page.count("dara@example.com"))
    assert answers == [0, 0]
    assert list(Email.objects.values_list("kind", "to")) == [("confirm_watch", "new@example.com")]


def test_a_form_of_the_page_carries_its_token(shop, strict):
    assert ask(strict, email="a@example.com").status_code == 403
    token = text(strict, SOLD_OUT).split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert ask(strict, email="a@example.com", csrfmiddlewaretoken=token).status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        {"email": ""},
        {"email": "nobody"},
        {"email": "<script>alert(1)</script>@example.com"},
        {"email": "x" * 5000},
        {"email": "a@example.com", "kind": "everything"},
        {"email": "a@example.com", "kind": ""},
        {"email": "a@example.com\x00"},
    ],
)
def test_what_cannot_stand_is_explained_and_starts_nothing(shop, visitor, fields):
    answer = ask(visitor, **{"kind": "back_in_stock", **fields})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Tell me about it" in page
    assert "One thing needs a look" in page
    assert "<script>alert" not in page
    assert not Watch.objects.exists()
    assert not Email.objects.exists()


@pytest.mark.parametrize("sku", ["", "NOPE", "x" * 5000, "%", "\x00"])
def test_an_offer_that_is_not_there_is_404(shop, visitor, sku):
    assert ask(visitor, sku=sku, email="a@example.com").status_code == 404
    Variant.objects.filter(pk=shop.fair.pk).update(is_offered=False)
    assert ask(visitor, email="a@example.com").status_code == 404
    assert visitor.get("/letters/watch/").status_code == 405
    assert not Watch.objects.exists()


def test_wishes_are_limited_by_address(shop, visitor):
    answers = [ask(visitor, email="x").status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    last = ask(visitor, email="a@example.com")
    assert (last.status_code, Watch.objects.count()) == (429, 0)
    assert "Wait a minute" in last.content.decode()
    cache.clear()
    assert ask(visitor, email="a@example.com").status_code == 302


def test_too_many_wishes_are_told_to_the_account(shop, customer, monkeypatch):
    monkeypatch.setattr("catalog.watching.MOST_WATCHES", 0)
    answer = ask(customer)
    assert answer.status_code == 422
    assert "Stop some of them on your account" in answer.content.decode()


# --- Confirming -----------------------------------------------------------------------------------------------------


def test_opening_the_link_confirms_nothing_and_the_button_does(shop, strict):
    watch_offer(shop.fair, kind=BACK, email="a@example.com", by=None)
    watch = Watch.objects.get()
    address = f"/letters/confirm/{watch.code}/"
    page = text(strict, address)
    assert "Yes, tell me" in page
    assert strict.head(address).status_code == 200
    watch.refresh_from_db()
    assert watch.state == "unconfirmed"
    assert strict.post(address).status_code == 403
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = strict.post(address, {"csrfmiddlewaretoken": token})
    assert "Done. We write to you when it is back." in answer.content.decode()
    watch.refresh_from_db()
    assert watch.state == "active"


@pytest.mark.parametrize("code", ["x", "x" * 32, "x" * 900, "%00", "A" * 40])
def test_a_link_that_is_none_is_told_when_pressed(visitor, code, db):
    assert "Yes, tell me" in text(visitor, f"/letters/confirm/{code}/")
    answer = visitor.post(f"/letters/confirm/{code}/")
    assert answer.status_code == 422
    assert "This link does not work any more." in answer.content.decode()


# --- Stopping -------------------------------------------------------------------------------------------------------


def test_scanners_open_the_link_and_nothing_happens(shop, strict):
    watch = start(shop.fair)
    address = f"/letters/stop/{watch.code}/"
    for _ in range(3):
        assert "Stop these letters" in text(strict, address)
        strict.head(address)
    watch.refresh_from_db()
    assert watch.state == "active"


def test_one_click_in_a_mail_program_stops_without_page_cookie_or_token(shop, strict):
    watch = start(shop.fair)
    answer = strict.post(
        f"/letters/stop/{watch.code}/", "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies
    watch.refresh_from_db()
    assert (watch.state, watch.live_key) == ("stopped", None)


def test_the_answer_is_the_same_for_every_code(shop, customer, dara):
    used, own, others = start(shop.fair), start(shop.fair, user=dara), start(shop.excellent)
    Client().post(f"/letters/stop/{used.code}/")
    codes = (own.code, used.code, others.code, "x" * 32, own.code.swapcase(), "%00", "x" * 900)
    answers = [customer.post(f"/letters/stop/{code}/") for code in codes]
    assert {answer.status_code for answer in answers} == {200}
    pages = {answer.content.decode().split("<main")[1].split("</main>")[0] for answer in answers}
    assert len(pages) == 1
    states = {watch.pk: watch.state for watch in Watch.objects.all()}
    assert states == {used.pk: "stopped", own.pk: "stopped", others.pk: "active"}
    assert Client().post(f"/letters/stop/{others.code}/").status_code == 200
    others.refresh_from_db()
    assert others.state == "stopped"


def test_the_links_in_the_letters_lead_to_these_pages(shop, visitor):
    watch_offer(shop.fair, kind=BACK, email="a@example.com", by=None)
    confirm = Email.objects.get(kind="confirm_watch")
    watch = Watch.objects.get()
    assert f"http://testserver/letters/confirm/{watch.code}/" in confirm.text
    confirm_watch(watch.code)
    Unit.objects.create(variant=shop.fair, state="available")
    notify_watchers()
    letter = Email.objects.get(kind="back_in_stock")
    assert letter.unsubscribe_url == f"http://testserver/letters/stop/{watch.code}/"
    assert "Stop these letters" in text(visitor, letter.unsubscribe_url.removeprefix("http://testserver"))
    assert "http://testserver/p/thinkpad-t14/?offer=T14-C-16" in letter.text


@pytest.mark.parametrize("page", ["confirm", "stop"])
def test_secret_addresses_stay_out_of_search_engines_and_referrers(visitor, page, db):
    html = text(visitor, f"/letters/{page}/{'x' * 32}/")
    assert '<meta name="robots" content="noindex">' in html
    assert '<meta name="referrer" content="same-origin">' in html


# --- The account ----------------------------------------------------------------------------------------------------


def test_the_account_lists_what_it_is_written_to_about_and_stops_it(shop, customer, dara):
    assert "Only about your orders." in text(customer, "/account/")
    back, drop = start(shop.fair, user=dara), start(shop.good, kind=DROP, user=dara)
    other = start(shop.excellent)
    page = text(customer, "/account/")
    assert "When it is back in stock" in page
    assert "When it costs less than $505.00" in page
    assert other.code not in page
    for code in (other.code, "x" * 32, back.code.swapcase(), "%00"):
        assert customer.post(f"/account/letters/{code}/stop/")["Location"] == "/account/"
    assert Watch.objects.filter(state="active").count() == 3
    assert customer.get(f"/account/letters/{back.code}/stop/").status_code == 405
    assert Client().post(f"/account/letters/{back.code}/stop/")["Location"].startswith("/account/login/")
    assert customer.post(f"/account/letters/{back.code}/stop/")["Location"] == "/account/"
    page = text(customer, "/account/")
    assert "We no longer write to you about it." in page
    assert "When it is back in stock" not in page
    drop.refresh_from_db()
    assert drop.state == "active"


def test_what_a_guest_asked_for_with_the_same_address_is_listed_once_confirmed(shop, customer):
    watch_offer(shop.fair, kind=BACK, email="dara@example.com", by=None)
    assert "Only about your orders." in text(customer, "/account/")
    confirm_watch(Watch.objects.get().code)
    assert "When it is back in stock" in text(customer, "/account/")
    customer.post(f"/account/letters/{Watch.objects.get().code}/stop/")
    assert Watch.objects.get().state == "stopped"


@pytest.mark.parametrize("watches", [1, 3])
def test_the_account_page_takes_the_same_queries_for_any_number(
    shop, customer, dara, django_assert_num_queries, watches
):
    for variant in (shop.fair, shop.good, shop.mouse)[:watches]:
        start(variant, user=dara)
    text(customer, "/account/")
    with django_assert_num_queries(10):
        text(customer, "/account/")


def test_an_account_without_a_proven_mailbox_is_asked_for_its_address(shop):
    client = Client()
    client.force_login(make_user("new@example.com", verified=False))
    assert 'id="watch-email"' in text(client, SOLD_OUT)
    ask(client, email="new@example.com")
    assert Watch.objects.get().state == "unconfirmed"


# --- Prices ---------------------------------------------------------------------------------------------------------


def test_a_sale_price_stands_beside_the_lowest_of_30_days(shop, visitor):
    words = "Lowest price of the last 30 days: $490.00"
    now = clock.now()
    for days, price in ((60, "560"), (20, "490"), (10, "560"), (1, "505")):
        PriceChange.objects.create(variant=shop.good, price=Decimal(price), at=now - timedelta(days=days))
    assert words in text(visitor, IN_STOCK)
    assert "Lowest price" not in text(visitor, "/p/thinkpad-t14/?offer=T14-A-16")
    PriceChange.objects.all().delete()
    Variant.objects.filter(pk=shop.good.pk).update(list_price=Decimal("700.00"))
    assert "Lowest price" not in text(visitor, f"{IN_STOCK}&new=1")
