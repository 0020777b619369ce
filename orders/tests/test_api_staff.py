"""Fulfilment over the API, from the transfer to the doorstep."""

import pytest
from django.contrib.auth.models import Permission

from accounts.tests.factories import make_user
from catalog.flow import UnitState
from catalog.models import Unit
from catalog.tests.factories import make_units, make_variant
from core.tests.api import client_of, places_of, problem_of
from orders.flow import OrderState
from orders.models import Shipment
from orders.tests.factories import make_order, make_paid_order
from payments.models import Payment

pytestmark = pytest.mark.django_db
STAFF = "/api/v1/staff/orders/"
FULFILMENT = (
    "view_order",
    "mark_paid_order",
    "pack_order",
    "dispatch_order",
    "cancel_order",
    "deliver_shipment",
    "return_shipment",
)


def staff_with(*codenames):
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return client_of(user)


@pytest.fixture
def staff():
    return staff_with(*FULFILMENT)


def test_an_order_goes_from_paid_to_delivered(staff):
    variant = make_variant()
    make_units(variant, serials=["PF1", "PF2"], bin="A-06")
    order = make_order((variant, 2))
    paid = staff.post(
        f"{STAFF}{order.code}/mark-paid/", {"amount": str(order.total), "reference": "ABA 77"}, format="json"
    )
    assert (paid.status_code, paid.json()["state"], paid.json()["is_paid"]) == (200, "confirmed", True)
    assert paid.json()["lines"][0]["units"] == [
        {"serial": "PF1", "bin": "A-06", "shipment": None},
        {"serial": "PF2", "bin": "A-06", "shipment": None},
    ]
    assert staff.post(f"{STAFF}{order.code}/pack/").json()["state"] == "packing"
    parcel = {"carrier": "J&T", "tracking_number": "KH1", "lines": [{"line": 1, "serials": ["pf1", "PF2"]}]}
    sent = staff.post(f"{STAFF}{order.code}/dispatch/", parcel, format="json")
    assert sent.status_code == 201
    assert (sent.json()["state"], sent.json()["carrier"], sent.json()["delivered_at"]) == ("dispatched", "J&T", None)
    delivered = staff.post(f"/api/v1/staff/shipments/{sent.json()['code']}/deliver/").json()
    assert delivered["state"] == "delivered"
    seen = staff.get(f"{STAFF}{order.code}/").json()
    assert seen["state"] == "delivered"
    assert {unit["shipment"] for unit in seen["lines"][0]["units"]} == {sent.json()["code"]}
    assert set(Unit.objects.values_list("state", flat=True)) == {UnitState.SOLD}


def test_the_same_transfer_again_changes_nothing(staff):
    order = make_order()
    money = {"amount": str(order.total), "reference": "ABA 77"}
    for _ in range(2):
        assert staff.post(f"{STAFF}{order.code}/mark-paid/", money, format="json").status_code == 200
    assert Payment.objects.get().captured_amount == order.total
    other = staff.post(f"{STAFF}{order.code}/mark-paid/", {"amount": "1.00", "reference": "ABA 78"}, format="json")
    problem_of(other, 409, "nothing_to_pay")


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, [("/amount", "required"), ("/reference", "required")]),
        ({"amount": "-5", "reference": "x"}, [("/amount", "min_value")]),
        ({"amount": "1", "reference": " "}, [("/reference", "blank")]),
        ({"amount": "1", "reference": "x", "state": "confirmed"}, [("/state", "unknown_field")]),
    ],
)
def test_wrong_money_is_refused(staff, body, places):
    order = make_order()
    response = staff.post(f"{STAFF}{order.code}/mark-paid/", body, format="json")
    assert places_of(problem_of(response, 400, "invalid")) == places
    assert Payment.objects.get().captured_amount == 0


@pytest.mark.parametrize(
    ("lines", "status", "code", "facts"),
    [
        ([], 422, "serial_missing", {"line": 1, "wanted": 1, "scanned": 0}),
        ([{"line": 1, "serials": ["NOPE"]}], 422, "serial_unknown", {"line": 1, "serial": "NOPE"}),
        ([{"line": 1, "serials": ["OTHER"]}], 422, "serial_wrong", {"line": 1, "serial": "OTHER"}),
        ([{"line": 2, "serials": ["PF1"]}], 422, "line_unknown", {"line": 2}),
    ],
)
def test_wrong_serials_name_the_line_and_send_nothing(staff, lines, status, code, facts):
    variant = make_variant()
    make_units(variant, serials=["PF1"])
    make_units(make_variant(), serials=["OTHER"])
    order = make_paid_order((variant, 1))
    response = staff.post(f"{STAFF}{order.code}/dispatch/", {"lines": lines}, format="json")
    assert problem_of(response, status, code)["facts"] == facts
    order.refresh_from_db()
    assert order.state == OrderState.CONFIRMED
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"lines": [{"line": 1, "serials": []}, {"line": 1, "serials": []}]}, "/lines"),
        ({"lines": [{"line": 0, "serials": []}]}, "/lines/0/line"),
        ({"lines": [{"line": 1, "serials": ["x" * 61]}]}, "/lines/0/serials/0"),
        ({"lines": {"1": ["PF1"]}}, "/lines"),
        ({"tracking_url": "javascript:alert(1)"}, "/tracking_url"),
        ({"carrier": "a\nb"}, "/carrier"),
    ],
)
def test_wrong_parcels_are_refused(staff, body, place):
    order = make_paid_order()
    response = staff.post(f"{STAFF}{order.code}/dispatch/", body, format="json")
    assert places_of(problem_of(response, 400, "invalid"))[0][0] == place


def test_staff_cancel_and_take_parcels_back(staff):
    order = make_paid_order()
    cancelled = staff.post(f"{STAFF}{order.code}/cancel/", {"note": "Broken in storage"}, format="json").json()
    assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", "staff")
    other = make_paid_order()
    sent = staff.post(f"{STAFF}{other.code}/dispatch/", {}, format="json").json()
    back = f"/api/v1/staff/shipments/{sent['code']}/return/"
    assert staff.post(back, {"reason": "Nobody at home"}, format="json").json()["state"] == "returned"
    problem_of(staff.post(back, {"reason": "again"}, format="json"), 409, "wrong_state")


def test_lists_find_orders_by_state_mail_and_code(staff):
    pending, paid = make_order(email="a@example.com"), make_paid_order(email="b@example.com")

    def codes(**query):
        return [row["code"] for row in staff.get(STAFF, query).json()["results"]]

    assert codes() == [paid.code, pending.code]
    assert codes(state="confirmed") == [paid.code]
    assert codes(email="A@example.com") == [pending.code]
    assert codes(code=pending.code) == [pending.code]
    problem_of(staff.get(STAFF, {"user": "1"}), 400, "invalid")


def test_every_step_asks_for_its_permission():
    order = make_paid_order()
    steps = {
        "get": [STAFF, f"{STAFF}{order.code}/"],
        "post": [f"{STAFF}{order.code}/{step}/" for step in ("mark-paid", "pack", "dispatch", "cancel")]
        + ["/api/v1/staff/shipments/ABC/deliver/", "/api/v1/staff/shipments/ABC/return/"],
    }
    customer, powerless = client_of(make_user()), staff_with()
    former = make_user(is_staff=False)
    former.user_permissions.set(Permission.objects.filter(codename__in=FULFILMENT))
    for method, paths in steps.items():
        for path in paths:
            problem_of(getattr(client_of(), method)(path), 401, "not_authenticated")
            for client in (customer, powerless, client_of(former)):
                problem_of(getattr(client, method)(path), 403, "permission_denied")
    only_packs = staff_with("pack_order")
    money = {"amount": "1", "reference": "x"}
    problem_of(only_packs.post(f"{STAFF}{order.code}/mark-paid/", money, format="json"), 403, "permission_denied")
    problem_of(only_packs.get(STAFF), 403, "permission_denied")
    order.refresh_from_db()
    assert order.state == OrderState.CONFIRMED


def test_unknown_codes_are_404(staff):
    problem_of(staff.get(f"{STAFF}NOSUCH/"), 404, "not_found")
    problem_of(staff.post("/api/v1/staff/shipments/NOSUCH/deliver/"), 404, "not_found")
    problem_of(staff.get(f"{STAFF}no-code/"), 404, "not_found")


@pytest.mark.parametrize("orders", [1, 3])
def test_queries(staff, orders, django_assert_num_queries):
    for _ in range(orders):
        order = make_paid_order(*[(make_variant(units=2), 2) for _ in range(orders)])
    with django_assert_num_queries(6):  # account, its own and its groups' permissions, count, orders, bills
        staff.get(STAFF)
    with django_assert_num_queries(8):  # account, permissions (2), order, lines, units, bills, shipments
        staff.get(f"{STAFF}{order.code}/")
