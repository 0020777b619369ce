"""Orders over the API, as customers use it."""

from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine

from accounts.tests.factories import make_address, make_user
from carts.models import Cart
from carts.tests.factories import make_cart, make_pickup, make_shipping_method
from catalog.models import Unit
from catalog.tests.factories import make_variant
from core import clock
from core.models import IdempotencyKey
from core.tests.api import client_of, places_of, problem_of
from notifications.models import Email
from orders.flow import OrderState
from orders.guest_access import order_token
from orders.models import Order
from orders.tests.factories import ADDRESS, make_order, make_paid_order
from payments.models import Bill

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/orders/"


def order_of(**overrides):
    """Return the body of an order by bank transfer and courier over one article of 100.00."""
    body = {
        "email": "dara@example.com",
        "shipping_address": dict(ADDRESS),
        "shipping_method": make_shipping_method().code,
        "payment_method": "bank_transfer",
        "expected_total": "102.50",
        **overrides,
    }
    return {name: value for name, value in body.items() if value is not None}


def guest_with(variant, quantity=1):
    added = client_of().post("/api/v1/cart/items/", {"sku": variant.sku, "quantity": quantity}, format="json")
    return client_of(**{"X-Cart-Code": added.json()["code"]})


def post(client, body, key=None):
    return client.post(ORDERS, body, format="json", headers={"Idempotency-Key": key or str(uuid4())})


def nothing_happened():
    return not Order.objects.exists() and not Bill.objects.exists() and not Unit.objects.filter(state="held").exists()


def test_a_guest_orders_and_reads_the_order_by_its_token():
    variant = make_variant(price="100.00", units=1, grade="A")
    placed = post(guest_with(variant), order_of(note="Ring twice"))
    assert placed.status_code == 201
    body = placed.json()
    assert placed["Location"] == f"http://testserver/api/v1/orders/{body['code']}/"
    assert (body["state"], body["is_paid"], body["total"], body["currency"]) == ("pending", False, "102.50", "USD")
    assert (body["email"], body["phone"], body["note"]) == ("dara@example.com", ADDRESS["phone"], "Ring twice")
    assert body["lines"] == [
        {
            "line": 1,
            "sku": variant.sku,
            "name": variant.product.full_name,
            "grade": "A",
            "options": "",
            "quantity": 1,
            "unit_price": "100.00",
            "discount": "0.00",
            "tax": "0.00",
            "total": "100.00",
            "due_now": "100.00",
            "rental_months": None,
            "monthly_price": None,
        }
    ]
    bill = Bill.objects.get()
    assert body["bills"][0]["code"] == bill.code
    assert body["bills"][0]["instructions"] == "ABA Bank 000 123 456, Commercia Co., Ltd."
    assert body["bills"][0]["due_at"].endswith("Z")
    for request in ({"headers": {"X-Order-Token": body["token"]}}, {"data": {"token": body["token"]}}):
        seen = client_of().get(f"{ORDERS}{body['code']}/", **request)
        assert seen.status_code == 200
        assert "token" not in seen.json()
        assert seen.json()["total"] == "102.50"


def test_an_account_orders_with_an_address_of_its_book():
    user = make_user("sok@example.com")
    address = make_address(user, city="Kampot")
    make_cart((make_variant(units=1), 1), user=user)
    body = post(client_of(user), order_of(email=None, shipping_address=None, address=address.code)).json()
    assert (body["email"], body["shipping_address"]["city"], body["token"]) == ("sok@example.com", "Kampot", None)
    assert Order.objects.get().user == user
    assert client_of(user).get(f"{ORDERS}{body['code']}/").status_code == 200


def test_a_foreign_address_is_404_and_orders_nothing():
    user = make_user()
    make_cart((make_variant(units=1), 1), user=user)
    foreign = make_address(make_user())
    response = post(client_of(user), order_of(email=None, shipping_address=None, address=foreign.code))
    problem_of(response, 404, "address_not_found")
    assert nothing_happened()


def test_the_same_key_gives_the_same_answer_and_one_order():
    client, body, key = guest_with(make_variant(units=5)), order_of(), str(uuid4())
    first, again = post(client, body, key), post(client, body, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["Location"] == again["Location"]
    assert Order.objects.count() == 1
    assert Unit.objects.filter(state="held").count() == 1


def test_the_same_key_for_something_else_is_refused():
    client, key = guest_with(make_variant(units=1)), str(uuid4())
    assert post(client, order_of(), key).status_code == 201
    problem_of(post(client, order_of(note="other"), key), 422, "idempotency_key_reused")


def test_keys_of_different_callers_never_meet():
    key = str(uuid4())
    for _ in range(2):
        assert post(guest_with(make_variant(units=1)), order_of(), key).status_code == 201
    assert Order.objects.count() == 2


def test_keys_that_differ_in_case_are_two_keys():
    first, second = guest_with(make_variant(units=1)), guest_with(make_variant(units=1))
    assert post(first, order_of(), "abcdefgh").status_code == 201
    assert post(second, order_of(), "ABCDEFGH").status_code == 201


def test_while_the_first_request_runs_the_second_waits():
    client, body, key = guest_with(make_variant(units=1)), order_of(), str(uuid4())
    post(client, body, key)
    IdempotencyKey.objects.update(status=None, body=None)
    problem_of(post(client, body, key), 409, "request_in_progress")


def test_a_request_that_died_after_ordering_is_answered_with_its_order():
    client, body, key = guest_with(make_variant(units=1)), order_of(), str(uuid4())
    code = post(client, body, key).json()["code"]
    IdempotencyKey.objects.update(status=None, body=None)
    with time_machine.travel(clock.now(), tick=False) as moment:
        moment.shift(61)
        again = post(client, body, key)
    assert (again.status_code, again.json()["code"]) == (201, code)
    assert Order.objects.count() == 1


def test_a_refused_order_frees_its_key():
    variant = make_variant(units=1)
    client, key = guest_with(variant), str(uuid4())
    body = problem_of(post(client, order_of(expected_total="1.00"), key), 409, "price_changed")
    assert body["facts"] == {"shown": "1.00", "now": "102.50"}
    assert nothing_happened()
    assert post(client, order_of(), key).status_code == 201


@pytest.mark.parametrize(
    ("key", "code"), [(None, "idempotency_key_missing"), ("short", "idempotency_key_invalid"), ("ឡ" * 9, None)]
)
def test_an_order_needs_a_sound_key(key, code):
    client = guest_with(make_variant(units=1))
    response = client.post(ORDERS, order_of(), format="json", headers={"Idempotency-Key": key} if key else {})
    assert response.status_code == 400
    assert response.json()["errors"][0]["header"] == "Idempotency-Key"
    assert code is None or response.json()["code"] == code
    assert nothing_happened()


def test_a_guest_without_a_cart_is_told_what_to_send():
    assert places_of(problem_of(post(client_of(), order_of()), 400, "invalid")) == [("X-Cart-Code", "required")]
    problem_of(post(client_of(**{"X-Cart-Code": "nobody-knows-this-code"}), order_of()), 404, "cart_not_found")
    problem_of(post(client_of(make_user()), order_of(email=None)), 422, "cart_empty")


@pytest.mark.parametrize(
    ("overrides", "places"),
    [
        ({"email": None}, [("/email", "required")]),
        ({"email": "dara"}, [("/email", "invalid")]),
        ({"email": f"{'x' * 250}@example.com"}, [("/email", "max_length")]),
        ({"shipping_address": None}, [("/shipping_address", "invalid")]),
        ({"address": "ABC"}, [("/shipping_address", "invalid")]),
        ({"shipping_address": "12 Street 240"}, [("/shipping_address", "invalid")]),
        ({"shipping_address": {**ADDRESS, "country": "XX"}}, [("/shipping_address/country", "unknown_country")]),
        ({"shipping_address": {**ADDRESS, "city": "a\nb"}}, [("/shipping_address/city", "control_character")]),
        ({"shipping_address": {**ADDRESS, "city": "a\x00"}}, [("/shipping_address/city", "bad_text")]),
        ({"shipping_address": {**ADDRESS, "planet": "x"}}, [("/shipping_address/planet", "unknown_field")]),
        ({"phone": "call me"}, [("/phone", "invalid_phone")]),
        ({"shipping_method": "balloon"}, [("/shipping_method", "does_not_exist")]),
        ({"shipping_method": 7}, [("/shipping_method", "does_not_exist")]),
        ({"payment_method": "gold"}, [("/payment_method", "invalid_choice")]),
        ({"expected_total": "much"}, [("/expected_total", "invalid")]),
        ({"expected_total": "NaN"}, [("/expected_total", "invalid")]),
        ({"expected_total": "-1.00"}, [("/expected_total", "min_value")]),
        ({"expected_total": "1.001"}, [("/expected_total", "max_decimal_places")]),
        ({"expected_total": "9" * 11}, [("/expected_total", "max_whole_digits")]),
        ({"note": "x" * 501}, [("/note", "max_length")]),
        (
            {"state": "delivered", "total": "0.01", "user": 1, "is_paid": True},
            [(f"/{name}", "unknown_field") for name in ("is_paid", "state", "total", "user")],
        ),
    ],
)
def test_wrong_bodies_are_refused_with_pointers_and_order_nothing(overrides, places):
    body = order_of(**overrides)
    assert places_of(problem_of(post(guest_with(make_variant(units=1)), body), 400, "invalid")) == places
    assert nothing_happened()
    assert not IdempotencyKey.objects.exists()


def test_an_account_cannot_order_in_another_persons_name():
    user = make_user()
    make_cart((make_variant(units=1), 1), user=user)
    body = problem_of(post(client_of(user), order_of(email="victim@example.com")), 400, "invalid")
    assert places_of(body) == [("/email", "invalid")]
    assert nothing_happened()


def test_the_last_one_sold_meanwhile_names_its_sku():
    variant = make_variant(units=1)
    client = guest_with(variant)
    make_order((variant, 1))
    body = problem_of(post(client, order_of()), 409, "sold_out")
    assert body["facts"] == {"name": variant.product.full_name, "available": 0, "sku": variant.sku}


def test_what_does_not_fit_together_is_refused():
    make_pickup()
    make_shipping_method("abroad", countries=["VN"])
    client = guest_with(make_variant(units=1))
    problem_of(post(client, order_of(shipping_method="abroad")), 422, "shipping_not_available")
    problem_of(post(client, order_of(payment_method="pay_at_pickup")), 422, "payment_method_not_available")
    body = problem_of(post(client, order_of(shipping_address={"full_name": "Sok Dara"})), 422, "address_incomplete")
    assert body["facts"] == {"missing": ["line1", "city", "country"]}
    assert nothing_happened()
    picked_up = order_of(
        shipping_method="pickup", payment_method="pay_at_pickup", shipping_address={"full_name": "Sok Dara"}
    )
    placed = post(client, picked_up).json()
    assert (placed["state"], placed["is_pickup"], placed["total"]) == ("confirmed", True, "100.00")


def test_an_account_sees_its_own_orders_only():
    user = make_user()
    mine = make_order(user=user)
    foreign = make_order(user=make_user())
    guests = make_order()
    body = client_of(user).get(ORDERS).json()
    assert [row["code"] for row in body["results"]] == [mine.code]
    assert (body["count"], body["next"], body["previous"]) == (1, None, None)
    problem_of(client_of().get(ORDERS), 401, "not_authenticated")
    for other in (foreign, guests):
        problem_of(client_of(user).get(f"{ORDERS}{other.code}/"), 404, "not_found")
        problem_of(client_of(user).post(f"{ORDERS}{other.code}/cancel/"), 404, "not_found")
        problem_of(client_of().get(f"{ORDERS}{other.code}/"), 404, "not_found")
        other.refresh_from_db()
        assert other.state == OrderState.PENDING


def test_a_staff_member_is_no_exception_on_the_customers_side():
    order = make_order()
    staff = make_user(is_staff=True, is_superuser=True)
    problem_of(client_of(staff).get(f"{ORDERS}{order.code}/"), 404, "not_found")


def test_tokens_open_their_own_order_for_a_day():
    order, other = make_order(), make_order()
    token = order_token(order)
    problem_of(client_of(**{"X-Order-Token": token}).get(f"{ORDERS}{other.code}/"), 404, "not_found")
    problem_of(client_of(**{"X-Order-Token": token[:-1]}).get(f"{ORDERS}{order.code}/"), 404, "link_invalid")
    problem_of(client_of().get(f"{ORDERS}{order.code}/", {"token": "x" * 201}), 400, "invalid")
    with time_machine.travel(clock.now(), tick=False) as moment:
        moment.shift(24 * 3600 + 1)
        problem_of(client_of(**{"X-Order-Token": token}).get(f"{ORDERS}{order.code}/"), 404, "link_expired")


def test_lists_have_pages_and_a_filter():
    user = make_user()
    first, second = make_order(user=user), make_paid_order(user=user)
    client = client_of(user)
    page = client.get(ORDERS, {"page_size": 1}).json()
    assert (page["count"], [row["code"] for row in page["results"]]) == (2, [second.code])
    assert page["results"][0]["is_paid"] is True
    assert [row["code"] for row in client.get(page["next"]).json()["results"]] == [first.code]
    pending = client.get(ORDERS, {"state": "pending"}).json()
    assert [row["code"] for row in pending["results"]] == [first.code]
    problem_of(client.get(ORDERS, {"page": 3}), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"page_size": 101}, "page_size"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": "all"}, "page_size"),
        ({"page": -1}, "page"),
        ({"page": "x"}, "page"),
        ({"state": "paid"}, "state"),
        ({"user": 1}, "user"),
    ],
)
def test_wrong_list_parameters_are_400(query, place):
    body = problem_of(client_of(make_user()).get(ORDERS, query), 400, "invalid")
    assert [where for where, _ in places_of(body)] == [place]


def test_a_customer_cancels_until_packing_begins():
    user = make_user()
    order = make_order(user=user)
    path = f"{ORDERS}{order.code}/cancel/"
    body = client_of(user).post(path, {"note": "Changed my mind"}, format="json").json()
    assert (body["state"], body["cancel_reason"], body["can_be_cancelled"]) == ("cancelled", "customer", False)
    assert client_of(user).post(path).json()["state"] == "cancelled"
    assert Unit.objects.filter(state="held").count() == 0
    packed = make_paid_order(user=user)
    Order.objects.filter(pk=packed.pk).update(state=OrderState.PACKING)
    problem_of(client_of(user).post(f"{ORDERS}{packed.code}/cancel/"), 409, "too_late_to_cancel")


def test_a_guest_cancels_with_the_token():
    order = make_order()
    client = client_of(**{"X-Order-Token": order_token(order)})
    assert client.post(f"{ORDERS}{order.code}/cancel/").json()["state"] == "cancelled"


def test_looking_up_gives_nothing_away():
    order = make_order()
    Email.objects.all().delete()
    right = client_of().post(f"{ORDERS}lookup/", {"code": order.code, "email": "DARA@example.com"}, format="json")
    wrong = client_of().post(f"{ORDERS}lookup/", {"code": order.code, "email": "x@example.com"}, format="json")
    unknown = client_of().post(f"{ORDERS}lookup/", {"code": "NOSUCH", "email": "x@example.com"}, format="json")
    assert {answer.status_code for answer in (right, wrong, unknown)} == {202}
    assert right.content == wrong.content == unknown.content
    assert Email.objects.count() == 1
    problem_of(client_of().get(f"{ORDERS}lookup/"), 405, "method_not_allowed")


def test_looking_up_is_limited_and_says_when_to_come_back():
    body = {"code": "NOSUCH", "email": "x@example.com"}
    answers = [client_of().post(f"{ORDERS}lookup/", body, format="json") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    problem_of(answers[-1], 429, "too_many_tries")
    assert int(answers[-1]["Retry-After"]) > 0


def test_trying_to_order_is_limited_per_address():
    answers = [client_of().post(ORDERS) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [400] * 60 + [429]


def test_ways_of_shipping_come_with_ways_of_paying():
    make_shipping_method(price="2.50")
    make_shipping_method("abroad", price="30.00", countries=["VN"], position=2)
    make_pickup()
    rows = client_of().get("/api/v1/shipping-methods/", {"country": "kh"}).json()
    assert {row["code"]: [way["code"] for way in row["payment_methods"]] for row in rows} == {
        "courier": ["bank_transfer", "cash_on_delivery"],
        "pickup": ["bank_transfer", "pay_at_pickup"],
    }
    assert (rows[0]["price"], rows[0]["currency"], rows[0]["free_over"]) == ("2.50", "USD", None)
    problem_of(client_of().get("/api/v1/shipping-methods/", {"country": "Cambodia"}), 400, "invalid")


@pytest.mark.parametrize("lines", [1, 3])
def test_queries(lines, django_assert_num_queries):
    user = make_user()
    variants = [make_variant(price="100.00", units=3) for _ in range(lines)]
    for _ in range(lines):
        order = make_order(*[(variant, 1) for variant in variants], user=user)
    client, token = client_of(user), order_token(order)
    with django_assert_num_queries(4):  # account, count, orders, bills
        client.get(ORDERS)
    with django_assert_num_queries(5):  # account, order, lines, bills, shipments
        client.get(f"{ORDERS}{order.code}/")
    with django_assert_num_queries(5):
        client_of(**{"X-Order-Token": token}).get(f"{ORDERS}{order.code}/")


@pytest.mark.parametrize(("lines", "queries"), [(1, 37), (3, 39)])
def test_queries_of_an_order(lines, queries, django_assert_num_queries):
    user = make_user()
    make_cart(*[(make_variant(price="100.00", units=1), 1) for _ in range(lines)], user=user)
    body, client = order_of(email=None, expected_total=str(Decimal("2.50") + 100 * lines)), client_of(user)
    # 25 and one a variant are place_order's own (test_checkout.py), savepoints included. Around it: account, method,
    # key claimed (3) and answered, order and cart looked for, and the order read again for the answer (4).
    with django_assert_num_queries(queries):
        assert post(client, body).status_code == 201
    assert Cart.objects.get().state == "ordered"
