"""Pay an order by scanning a code, without JavaScript: from the page with the code to the confirmed order."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from notifications.models import Email
from orders.guest_access import order_token
from orders.tests.factories import make_order
from payments.models import Break, Payment
from payments.providers.khqr.rates import enter_riel_rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def bakong(sandbox, settings):
    """The sandbox as Bakong, and settings that lead the shop to it."""
    settings.SHOP_CURRENCY = "USD"
    settings.KHQR_ACCOUNT = "commercia@aclb"
    settings.BAKONG_API_BASE = sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return sandbox


@pytest.fixture
def order(bakong):
    return make_order(payment_method="khqr")


@pytest.fixture
def path(order):
    """The address of the order's payment page, as its guest knows it."""
    return f"/orders/view/{order_token(order)}/pay/"


def begin(client, path, method="khqr"):
    answer = client.post(path, {"method": method}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def scan(bakong, way="right"):
    qr = Payment.objects.latest("pk").data["qr"]
    return bakong.control("POST", "bakong/pay", {"qr": qr, "way": way})


def test_a_guest_scans_pays_and_sees_the_order_paid(bakong, order, path, client):
    page = begin(client, path)
    total = order.total
    for words in (f"Scan to pay ${total:,.2f}", "<title>KHQR code: pay", "Commercia, Phnom Penh", "Open my bank app"):
        assert words in page
    assert re.search(r'<svg [^>]*viewBox="0 0 \d+ \d+" role="img"', page)
    unpaid = client.post(f"{path}check/", follow=True).content.decode()
    assert "Scan to pay" in unpaid
    scan(bakong)
    paid = client.post(f"{path}check/", follow=True).content.decode()
    assert "Thank you. Your payment has arrived." in paid
    order.refresh_from_db()
    assert (order.state, order.payment_method) == ("confirmed", "khqr")
    assert Payment.objects.get().captured_amount == total
    assert Email.objects.filter(kind="order_confirmed").count() == 1


def test_a_waiting_page_hears_of_the_money_by_itself(bakong, order, path, client):
    page = begin(client, path)
    status = re.search(r'hx-get="([^"]+)"', page)[1]
    Payment.objects.update(next_poll_at=timezone.now())
    waiting = client.get(status)
    assert (waiting.status_code, waiting.headers.get("HX-Refresh")) == (204, None)
    scan(bakong)
    Payment.objects.update(next_poll_at=timezone.now())
    assert client.get(status).headers["HX-Refresh"] == "true"
    assert client.get(path).status_code == 302
    assert client.get(status).status_code == 286
    order.refresh_from_db()
    assert order.state == "confirmed"


def test_riel_are_shown_and_settle_the_order_in_dollars(bakong, order, path, client):
    enter_riel_rate(Decimal(4100), source="NBC", by=None)
    page = begin(client, path, "khqr_riel")
    payment = Payment.objects.get()
    assert f"Scan to pay ៛{payment.charge_amount:,.0f}" in page
    scan(bakong)
    client.post(f"{path}check/")
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.state, payment.captured_amount, payment.currency) == ("confirmed", order.total, "USD")


@pytest.mark.parametrize("way", ["short", "over", "wrong_currency", "wrong_account", "failed"])
def test_wrong_money_never_confirms_an_order(bakong, order, path, client, way):
    begin(client, path)
    scan(bakong, way)
    page = client.post(f"{path}check/", follow=True).content.decode()
    assert "Thank you" not in page
    order.refresh_from_db()
    assert (order.state, Payment.objects.get().captured_amount) == ("pending", 0)
    assert Break.objects.count() == (0 if way == "failed" else 1)
    assert Email.objects.filter(kind="order_confirmed").count() == 0


def test_a_code_that_has_ended_makes_place_for_a_new_one(bakong, order, path, client):
    begin(client, path)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        ended = client.get(path).content.decode()
        assert "This code has ended" in ended
        again = re.search(r'action="([^"]+method=khqr)"', ended)[1]
        fresh = client.post(again, follow=True).content.decode()
    assert "Scan to pay" in fresh
    assert list(Payment.objects.order_by("pk").values_list("state", flat=True)) == ["closed", "pending"]


def test_nobody_else_sees_the_code_or_checks_it(bakong, order, path, client):
    begin(client, path)
    stranger = f"/orders/view/{order_token(order)[:-3]}xxx/pay/"
    for answer in (client.get(stranger), client.post(f"{stranger}check/"), client.get(f"{stranger}status/")):
        assert answer.status_code == 404
    assert client.get(f"/orders/{order.code}/pay/").status_code == 302


def test_the_page_passes_the_strict_content_security_policy(order, path, client):
    begin(client, path)
    answer = client.get(path)
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
    assert not re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", page)
