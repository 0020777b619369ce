"""Pay an order on the web, without JavaScript: to the provider's page and back, whatever happens on the way."""

import re

import pytest

from notifications.models import Email
from orders.guest_access import order_token
from orders.models import Order
from orders.tests.factories import make_order
from payments.models import Payment
from payments.polling import poll_payments
from sandbox.tests.running import path_of
from sandbox.tests.selling import ALWAYS_3DS, CARD, DECLINED, VISA
from storefront.tests.factories import checkout_form, fill_cart

pytestmark = pytest.mark.django_db


def order_by_card(visitor, shop):
    """Place an order by card; return the order and where the browser is led."""
    fill_cart(visitor, (shop.excellent, 1))
    answer = visitor.post("/checkout/", checkout_form(visitor, payment_method="card"))
    return Order.objects.get(), answer


def pay_on_page(sandbox, url, number=VISA):
    """Pay on the provider's page; return the shop's path that it leads back to."""
    answer = sandbox.post(url, **CARD, number=number)
    return path_of(answer.location) if answer.status == 303 else answer


def test_without_keys_no_card_is_offered(shop, visitor):
    fill_cart(visitor, (shop.excellent, 1))
    page = visitor.get("/checkout/").content.decode()
    assert 'value="card"' not in page
    answer = visitor.post("/checkout/", checkout_form(visitor, payment_method="card"))
    assert answer.status_code == 409
    assert Order.objects.count() == 0


def test_a_guest_pays_by_card_and_sees_the_order_paid(sandbox, shop, visitor):
    order, answer = order_by_card(visitor, shop)
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{sandbox.url}/pay/cs_test_")
    assert answer.cookies["cart"].value == ""
    back = pay_on_page(sandbox, answer["Location"])
    assert re.fullmatch(r"/orders/view/[\w:-]+/paid/", back)
    landed = visitor.get(back, follow=True)
    assert landed.status_code == 200
    page = landed.content.decode()
    assert "Thank you. Your payment has arrived." in page
    assert "$602.00" in page
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert Email.objects.filter(kind="order_confirmed").count() == 1
    assert visitor.get(back)["Location"] == f"/orders/view/{back.split('/')[3]}/"
    assert len(sandbox.captures()) == 1


def test_an_account_pays_after_three_d_secure(sandbox, shop, customer):
    fill_cart(customer, (shop.excellent, 1))
    answer = customer.post("/checkout/", checkout_form(customer, payment_method="card"))
    challenge = sandbox.post(answer["Location"], **CARD, number=ALWAYS_3DS).location
    back = path_of(sandbox.post(challenge, answer="pass").location)
    order = Order.objects.get()
    assert back == f"/orders/{order.code}/paid/"
    assert "Your payment has arrived" in customer.get(back, follow=True).content.decode()


def test_pressing_the_button_twice_leads_to_one_page_and_one_capture(sandbox, shop, visitor):
    fill_cart(visitor, (shop.excellent, 1))
    form = checkout_form(visitor, payment_method="card")
    places = {visitor.post("/checkout/", form)["Location"] for _ in range(3)}
    assert len(places) == 1
    assert Order.objects.count() == Payment.objects.count() == 1


def test_a_declined_card_says_what_to_do_and_another_pays(sandbox, shop, visitor):
    order, answer = order_by_card(visitor, shop)
    assert pay_on_page(sandbox, answer["Location"], DECLINED).status == 402
    token = order_token(order)
    page = visitor.post(f"/orders/view/{token}/pay/check/", follow=True).content.decode()
    assert "Your bank did not accept the card." in page
    assert 'value="card" checked' in page
    again = visitor.post(f"/orders/view/{token}/pay/", {"method": "card"})
    assert again["Location"] == answer["Location"]
    visitor.get(pay_on_page(sandbox, again["Location"]))
    order.refresh_from_db()
    assert order.state == "confirmed"


def test_an_unknown_outcome_is_being_checked_and_nobody_can_pay_again(sandbox, shop, visitor):
    order, answer = order_by_card(visitor, shop)
    back = pay_on_page(sandbox, answer["Location"])
    sandbox.fault(provider="stripe", path="/v1/*", kind="status", status=500)
    page = visitor.get(back, follow=True).content.decode()
    assert "<h1>Checking your payment</h1>" in page
    assert 'name="method"' not in page
    assert "Go on to pay" not in page
    token = order_token(order)
    shown = visitor.get(f"/orders/view/{token}/").content.decode()
    assert "We are asking the bank how your payment stands." in shown
    assert "Pay now" not in shown
    refused = visitor.post(f"/orders/view/{token}/pay/", {"method": "bank_transfer"}, follow=True).content.decode()
    assert "you need not pay again" in refused
    assert "<h1>Checking your payment</h1>" in refused
    assert visitor.get(f"/orders/view/{token}/pay/status/").status_code == 204
    sandbox.control("DELETE", "faults")
    Payment.objects.update(next_poll_at=Payment.objects.get().started_at)
    poll_payments()
    told = visitor.get(f"/orders/view/{token}/pay/status/")
    assert (told.status_code, told["HX-Refresh"]) == (286, "true")
    assert visitor.get(f"/orders/view/{token}/pay/").status_code == 302
    assert len(sandbox.captures()) == 1


def test_a_lost_first_answer_is_being_checked(sandbox, shop, visitor):
    sandbox.fault(provider="stripe", method="POST", path="/v1/checkout/sessions", kind="drop", when="after", times=3)
    order, answer = order_by_card(visitor, shop)
    assert answer["Location"].endswith("/pay/")
    assert "<h1>Checking your payment</h1>" in visitor.get(answer["Location"]).content.decode()
    assert order.state == "pending"


def test_coming_back_without_having_paid_proves_nothing(sandbox, shop, visitor):
    order, _ = order_by_card(visitor, shop)
    page = visitor.get(f"/orders/view/{order_token(order)}/paid/", follow=True).content.decode()
    assert "How would you like to pay?" in page
    order.refresh_from_db()
    assert order.state == "pending"


def test_an_order_by_transfer_can_be_paid_by_card_instead(sandbox, visitor):
    order = make_order()
    token = order_token(order)
    assert "Pay another way" in visitor.get(f"/orders/view/{token}/").content.decode()
    answer = visitor.post(f"/orders/view/{token}/pay/", {"method": "card"})
    assert answer.status_code == 303
    page = visitor.get(f"/orders/view/{token}/").content.decode()
    assert "Pay now" in page
    assert "Write the reference into the transfer" not in page


@pytest.mark.parametrize("method", ["", "cash_on_delivery", "paypal", "khqr", "card' OR 1"])
def test_ways_that_do_not_fit_are_refused(sandbox, visitor, method):
    order = make_order(payment_method="card")
    answer = visitor.post(f"/orders/view/{order_token(order)}/pay/", {"method": method}, follow=True)
    assert "This way of paying is not available." in answer.content.decode()
    assert Payment.objects.count() == 0


def test_orders_of_others_cannot_be_paid_or_seen(sandbox, customer):
    order = make_order(payment_method="card")
    for page in ("pay/", "paid/", "pay/status/"):
        assert customer.get(f"/orders/{order.code}/{page}").status_code == 404
        assert customer.get(f"/orders/view/nonsense/{page}").status_code == 404
    assert customer.post(f"/orders/{order.code}/pay/check/").status_code == 404


def test_a_page_of_a_paid_order_leads_to_the_order(sandbox, visitor):
    order = make_order(payment_method="cash_on_delivery")
    token = order_token(order)
    assert visitor.get(f"/orders/view/{token}/pay/")["Location"] == f"/orders/view/{token}/"
    assert visitor.post(f"/orders/view/{token}/pay/", {"method": "card"})["Location"] == f"/orders/view/{token}/"
    assert Payment.objects.filter(method="card").count() == 0
