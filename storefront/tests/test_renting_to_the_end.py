"""One rental the whole way through the pages: cart, signature, card, delivery, a payment ahead, buy-out, papers."""

import re
from html import unescape

import pytest

from orders.fulfilment import confirm_delivery, dispatch
from orders.models import Order
from payments.models import Payment, SavedMethod
from rentals.models import Agreement
from rentals.plans import publish_plan
from rentals.tests.factories import make_plan
from sandbox.tests.running import path_of
from sandbox.tests.selling import CARD, VISA
from storefront.tests.factories import checkout_form

pytestmark = pytest.mark.django_db


def text(answer):
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def pay_there(sandbox, browser, answer):
    """Pay on the provider's page that `answer` leads to; return the shop's page behind it."""
    assert answer.status_code == 303
    paid = sandbox.post(answer["Location"], **CARD, number=VISA)
    return text(browser.get(path_of(paid.location), follow=True))


def test_a_laptop_is_rented_paid_delivered_and_bought_out(sandbox, shop, customer):
    publish_plan(make_plan(shop.excellent), by=None)
    customer.post("/cart/add/", {"sku": shop.excellent.sku, "months": "12"})
    customer.post("/checkout/", checkout_form(customer, payment_method="card"))
    agreement, order = Agreement.objects.get(), Order.objects.get()
    refused = customer.post(f"/orders/{order.code}/pay/", {"method": "card"}, follow=True)
    assert not Payment.objects.exists()
    assert refused.status_code == 200

    page = text(customer.get(f"/rentals/{agreement.code}/sign/"))
    contract = re.search(r'name="contract" value="(\w+)"', page)[1]
    signed = customer.post(
        f"/rentals/{agreement.code}/sign/", {"contract": contract, "has_read": "on", "name": "Dara Sok"}
    )
    assert "Your payment has arrived" in pay_there(sandbox, customer, signed)
    assert SavedMethod.objects.filter(user=order.user).count() == 1
    agreement.refresh_from_db()
    assert agreement.state == "confirmed"

    (promise,) = order.lines.get().allocations.select_related("unit")
    order.refresh_from_db()
    confirm_delivery(dispatch(order, by=None, serials={promise.line_id: [promise.unit.serial]}), by=None)
    page = text(customer.get(f"/rentals/{agreement.code}/"))
    assert "Up to date" in page
    assert "1 of 12 payments made" in page

    to_pay = customer.post(f"/rentals/{agreement.code}/pay/", {"amount": "65.00"}).url
    assert "Your payment has arrived" in pay_there(sandbox, customer, customer.post(to_pay, {"method": "card"}))
    page = text(customer.get(f"/rentals/{agreement.code}/"))
    assert "2 of 12 payments made" in page

    page = text(customer.get(f"/rentals/{agreement.code}/own/"))
    price = re.search(r'name="price" value="([^"]+)"', page)[1]
    assert price == "470.00"
    to_pay = customer.post(f"/rentals/{agreement.code}/own/", {"price": price}).url
    page = pay_there(sandbox, customer, customer.post(to_pay, {"method": "card"}))
    assert "It is yours since" in page
    promise.unit.refresh_from_db()
    assert promise.unit.state == "sold"
    assert customer.get(f"/rentals/{agreement.code}/certificate/").content.startswith(b"%PDF")
    statement = text(customer.get(f"/rentals/{agreement.code}/statement/"))
    assert "Waived: payment 12" in statement
