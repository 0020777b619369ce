"""The demo shop: complete, the same every time, and never poured over a shop that has goods."""

import json
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command

from backoffice.demo.machines import DEPARTMENT_OF, MACHINES
from backoffice.demo.rate import DEMO_RATE, enter_demo_rate, renew_demo_rate
from carts.models import ShippingMethod, TaxRate
from catalog.departments import BY_SLUG
from catalog.models import Listing, ListingDirty, Product, RentalPlan, Unit, UnitEvent, Variant
from catalog.tests.factories import make_product
from payments.providers.khqr.rates import enter_riel_rate, last_rate, riel_rate
from rentals.plans import unpublish_what_policy_forbids


def machines():
    return json.loads(MACHINES.read_text(encoding="utf-8"))["machines"]


@pytest.mark.parametrize("machine", machines(), ids=lambda machine: f"{machine['brand']} {machine['name']}")
def test_machine_speaks_the_language_of_its_department(machine):
    department = BY_SLUG[DEPARTMENT_OF.get(machine["category"], machine["category"])]
    facts = dict(machine["specs"])
    for offer in machine["variants"]:
        assert set(offer["options"]) <= set(department.axes)
        assert offer["grade"] in Variant.Grade.values
        facts |= offer["options"]

    for key, value in facts.items():
        spec = department.spec(key)
        assert spec is not None, key
        if spec.low is not None:
            assert spec.low <= value <= spec.high
        expected = {"text": str, "integer": int, "decimal": int | float, "boolean": bool, "list": list}[spec.kind]
        assert isinstance(value, expected)


@pytest.mark.django_db
def test_demo_shop_is_complete(capsys):
    call_command("seed_demo")

    out = capsys.readouterr().out.splitlines()
    assert out[-1] == "The demo shop is ready: 587 products, 824 variants, 4,925 units."
    assert Product.objects.filter(category__slug="laptops").count() == 31
    assert set(Unit.objects.values_list("state", flat=True)) == {"available"}
    assert Unit.objects.filter(serial__isnull=False).count() == 556
    assert UnitEvent.objects.count() == 3 * 4925
    assert not Variant.objects.filter(price__isnull=True).exists()
    plans = RentalPlan.objects.filter(is_published=True)
    assert set(plans.values_list("variant__product__category__slug", flat=True)) == {"laptops", "desktops", "monitor"}
    assert unpublish_what_policy_forbids(by=None) == []
    assert Listing.objects.count() == 824
    assert not ListingDirty.objects.exists()
    unit = Unit.objects.get(serial="PF17HWU7")
    assert (unit.bin, unit.battery_health_percent, unit.test_report["keyboard"]) == ("A-06", 92, "pass")
    assert (unit.variant.price, unit.variant.list_price) == (Decimal("585.00"), Decimal("649.00"))
    assert unit.variant.options == {"ram_gb": 16, "storage_gb": 512}
    assert unit.variant.sku == "LAP-BC1DCDB09B7F"
    counts = [variant.available for variant in Variant.objects.with_available().filter(sku__startswith="CPU-")]
    assert 3 <= min(counts) < max(counts) <= 12
    assert list(ShippingMethod.objects.values_list("code", "price", "free_over", "allows_cash_on_delivery")) == [
        ("courier-phnom-penh", Decimal("2.50"), None, True),
        ("courier-provinces", Decimal("5.00"), Decimal("300.00"), False),
        ("international", Decimal("45.00"), None, False),
        ("pickup", Decimal("0.00"), None, False),
    ]
    assert TaxRate.objects.get(country="KH").percent == Decimal("10.000")

    call_command("seed_demo")

    assert capsys.readouterr().out == "There are products already, so nothing was changed.\n"
    assert Unit.objects.count() == 4925


@pytest.mark.django_db
def test_shop_with_goods_is_left_alone(capsys):
    make_product()

    call_command("seed_demo")

    assert capsys.readouterr().out == "There are products already, so nothing was changed.\n"
    assert Product.objects.count() == 1
    assert not ShippingMethod.objects.exists()


@pytest.mark.django_db
def test_the_demo_rate_says_that_it_is_none_and_is_renewed_only_when_nobody_entered_another():
    with time_machine.travel("2026-11-01T02:00:00Z", tick=False):
        enter_demo_rate()
        assert "not a market rate" in last_rate().source
    with time_machine.travel("2026-11-20T02:00:00Z", tick=False):
        assert riel_rate() is None
        renew_demo_rate()
        assert riel_rate() == DEMO_RATE
        enter_riel_rate(Decimal(4015), source="NBC", by=None)
    with time_machine.travel("2026-12-20T02:00:00Z", tick=False):
        renew_demo_rate()
        assert (riel_rate(), last_rate().rate) == (None, Decimal(4015))
