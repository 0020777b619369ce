"""From search to delivered order over the API, staff part included: as a guest and with an account."""

import json
import re

import pytest

from accounts.tests.factories import PASSWORD
from accounts.tests.signing import next_code
from catalog.models import Unit
from notifications.models import Email
from orders.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = {"full_name": "Sok Dara", "line1": "12 Street 240", "city": "Phnom Penh", "country": "KH"}


class Caller:
    """Speaks JSON with the API and expects a status."""

    def __init__(self, client, **headers):
        self.client = client
        self.headers = headers

    def __call__(self, method, path, body=None, *, expect=200, **headers):
        response = self.client.generic(
            method,
            path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={**self.headers, **headers},
        )
        assert response.status_code == expect, response.content.decode()
        return response.json() if response.content else None

    def log_in(self, email, password, **code):
        tokens = self("POST", "/auth/jwt/create/", {"email": email, "password": password, **code})
        return Caller(self.client, Authorization=f"Bearer {tokens['access']}")


def fill_cart_and_order(caller, *, email, payment_method):
    found = caller("GET", "/api/v1/products/?q=thinkpad&brand=lenovo")
    assert [product["name"] for product in found["results"]] == ["Lenovo ThinkPad T14 Gen 3"]
    product = caller("GET", f"/api/v1/products/{found['results'][0]['slug']}/")
    sku = product["variants"][0]["sku"]
    cart = caller("POST", "/api/v1/cart/items/", {"sku": sku, "quantity": 1}, expect=201)
    code = {"X-Cart-Code": cart["code"]} if cart["code"] else {}
    cart = caller("POST", "/api/v1/cart/items/", {"sku": "M500", "quantity": 2}, expect=201, **code)
    assert cart["goods_total"] == "529.00"
    methods = caller("GET", "/api/v1/shipping-methods/?country=KH")
    assert "courier" in [method["code"] for method in methods]
    body = {
        "shipping_address": ADDRESS,
        "shipping_method": "courier",
        "payment_method": payment_method,
        "expected_total": "531.50",
        **email,
    }
    placed = caller("POST", "/api/v1/orders/", body, expect=201, **{"Idempotency-Key": "my-order-1", **code})
    again = caller("POST", "/api/v1/orders/", body, expect=201, **{"Idempotency-Key": "my-order-1", **code})
    assert placed == again
    assert placed["total"] == "531.50"
    return placed


def staff_sends(staff, code):
    order = staff("GET", f"/api/v1/staff/orders/{code}/")
    assert [unit["bin"] for line in order["lines"] for unit in line["units"]] == ["A-06", "C-01", "C-01"]
    staff("POST", f"/api/v1/staff/orders/{code}/pack/")
    serial = order["lines"][0]["units"][0]["serial"]
    scanned = {"carrier": "J&T", "tracking_number": "JT42", "lines": [{"line": 1, "serials": ["WRONG"]}]}
    refused = staff("POST", f"/api/v1/staff/orders/{code}/dispatch/", scanned, expect=422)
    assert refused["code"] == "serial_unknown"
    scanned["lines"][0]["serials"] = [serial]
    shipment = staff("POST", f"/api/v1/staff/orders/{code}/dispatch/", scanned, expect=201)
    staff("POST", f"/api/v1/staff/shipments/{shipment['code']}/deliver/")


def test_a_guest_pays_by_bank_transfer(client, shop, warehouse_manager, letters_arrive):
    guest = Caller(client)
    placed = fill_cart_and_order(guest, email={"email": "dara@example.com"}, payment_method="bank_transfer")
    code, token = placed["code"], placed["token"]
    assert placed["state"] == "pending"
    staff = guest.log_in("sokha@example.com", PASSWORD, code=next_code(warehouse_manager))
    paid = {"amount": "531.50", "reference": "ABA 4711"}
    assert staff("POST", f"/api/v1/staff/orders/{code}/mark-paid/", paid)["state"] == "confirmed"
    staff_sends(staff, code)
    seen = guest("GET", f"/api/v1/orders/{code}/?token={token}")
    assert seen["state"] == "delivered"
    guest("GET", f"/api/v1/orders/{code}/", expect=404)
    assert letters_arrive() == ["dara@example.com"] * 4
    assert list(Email.objects.order_by("pk").values_list("kind", flat=True)) == [
        "order_placed",
        "order_confirmed",
        "order_shipped",
        "order_delivered",
    ]
    assert sorted(Unit.objects.values_list("state", flat=True)) == ["available"] * 4 + ["sold"] * 3


def test_a_new_account_pays_at_the_door(client, shop, warehouse_manager, letters_arrive):
    visitor = Caller(client)
    person = {"email": "vanna@example.com", "password": "seven calm herons"}
    visitor("POST", "/auth/users/", person, expect=201)
    visitor("POST", "/auth/jwt/create/", person, expect=401)
    letter = Email.objects.get(kind="verify_email").text
    token = re.search(r"/account/verify/([^/\s]+)/", letter).group(1)
    visitor("POST", "/auth/users/activation/", {"token": token}, expect=204)
    vanna = visitor.log_in(**person)
    placed = fill_cart_and_order(vanna, email={}, payment_method="cash_on_delivery")
    assert placed["state"] == "confirmed"
    staff = visitor.log_in("sokha@example.com", PASSWORD, code=next_code(warehouse_manager))
    staff_sends(staff, placed["code"])
    paid = {"amount": "531.50", "reference": "receipt 7"}
    staff("POST", f"/api/v1/staff/orders/{placed['code']}/mark-paid/", paid)
    mine = vanna("GET", "/api/v1/orders/")
    assert [(order["code"], order["state"]) for order in mine["results"]] == [(placed["code"], "delivered")]
    assert Order.objects.get().user.email == "vanna@example.com"
    # The address, the order, the parcel, its arrival, and the receipt for the cash.
    assert letters_arrive().count("vanna@example.com") == 5
