"""The cards of an account: seen, made the default, removed, and kept only by the customer's own tick."""

import pytest
import time_machine
from django.test import Client

from orders.guest_access import order_token
from orders.models import Order
from orders.tests.factories import make_order
from payments.models import Payment, SavedMethod
from storefront.tests.factories import checkout_form, fill_cart, queries_of
from storefront.tests.test_paying import pay_on_page

pytestmark = pytest.mark.django_db
PAGE = "/account/cards/"
CONSENT = 'name="saves_card"'


@pytest.fixture
def owner(dara):
    """The person behind the browser `customer`."""
    return dara


def make_card(user, name, **values):
    facts = {"provider": "stripe", "customer_id": "cus_1", "brand": "visa", "last4": "4242", **values}
    return SavedMethod.objects.create(user=user, method_id=name, **facts)


def test_cards_are_listed_with_their_end(customer, owner):
    make_card(owner, "pm_1", expires_month=12, expires_year=2026, default_of=owner)
    make_card(owner, "pm_2", brand="mastercard", last4="5454", expires_month=10, expires_year=2026)
    make_card(owner, "pm_3", brand="", last4="1111")
    with time_machine.travel("2026-11-21T03:00:00Z", tick=False):
        customer.force_login(owner)
        page = customer.get(PAGE).content.decode()
    first, second, third = page.split('<li class="panel')[1:]
    for words in ("Visa ending in 4242", "Good until December 2026", "Used for later charges", "Expires soon"):
        assert words in first
    for words in ("Card ending in 1111", "End not recorded", "Use this one"):
        assert words in second
    for words in ("Mastercard ending in 5454", "Ended with October 2026", "Expired", "Save a newer card"):
        assert words in third
    assert "Use this one" not in first + third


def test_an_account_without_cards_is_told_how_to_keep_one(customer):
    assert "No card saved" in customer.get(PAGE).content.decode()
    assert "None saved yet." in customer.get("/account/").content.decode()


def test_a_card_that_ends_soon_is_seen_on_the_account_page(customer, owner):
    make_card(owner, "pm_1", expires_month=12, expires_year=2026, default_of=owner)
    with time_machine.travel("2026-11-21T03:00:00Z", tick=False):
        customer.force_login(owner)
        page = customer.get("/account/").content.decode()
    assert "Visa ending in 4242" in page
    assert "Expires soon" in page


def test_another_card_becomes_the_default(customer, owner):
    make_card(owner, "pm_1", default_of=owner)
    make_card(owner, "pm_2")
    assert customer.post(f"{PAGE}pm_2/default/")["Location"] == PAGE
    assert SavedMethod.objects.get(default_of=owner).method_id == "pm_2"


def test_a_silent_provider_keeps_the_card_and_says_so(sandbox, customer, owner):
    make_card(owner, "pm_1", default_of=owner)
    sandbox.fault(provider="stripe", path="/v1/payment_methods/*", kind="status", status=500)
    page = customer.post(f"{PAGE}pm_1/remove/", follow=True).content.decode()
    assert "The card could not be removed just now." in page
    assert "Visa ending in 4242" in page


def test_cards_of_others_are_neither_seen_nor_touched(customer, visitor, django_user_model):
    make_card(django_user_model.objects.create_user("other@example.com"), "pm_1")
    assert "4242" not in customer.get(PAGE).content.decode()
    for deed in ("remove", "default"):
        assert customer.post(f"{PAGE}pm_1/{deed}/").status_code == 404
        assert customer.get(f"{PAGE}pm_1/{deed}/").status_code == 405
        assert visitor.post(f"{PAGE}pm_1/{deed}/")["Location"].startswith("/account/login/")
    assert SavedMethod.objects.get().detached_at is None


def test_the_list_costs_the_same_for_one_and_three(customer, owner):
    make_card(owner, "pm_1")
    customer.get(PAGE)  # the departments of the header are kept
    once = queries_of(customer, PAGE)
    make_card(owner, "pm_2")
    make_card(owner, "pm_3")
    assert queries_of(customer, PAGE) == once


# --- Consent --------------------------------------------------------------------------------------------------------


def order_by_card(client, shop, **changes):
    fill_cart(client, (shop.excellent, 1))
    answer = client.post("/checkout/", checkout_form(client, payment_method="card", **changes))
    assert answer.status_code == 303
    return answer["Location"]


def test_without_a_tick_no_card_is_kept(sandbox, shop, customer):
    fill_cart(customer, (shop.excellent, 1))
    assert CONSENT in customer.get("/checkout/").content.decode()
    customer.get(pay_on_page(sandbox, order_by_card(customer, shop)))
    assert (Payment.objects.get().saves_method, SavedMethod.objects.count()) == (False, 0)


def test_with_a_tick_the_card_is_kept(sandbox, shop, customer, owner):
    customer.get(pay_on_page(sandbox, order_by_card(customer, shop, saves_card="yes")))
    card = SavedMethod.objects.get()
    assert (card.user, card.default_of, card.last4) == (owner, owner, "4242")
    assert "Visa ending in 4242" in customer.get(PAGE).content.decode()


def test_a_tick_is_remembered_while_one_chooses_again(sandbox, shop, customer):
    order_by_card(customer, shop, saves_card="yes")
    order = Order.objects.get()
    assert f'{CONSENT} value="yes" checked' in customer.get(f"/orders/{order.code}/pay/").content.decode()
    customer.post(f"/orders/{order.code}/pay/", {"method": "card"})
    assert [payment.saves_method for payment in Payment.objects.order_by("pk")] == [True, False]
    assert "checked><span><b>Save this card" not in customer.get(f"/orders/{order.code}/pay/").content.decode()


def test_a_tick_beside_another_way_keeps_nothing(sandbox, settings, customer, owner):
    settings.BANK_TRANSFER_INSTRUCTIONS = "ABA"
    order = make_order(user=owner, payment_method="card")
    customer.post(f"/orders/{order.code}/pay/", {"method": "bank_transfer", "saves_card": "yes"})
    assert Payment.objects.get().saves_method is False


def test_guests_are_not_asked_and_their_tick_is_refused(sandbox, shop, visitor):
    fill_cart(visitor, (shop.excellent, 1))
    assert CONSENT not in visitor.get("/checkout/").content.decode()
    order = make_order(payment_method="card")
    path = f"/orders/view/{order_token(order)}/pay/"
    assert CONSENT not in visitor.get(path).content.decode()
    page = visitor.post(path, {"method": "card", "saves_card": "yes"}, follow=True).content.decode()
    assert "A card can be kept for an account only." in page
    assert Payment.objects.count() == 0


def test_an_api_client_passes_the_customers_word_on(sandbox, owner):
    order = make_order(user=owner, payment_method="card")
    api = Client(headers={"Idempotency-Key": "f3c1a6b2-1"})
    api.force_login(owner)
    told = {"method": "card", "saves_card": True}
    answer = api.post(f"/api/v1/orders/{order.code}/payments/", told, content_type="application/json")
    assert (answer.status_code, Payment.objects.get().saves_method) == (201, True)
