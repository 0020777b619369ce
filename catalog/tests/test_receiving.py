"""Goods come in: counted, serialled, tested, shelved."""

from decimal import Decimal

import pytest

from catalog.models import Unit, UnitEvent
from catalog.receiving import put_on_sale, receive_units, start_testing, take_off_sale
from catalog.tests.factories import make_units, make_variant
from core.refusals import Conflict, Refusal

pytestmark = pytest.mark.django_db


def test_each_serial_becomes_a_unit_in_intake():
    variant = make_variant()
    units = receive_units(variant, by=None, serials=[" pf3 x1", "PF3X2"], bin="b-14", cost=Decimal("310.00"))
    assert [(unit.serial, unit.state, unit.bin, unit.cost) for unit in units] == [
        ("PF3X1", "intake", "B-14", Decimal("310.00")),
        ("PF3X2", "intake", "B-14", Decimal("310.00")),
    ]
    assert UnitEvent.objects.filter(kind="intake", reason="received").count() == 2


def test_things_without_serials_are_counted():
    units = receive_units(make_variant(), by=None, quantity=3)
    assert [unit.serial for unit in units] == [None, None, None]
    assert len({unit.pk for unit in units}) == 3


@pytest.mark.parametrize("quantity", [0, -1, 1001, 10**9])
def test_impossible_quantities_are_refused(quantity):
    with pytest.raises(Refusal) as refused:
        receive_units(make_variant(), by=None, quantity=quantity)
    assert refused.value.code == "quantity_impossible"
    assert Unit.objects.count() == 0


@pytest.mark.parametrize(
    ("serials", "code", "row"),
    [
        (["A1", "A2", "a 1"], "serial_taken", 3),
        (["A1", "TAKEN"], "serial_taken", 2),
        (["A1", "  "], "serial_empty", 2),
        (["A" * 61], "serial_too_long", 1),
        (["A\x00B"], "serial_too_long", 1),
    ],
)
def test_a_bad_serial_names_its_row_and_nothing_comes_in(serials, code, row):
    variant = make_variant()
    make_units(variant, serials=["TAKEN"])
    with pytest.raises(Refusal) as refused:
        receive_units(variant, by=None, serials=serials)
    assert (refused.value.code, refused.value.facts["row"]) == (code, row)
    assert f"Row {row}" in refused.value.message
    assert Unit.objects.count() == 1


def test_units_reach_the_shelf_by_way_of_testing():
    variant = make_variant()
    units = receive_units(variant, by=None, quantity=2)
    put_on_sale(units, by=None)
    assert Unit.objects.available().filter(variant=variant).count() == 2
    assert list(UnitEvent.objects.filter(unit=units[0]).order_by("pk").values_list("kind", flat=True)) == [
        "intake",
        "testing",
        "available",
    ]


def test_a_tested_unit_goes_to_repair_and_back():
    (unit,) = receive_units(make_variant(), by=None, quantity=1)
    start_testing([unit], by=None)
    take_off_sale([unit], to="repair", by=None, reason="hinge")
    start_testing([unit], by=None, reason="repaired")
    put_on_sale([unit], by=None)
    assert Unit.objects.get().state == "available"


def test_a_held_unit_stays_with_its_order():
    from catalog.holding import hold_units

    variant = make_variant(units=1)
    hold_units({variant.pk: 1}, expires_at=None, by=None, reason="order")
    with pytest.raises(Conflict) as refused:
        take_off_sale(list(Unit.objects.all()), to="scrapped", by=None, reason="x")
    assert refused.value.code == "wrong_state"
    assert Unit.objects.get().state == "held"
