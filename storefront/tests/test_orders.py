"""Orders as their owner sees them, and the look-up that gives nothing away."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from accounts.tests.factories import make_user
from core import clock
from notifications.models import Email
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.fulfilment import confirm_delivery, dispatch, start_packing
from orders.guest_access import order_token
from orders.payment_approval import mark_paid
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.fixture
def guest_order(shop):
    return make_order((shop.excellent, 1), (shop.mouse, 2), shipping_method=shop.courier)


@pytest.fixture
def own_order(shop, dara):
    return make_order((shop.excellent, 1), user=dara, email=dara.email, shipping_method=shop.courier)


def test_an_account_sees_its_order_with_lines_totals_and_how_to_pay(own_order, customer, settings):
    page = text(customer, f"/orders/{own_order.code}/")
    bill = own_order.order_bills.get().bill
    assert "Transfer $602.00 to us" in page
    assert settings.BANK_TRANSFER_INSTRUCTIONS in page
    assert f'<b class="mono">{bill.code}</b>' in page
    assert "Lenovo ThinkPad T14 Gen 3" in page
    assert "PF•••••7K2" in page
    assert "Includes $54.73 VAT." in page
    assert "12 Street 240" in page
    assert "Cancel the order" in page


def test_an_order_of_somebody_else_is_not_there(own_order, guest_order, visitor):
    stranger = Client()
    stranger.force_login(make_user())
    for code in (own_order.code, guest_order.code):
        assert stranger.get(f"/orders/{code}/").status_code == 404
        assert stranger.post(f"/orders/{code}/cancel/").status_code == 404
        response = visitor.get(f"/orders/{code}/")
        assert response["Location"] == f"/account/login/?next=/orders/{code}/"
        assert visitor.post(f"/orders/{code}/cancel/").status_code == 302
    for order in (own_order, guest_order):
        order.refresh_from_db()
        assert order.state == "pending"


def test_a_signed_link_opens_a_guests_order_for_a_day(guest_order, visitor):
    address = f"/orders/view/{order_token(guest_order)}/"
    response = visitor.get(address)
    assert "no-store" in response["Cache-Control"]
    page = response.content.decode()
    assert guest_order.code in page
    assert '<meta name="robots" content="noindex">' in page
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        late = visitor.get(address)
    assert late.status_code == 404
    assert "This link has expired. We can send you a new one." in late.content.decode()
    assert guest_order.code not in late.content.decode()


def test_a_changed_link_opens_nothing(guest_order, visitor):
    token = order_token(guest_order)
    for bad in (token[:-1], token + "x", "x", token.replace(":", "."), "a" * 3000):
        response = visitor.get(f"/orders/view/{bad}/")
        assert response.status_code == 404
        assert guest_order.code not in response.content.decode()
        assert visitor.post(f"/orders/view/{bad}/cancel/").status_code == 404


def test_the_way_of_an_order_is_shown_step_by_step(guest_order, visitor):
    address = f"/orders/view/{order_token(guest_order)}/"
    assert '<li class="now" aria-current="step"><b>Ordered</b>' in text(visitor, address)
    mark_paid(guest_order, by=None, amount=guest_order.total, reference="ABA 1")
    page = text(visitor, address)
    assert '<b>Paid and confirmed</b><time datetime="' in page
    assert "Transfer $" not in page
    start_packing([guest_order], by=None)
    assert "Cancel the order" not in text(visitor, address)
    line = guest_order.lines.get(sku="T14-A-16")
    shipment = dispatch(
        guest_order,
        by=None,
        serials={line.pk: ["PF3AAAA7K2"]},
        carrier="Virak Buntham",
        tracking_number="VB-77",
        tracking_url="https://track.example/VB-77",
    )
    page = text(visitor, address)
    assert "The parcel has left." in page
    assert "VB-77" in page
    assert 'href="https://track.example/VB-77" rel="noopener noreferrer"' in page
    confirm_delivery(shipment, by=None)
    page = text(visitor, address)
    assert "The parcel has arrived." in page
    assert page.count('<li class="done">') == 5


def test_a_customer_cancels_until_packing_begins(own_order, customer):
    response = customer.post(f"/orders/{own_order.code}/cancel/", follow=True)
    page = response.content.decode()
    assert "The order is cancelled. Nothing will be sent." in page
    assert "This order is cancelled. Nothing will be sent and nothing is owed." in page
    own_order.refresh_from_db()
    assert (own_order.state, own_order.cancel_reason) == ("cancelled", "customer")


def test_a_guest_cancels_by_the_link(guest_order, visitor):
    address = f"/orders/view/{order_token(guest_order)}/"
    assert visitor.get(f"{address}cancel/").status_code == 405
    response = visitor.post(f"{address}cancel/")
    assert response["Location"] == address
    guest_order.refresh_from_db()
    assert guest_order.state == "cancelled"


def test_cancelling_too_late_changes_nothing_and_says_so(own_order, customer):
    mark_paid(own_order, by=None, amount=own_order.total, reference="ABA 1")
    start_packing([own_order], by=None)
    response = customer.post(f"/orders/{own_order.code}/cancel/", follow=True)
    assert "This order is being packed and can no longer be cancelled here." in response.content.decode()
    own_order.refresh_from_db()
    assert own_order.state == "packing"


def test_an_expired_order_says_why(guest_order, visitor):
    cancel_order(guest_order, by=None, reason=CancelReason.EXPIRED)
    assert "Cancelled: it was not paid in time" in text(visitor, f"/orders/view/{order_token(guest_order)}/")


def test_cash_and_pickup_say_when_to_pay(shop, visitor):
    cash = make_order((shop.excellent, 1), shipping_method=shop.courier, payment_method="cash_on_delivery")
    assert "You pay $602.00 in cash when it arrives." in text(visitor, f"/orders/view/{order_token(cash)}/")
    counter = make_order((shop.good, 1), shipping_method=shop.pickup, payment_method="pay_at_pickup")
    page = text(visitor, f"/orders/view/{order_token(counter)}/")
    assert "You pay $505.00 when you pick it up." in page
    assert "Ready at the counter" in page
    assert "12 Street 240, Phnom Penh" in page


def test_right_and_wrong_look_ups_get_the_same_answer_and_only_the_right_one_a_letter(guest_order, visitor):
    answers = set()
    for code, email in [
        (guest_order.code.lower(), " Dara@Example.com "),
        (guest_order.code, "other@example.com"),
        ("NOSUCHCD", "dara@example.com"),
    ]:
        response = visitor.post("/orders/find/", {"code": code, "email": email})
        page = visitor.get(response["Location"])
        answers.add((response.status_code, response["Location"], page.status_code, page.content))
    assert len(answers) == 1
    letter = Email.objects.get(kind="order_link")
    assert letter.to == "dara@example.com"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"code": "K7M2XQ4B"},
        {"code": "K7M2XQ4B", "email": "not an address"},
        {"code": "x" * 500, "email": "dara@example.com"},
        {"code": "K7\x00", "email": "dara@example.com"},
        {"code": "K7M2XQ4B", "email": "x" * 500 + "@example.com"},
    ],
)
def test_a_look_up_that_makes_no_sense_is_explained(guest_order, visitor, data):
    response = visitor.post("/orders/find/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Find my order" in page
    assert 'role="alert" tabindex="-1" autofocus' in page
    assert not Email.objects.filter(kind="order_link").exists()


def test_all_orders_are_listed_page_by_page(shop, dara, customer):
    for _ in range(2):
        make_order((shop.mouse, 1), user=dara, shipping_method=shop.courier)
    page = text(customer, "/orders/")
    assert page.count('class="alone mono" href="/orders/') == 2
    assert "$14.00" in page
    assert "Waiting for payment" in page
    assert 'class="pager"' not in page
    for address in ("/orders/?page=2", "/orders/?page=-1", "/orders/?page=x", "/orders/?page=" + "9" * 30):
        assert customer.get(address).status_code == 200


def test_no_orders_is_no_error(customer, visitor):
    assert "No orders yet" in text(customer, "/orders/")
    assert visitor.get("/orders/")["Location"] == "/account/login/?next=/orders/"


@pytest.mark.parametrize("lines", [1, 3])
def test_the_order_page_takes_the_same_queries_for_any_number_of_lines(
    shop, dara, customer, django_assert_num_queries, lines
):
    chosen = [(shop.mouse, 1), (shop.excellent, 1), (shop.large, 1)][:lines]
    order = make_order(*chosen, user=dara, shipping_method=shop.courier)
    text(customer, f"/orders/{order.code}/")  # the departments of the header are cached for a minute
    with django_assert_num_queries(14):
        text(customer, f"/orders/{order.code}/")
    with django_assert_num_queries(10):
        text(Client(), f"/orders/view/{order_token(order)}/")
    assert order.total > Decimal(0)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number_of_orders(
    shop, dara, customer, django_assert_num_queries, count
):
    for _ in range(count):
        make_order((shop.mouse, 1), user=dara, shipping_method=shop.courier)
    text(customer, "/orders/")
    with django_assert_num_queries(8):
        text(customer, "/orders/")
