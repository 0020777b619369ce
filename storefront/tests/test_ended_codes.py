"""A code that has just ended stays to be read, and a button that is pressed too often asks nobody."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orders.guest_access import order_token
from orders.tests.factories import make_order
from payments.models import Payment
from payments.polling import MOST_PRESSES, poll_payments

pytestmark = pytest.mark.django_db
ENDED = "This code has ended"


@pytest.fixture
def bakong(sandbox, settings):
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return sandbox


@pytest.fixture
def pass_time(bakong):
    with time_machine.travel(timezone.now()) as traveller:

        def pass_time(**told):
            traveller.shift(timedelta(**told))
            bakong.pass_time(int(timedelta(**told).total_seconds()))
            poll_payments()

        yield pass_time


@pytest.fixture
def path(bakong, pass_time, client):
    """The payment page of an order whose code is shown."""
    path = f"/orders/view/{order_token(make_order(payment_method='khqr'))}/pay/"
    assert "Scan to pay" in client.post(path, {"method": "khqr"}, follow=True).content.decode()
    return path


def test_an_ended_code_is_shown_for_a_quarter_of_an_hour_and_then_the_choice(client, path, pass_time):
    pass_time(minutes=10, seconds=5)
    assert Payment.objects.get().state == "closed"
    page = client.get(path).content.decode()
    assert ENDED in page
    assert "Then do not pay again." in page
    assert "KHQR code: pay" not in page
    assert "hx-get" not in page.partition("<main")[2].partition("</main>")[0]
    assert "How would you like to pay?" in client.get(path, {"choose": "1"}).content.decode()
    pass_time(minutes=15)
    assert "How would you like to pay?" in client.get(path).content.decode()


def test_a_new_code_takes_the_place_of_the_ended_one(client, path, pass_time):
    pass_time(minutes=11)
    assert "Scan to pay" in client.post(path, {"method": "khqr"}, follow=True).content.decode()
    assert Payment.objects.count() == 2


def test_money_that_came_in_the_last_second_is_found_by_the_button(bakong, client, path, pass_time):
    bakong.control("POST", "bakong/pay", {"qr": Payment.objects.get().data["qr"], "way": "late"})
    pass_time(minutes=10, seconds=5)
    assert Payment.objects.get().state == "closed"
    bakong.pass_time(120)  # the slow bank
    page = client.post(f"{path}check/", follow=True).content.decode()
    assert "Your payment has arrived." in page


def test_a_button_pressed_all_the_time_asks_a_few_times_only(bakong, client, path):
    before = len(bakong.control("GET", "calls"))
    for _ in range(30):
        assert "Scan to pay" in client.post(f"{path}check/", follow=True).content.decode()
    assert len(bakong.control("GET", "calls")) - before == MOST_PRESSES
