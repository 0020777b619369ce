"""Pick, pack, scan, send, deliver; and parcels that come back."""

import pytest

from catalog.models import Unit
from catalog.tests.factories import make_product, make_units, make_variant
from core.refusals import Conflict, Refusal
from notifications.models import Email
from orders.fulfilment import Pick, confirm_delivery, dispatch, pick_list, return_refused_shipment, start_packing
from orders.models import Allocation, Shipment
from orders.tests.factories import make_order, make_paid_order
from payments.models import Refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def laptop():
    return make_variant(make_product("ThinkPad T14"), sku="T14")


def test_the_pick_list_follows_the_shelves(laptop):
    mouse = make_variant(make_product("Mouse"), sku="M1")
    make_units(laptop, serials=["PF1"], bin="C-02")
    make_units(mouse, quantity=1, bin="A-11")
    order = make_paid_order((laptop, 1), (mouse, 1))
    lines = {line.sku: line.pk for line in order.lines.all()}
    assert pick_list([order]) == [
        Pick("A-11", "M1", "Lenovo Mouse", "", order.code, lines["M1"]),
        Pick("C-02", "T14", "Lenovo ThinkPad T14", "PF1", order.code, lines["T14"]),
    ]


def test_a_whole_life(laptop):
    make_units(laptop, serials=["PF1", "PF2"])
    order = make_paid_order((laptop, 2))
    start_packing([order], by=None)
    line = order.lines.get()
    shipment = dispatch(
        order,
        by=None,
        serials={line.pk: ["pf1", "PF 2"]},
        carrier="J&T",
        tracking_number="JT1",
        tracking_url="https://jt.example/1",
    )
    order.refresh_from_db()
    assert order.state == "shipped"
    assert set(Unit.objects.values_list("state", "hold")) == {("sold", None)}
    assert Allocation.objects.filter(shipment=shipment, live_unit__isnull=False).count() == 2
    letter = Email.objects.get(kind="order_shipped")
    assert "JT1" in letter.text
    assert "https://jt.example/1" in letter.html
    confirm_delivery(shipment, by=None)
    order.refresh_from_db()
    shipment.refresh_from_db()
    assert (order.state, shipment.state) == ("delivered", "delivered")
    assert shipment.delivered_at is not None
    assert Email.objects.filter(kind="order_delivered").count() == 1
    kinds = list(order.events.values_list("kind", flat=True))
    assert kinds == ["placed", "confirmed", "packing", "shipped", "shipment_delivered", "delivered"]


def test_an_unpaid_order_is_not_sent(laptop):
    make_units(laptop, serials=["PF1"])
    order = make_order((laptop, 1))
    with pytest.raises(Conflict) as refused:
        dispatch(order, by=None, serials={order.lines.get().pk: ["PF1"]})
    assert refused.value.code == "wrong_state"
    assert Unit.objects.get().state == "held"


@pytest.mark.parametrize(
    ("scanned", "code"),
    [
        ([], "serial_missing"),
        (["PF1", "PF2"], "serial_missing"),
        (["NOBODY"], "serial_unknown"),
        (["OTHER"], "serial_wrong"),
        (["PROMISED"], "serial_foreign"),
        (["BROKEN"], "serial_foreign"),
    ],
)
def test_a_wrong_serial_sends_nothing(laptop, scanned, code):
    make_units(laptop, serials=["PF1"])
    order = make_paid_order((laptop, 1))
    make_units(laptop, serials=["PROMISED"])
    make_paid_order((laptop, 1), email="other@example.com")
    make_units(laptop, serials=["PF2"])
    make_units(laptop, serials=["BROKEN"], state="repair")
    make_units(make_variant(), serials=["OTHER"])
    before = list(Unit.objects.order_by("pk").values_list("serial", "state", "hold"))
    with pytest.raises(Refusal) as refused:
        dispatch(order, by=None, serials={order.lines.get().pk: scanned})
    assert refused.value.code == code
    assert list(Unit.objects.order_by("pk").values_list("serial", "state", "hold")) == before
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert Shipment.objects.count() == 0
    assert not Email.objects.filter(kind="order_shipped").exists()


def test_a_serial_scanned_twice_is_refused(laptop):
    make_units(laptop, serials=["PF1", "PF2"])
    order = make_paid_order((laptop, 2))
    with pytest.raises(Refusal) as refused:
        dispatch(order, by=None, serials={order.lines.get().pk: ["PF1", "pf1"]})
    assert refused.value.code == "serial_twice"


def test_a_line_of_another_order_is_refused(laptop):
    make_units(laptop, serials=["PF1", "PF2"])
    mine, other = make_paid_order((laptop, 1)), make_paid_order((laptop, 1))
    with pytest.raises(Refusal) as refused:
        dispatch(mine, by=None, serials={other.lines.get().pk: ["PF2"]})
    assert refused.value.code == "line_unknown"


def test_another_free_unit_may_be_packed_instead(laptop):
    make_units(laptop, serials=["PF1", "PF2"])
    order = make_paid_order((laptop, 1))
    shipment = dispatch(order, by=None, serials={order.lines.get().pk: ["PF2"]})
    assert dict(Unit.objects.values_list("serial", "state")) == {"PF1": "available", "PF2": "sold"}
    assert Allocation.objects.get(shipment=shipment).unit.serial == "PF2"


def test_things_without_serials_go_as_promised():
    mouse = make_variant(units=3)
    order = make_paid_order((mouse, 2))
    dispatch(order, by=None, serials={})
    assert sorted(Unit.objects.values_list("state", flat=True)) == ["available", "sold", "sold"]


def test_a_parcel_is_sent_once(laptop):
    make_units(laptop, serials=["PF1"])
    order = make_paid_order((laptop, 1))
    dispatch(order, by=None, serials={order.lines.get().pk: ["PF1"]})
    with pytest.raises(Conflict):
        dispatch(order, by=None, serials={order.lines.get().pk: ["PF1"]})
    assert Shipment.objects.count() == 1


def test_packing_is_all_or_nothing():
    ready, unpaid = make_paid_order(), make_order()
    with pytest.raises(Conflict):
        start_packing([ready, unpaid], by=None)
    ready.refresh_from_db()
    assert ready.state == "confirmed"


def test_a_refused_parcel_goes_to_inspection_and_its_money_goes_back(laptop):
    make_units(laptop, serials=["PF1"])
    order = make_paid_order((laptop, 1))
    shipment = dispatch(order, by=None, serials={order.lines.get().pk: ["PF1"]})
    return_refused_shipment(shipment, by=None, reason="nobody at home")
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "refused")
    assert Unit.objects.get().state == "returned"
    assert Allocation.objects.get().live_unit is None
    assert Refund.objects.get().amount == order.total
    with pytest.raises(Conflict):
        confirm_delivery(shipment, by=None)
    with pytest.raises(Conflict):
        return_refused_shipment(shipment, by=None, reason="again")
