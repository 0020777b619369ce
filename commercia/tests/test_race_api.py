"""Many buyers, few units, one moment, through the whole API: on MariaDB, with real connections."""

import json
from collections import Counter
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from backoffice.auditing import money, run, stock
from carts.baskets import add_item, open_cart
from carts.tests.factories import make_shipping_method
from catalog.models import Unit
from catalog.receiving import put_on_sale, receive_units, start_testing
from catalog.tests.factories import make_variant
from core.api.throttles import AnonymousThrottle, CheckoutThrottle
from core.tests.racing import run_together
from notifications.delivery import deliver_due
from orders.models import Allocation, Order

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
ADDRESS = {"full_name": "Sok Dara", "line1": "12 Street 240", "city": "Phnom Penh", "country": "KH"}


@pytest.fixture(autouse=True)
def _on_mariadb(monkeypatch):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    # All two hundred come from one address here; in life they would not.
    for throttle in (AnonymousThrottle, CheckoutThrottle):
        monkeypatch.setattr(throttle, "allow_request", lambda self, request, view: True)


def guest_with(variant):
    cart, code = open_cart(user=None, code=None)
    add_item(cart, variant, quantity=1)
    return code


def buy(code, number):
    body = {
        "email": f"buyer{number}@example.com",
        "shipping_address": ADDRESS,
        "shipping_method": "courier",
        "payment_method": "bank_transfer",
        "expected_total": "102.50",
    }
    headers = {"X-Cart-Code": code, "Idempotency-Key": f"buyer-{number:03}"}
    response = Client().post("/api/v1/orders/", json.dumps(body), content_type="application/json", headers=headers)
    return response.status_code, response.json().get("code")


@pytest.mark.parametrize(("units", "sold"), [(50, 50), (250, 200)])
def test_two_hundred_buyers_over_sixty_four_connections(units, sold):
    make_shipping_method("courier", price="2.50")
    variant = make_variant(price="100.00")
    received = receive_units(variant, by=None, serials=[f"S{number:03}" for number in range(units)])
    start_testing(received, by=None)
    put_on_sale(received, by=None)
    codes = [guest_with(variant) for _ in range(200)]
    answers = run_together([partial(buy, code, number) for number, code in enumerate(codes)], at_once=64)
    statuses = Counter(status for status, _ in answers)
    assert (statuses[201], statuses[409], statuses.total()) == (sold, 200 - sold, 200)
    assert {code for status, code in answers if status == 409} <= {"sold_out"}
    assert Order.objects.count() == sold
    serials = Allocation.objects.values_list("unit__serial", flat=True)
    assert len(set(serials)) == sold
    assert Unit.objects.filter(state="held").count() == sold
    deliver_due()
    assert run(stock.CHECKS) == run(money.CHECKS) == []
