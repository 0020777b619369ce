"""Goods and stock in the admin: receiving, moving units, and edits that are on record."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from catalog.holding import hold_units
from catalog.models import Brand, Category, ListingDirty, Product, RentalPlan, Unit, Variant
from catalog.tests.factories import make_brand, make_category, make_product, make_units, make_variant
from core.models import AuditEntry

RECEIVE = "admin:catalog_unit_receive"
SPECS = [
    {"key": "cpu", "label": "Processor", "kind": "text", "unit": "", "hint": "", "low": None, "high": None},
    {"key": "weight", "label": "Weight", "kind": "decimal", "unit": "kg", "hint": "", "low": 0.1, "high": 50},
    {"key": "ports", "label": "Ports", "kind": "list", "unit": "", "hint": "", "low": None, "high": None},
    {"key": "touch", "label": "Touch", "kind": "boolean", "unit": "", "hint": "", "low": None, "high": None},
    {"key": "ram_gb", "label": "Memory", "kind": "integer", "unit": "GB", "hint": "", "low": 1, "high": 4096},
]


@pytest.fixture
def boss(db, client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def laptops(db):
    return make_category("laptops", spec_definitions=SPECS, variant_axes=["ram_gb"])


def text(response):
    return response.content.decode()


def page(name, row):
    return reverse(f"admin:catalog_{name}", args=[row.pk])


def form_of(client, url, **changes):
    """Return what the browser would send from the form at `url`, with some fields changed."""
    context = client.get(url).context
    told = {}
    for form in [context["adminform"].form, *(f.formset.management_form for f in context["inline_admin_formsets"])]:
        for bound in form:
            value = bound.value()
            told[bound.html_name] = "" if value is None else value
    for inline in context["inline_admin_formsets"]:
        for form in inline.formset.initial_forms:
            for bound in form:
                told[bound.html_name] = "" if bound.value() is None else bound.value()
    return {name: value for name, value in told.items() if value is not False} | changes


def test_receiving_serials_pasted_one_a_line(boss, client):
    variant = make_variant()
    answer = client.post(
        reverse(RECEIVE), {"variant": variant.pk, "serials": "\n pf1 \r\nPF2\n\n", "bin": "b-14", "cost": "250.00"}
    )
    assert answer.url.endswith(f"?variant__id__exact={variant.pk}&state__exact=intake")
    assert "2 received" in text(client.get(answer.url))
    assert list(Unit.objects.order_by("pk").values_list("serial", "state", "bin", "cost")) == [
        ("PF1", "intake", "B-14", Decimal("250.00")),
        ("PF2", "intake", "B-14", Decimal("250.00")),
    ]
    assert Unit.objects.first().events.get().actor == boss


def test_receiving_a_quantity(boss, client):
    client.post(reverse(RECEIVE), {"variant": make_variant().pk, "quantity": "3"})
    assert list(Unit.objects.values_list("serial", "state")) == [(None, "intake")] * 3


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"serials": "NEW1\nOLD1"}, "Row 2: serial number OLD1 is already in stock records."),
        ({"serials": "A\nB\na"}, "Row 3: serial number A is in this list twice."),
        ({"serials": "A\n\nB"}, "Row 2 has no serial number."),
        ({"serials": "A\n" + "x" * 61}, "Row 2: a serial number has at most 60 plain characters."),
        ({"serials": "A\nB\nC", "quantity": "2"}, "3 serial numbers are listed, not 2. Count again."),
        ({}, "Scan at least one serial number, or enter a quantity."),
        ({"quantity": "0"}, "greater than or equal to 1"),
        ({"quantity": "-4"}, "greater than or equal to 1"),
        ({"quantity": "1001"}, "less than or equal to 1000"),
        ({"serials": "\n".join(f"S{n}" for n in range(1001))}, "Receive between 1 and 1000 units at a time."),
        ({"quantity": "2", "cost": "-1"}, "greater than or equal to 0"),
        ({"quantity": "2", "bin": "x" * 21}, "at most 20 characters"),
        ({"quantity": "2", "variant": "987654321"}, "Select a valid choice."),
        ({"quantity": "2", "variant": "9" * 30}, "Select a valid choice."),
        ({"quantity": "2", "variant": "DROP"}, "Select a valid choice."),
        ({"quantity": "2", "variant": ""}, "This field is required."),
    ],
)
def test_a_refused_delivery_changes_nothing_and_keeps_the_list(boss, client, told, words):
    variant = make_variant()
    make_units(variant, serials=["OLD1"])
    answer = client.post(reverse(RECEIVE), {"variant": variant.pk, **told})
    assert answer.status_code == 400
    assert words in text(answer)
    if "serials" in told:
        assert answer.context["form"]["serials"].value() == told["serials"]
    assert list(Unit.objects.values_list("serial", flat=True)) == ["OLD1"]


def test_a_link_may_name_the_variant_and_a_wrong_one_does_no_harm(boss, client):
    variant = make_variant()
    assert variant.sku in text(client.get(reverse(RECEIVE), {"variant": variant.pk}))
    for odd in ("x", "9" * 30, "-1", "²"):
        assert client.get(reverse(RECEIVE), {"variant": odd}).status_code == 200


def test_units_move_by_buttons(boss, client):
    (unit,) = make_units(make_variant(), serials=["A1"], state="intake")
    for deed, told, state in (
        ("put_on_sale", {}, "available"),
        ("send_to_repair", {"reason": "fan"}, "repair"),
        ("send_to_testing", {}, "testing"),
        ("scrap", {"reason": "board dead"}, "scrapped"),
    ):
        client.post(page(f"unit_{deed}", unit), told)
        unit.refresh_from_db()
        assert unit.state == state
    assert list(unit.events.values_list("kind", "reason")) == [
        ("testing", ""),
        ("available", "tested"),
        ("repair", "fan"),
        ("testing", ""),
        ("scrapped", "board dead"),
    ]
    assert client.get(page("unit_change", unit)).context["deeds"] == []


@pytest.mark.parametrize("deed", ["put_on_sale", "send_to_testing", "send_to_repair", "scrap"])
def test_a_unit_held_for_an_order_stays_held(boss, client, deed):
    variant = make_variant(units=1)
    hold_units({variant.pk: 1}, expires_at=None, by=None, reason="test")
    unit = Unit.objects.get()
    answer = client.post(page(f"unit_{deed}", unit), {"reason": "x"}, follow=True)
    assert "this unit is held for an order now. Nothing was changed." in text(answer)
    unit.refresh_from_db()
    assert unit.state == "held"


def test_many_units_go_on_sale_at_once(boss, client):
    units = make_units(make_variant(), quantity=2, state="testing") + make_units(make_variant(units=0), quantity=1)
    answer = client.post(
        reverse("admin:catalog_unit_changelist"),
        {"action": "put_on_sale", "confirmed": "yes", "_selected_action": [unit.pk for unit in units]},
    )
    assert [result.done for result in answer.context["results"]] == [True, True, False]
    assert Unit.objects.filter(state="available").count() == 3


def test_writing_down_a_test_does_not_undo_a_hold_made_meanwhile(boss, client):
    variant = make_variant(units=1)
    unit = Unit.objects.get()
    told = form_of(client, page("unit_change", unit), bin="C-3", battery_health_percent="91")
    hold_units({variant.pk: 1}, expires_at=None, by=None, reason="test")
    answer = client.post(page("unit_change", unit), told)
    assert answer.status_code == 302, text(answer)
    unit.refresh_from_db()
    assert (unit.state, unit.bin, unit.battery_health_percent) == ("held", "C-3", 91)
    assert unit.hold is not None


@pytest.mark.parametrize("value", ["101", "-1", "much"])
def test_an_impossible_battery_is_refused(boss, client, value):
    (unit,) = make_units(make_variant(), quantity=1)
    url = page("unit_change", unit)
    assert client.post(url, form_of(client, url, battery_health_percent=value)).status_code == 200
    unit.refresh_from_db()
    assert unit.battery_health_percent is None


def test_a_price_change_is_on_record_and_the_lists_follow(boss, client):
    variant = make_variant(price="100.00")
    url = page("variant_change", variant)
    ListingDirty.objects.all().delete()
    told = form_of(client, url, price="89.00", list_price="120.00")
    assert client.post(url, told).status_code == 302
    variant.refresh_from_db()
    assert (variant.price, variant.list_price) == (Decimal("89.00"), Decimal("120.00"))
    entry = AuditEntry.objects.get()
    assert (entry.model, entry.object_code, entry.kind, entry.actor) == (
        "catalog.variant",
        variant.sku,
        "changed",
        boss,
    )
    assert entry.facts == {"price": ["100.00", "89.00"], "list_price": [None, "120.00"]}


def test_saving_without_a_change_records_nothing(boss, client):
    variant = make_variant()
    url = page("variant_change", variant)
    assert client.post(url, form_of(client, url)).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"price": "-1"}, "Enter an amount above zero"),
        ({"price": "0"}, "Enter an amount above zero"),
        ({"price": "99999999999"}, "no more than 10 digits before the decimal point"),
        ({"price": "9999999999"}, "Enter an amount above zero"),
        ({"price": "1.005"}, "no more than 2 decimal places"),
        ({"list_price": "99.00"}, "The struck-out price must be higher than the price."),
        ({"grade": "Z"}, "Select a valid choice."),
        ({"max_per_order": "-1"}, "greater than or equal to 0"),
    ],
)
def test_an_impossible_price_is_refused_and_the_form_keeps_it(boss, client, told, words):
    variant = make_variant(price="100.00")
    url = page("variant_change", variant)
    answer = client.post(url, form_of(client, url, **told))
    assert answer.status_code == 200
    assert words in text(answer)
    variant.refresh_from_db()
    assert (variant.price, variant.list_price) == (Decimal("100.00"), None)
    assert not AuditEntry.objects.exists()


def test_a_new_variant_of_a_product(boss, client, laptops):
    product = make_product(category=laptops)
    url = f"{reverse('admin:catalog_variant_add')}?product={product.pk}"
    told = {"product": product.pk, "sku": "", "grade": "A", "price": "500", "is_offered": "on", "fact_ram_gb": "16"}
    assert client.post(url, told).status_code == 302
    variant = Variant.objects.get()
    assert (variant.options, variant.price, bool(variant.sku)) == ({"ram_gb": 16}, Decimal("500.00"), True)
    again = client.post(url, told)
    assert "This product has that grade and configuration already" in text(again)
    too_much = client.post(url, told | {"fact_ram_gb": "9999"})
    assert "less than or equal to 4096" in text(too_much)
    assert Variant.objects.count() == 1


def test_a_products_specs_are_typed_fields(boss, client, laptops):
    product = make_product(category=laptops, specs={"cpu": "i5", "touch": True})
    url = page("product_change", product)
    told = form_of(client, url, fact_cpu="i7", fact_weight="1.4", fact_ports="USB-C, HDMI", fact_touch="false")
    answer = client.post(url, told)
    assert answer.status_code == 302, text(answer)
    product.refresh_from_db()
    assert product.specs == {"cpu": "i7", "weight": 1.4, "ports": ["USB-C", "HDMI"], "touch": False}
    assert AuditEntry.objects.get().facts["specs"][0] == {"cpu": "i5", "touch": True}
    assert client.post(url, form_of(client, url, fact_weight="900")).status_code == 200
    product.refresh_from_db()
    assert product.specs["weight"] == 1.4


def test_a_new_product_gets_its_identity_and_a_twin_is_refused(boss, client, laptops):
    told = {
        "name": "ThinkPad X1",
        "brand": make_brand().pk,
        "category": laptops.pk,
        "status": "active",
        "warranty_months": "12",
        "description": "",
        "box_contents": "the machine\n\ncharger",
        "not_in_box": " bag \nmouse",
    }
    assert client.post(reverse("admin:catalog_product_add"), told).status_code == 302
    product = Product.objects.get()
    assert product.slug.startswith("lenovo-thinkpad-x1-")
    assert product.box_contents == ["the machine", "charger"]
    assert product.not_in_box == ["bag", "mouse"]
    again = client.post(reverse("admin:catalog_product_add"), told)
    assert "There is this product already: Lenovo ThinkPad X1." in text(again)
    assert 'value="ThinkPad X1"' in text(again)
    assert Product.objects.count() == 1


def test_departments_carry_their_branch_along_and_cannot_lie_below_themselves(boss, client):
    root = make_category("computers")
    middle = make_category("portable", parent=root, path="computers/portable")
    leaf = make_category("tiny", parent=middle, path="computers/portable/tiny")
    other = make_category("things")
    url = page("category_change", middle)
    assert client.post(url, form_of(client, url, parent=other.pk)).status_code == 302
    paths = dict(Category.objects.values_list("slug", "path"))
    assert (paths["portable"], paths["tiny"]) == ("things/portable", "things/portable/tiny")
    answer = client.post(url, form_of(client, url, parent=leaf.pk))
    assert "cannot lie below itself" in text(answer)
    middle.refresh_from_db()
    assert middle.parent == other


def test_a_published_plan_keeps_its_price(boss, client):
    plan = RentalPlan.objects.create(variant=make_variant(), months=6, monthly_price=30, is_published=True)
    client.post(page("rentalplan_change", plan), {"monthly_price": "1", "is_published": ""})
    plan.refresh_from_db()
    assert (plan.monthly_price, plan.is_published) == (30, True)


def test_the_low_stock_list_shows_what_was_stocked_and_runs_out(boss, client, settings):
    settings.LOW_STOCK_THRESHOLD = 2
    many, few = make_variant(units=3), make_variant(units=2)
    gone, never, retired = make_variant(), make_variant(), make_variant(is_offered=False, units=1)
    make_units(gone, quantity=1, state="sold")
    listed = client.get(reverse("admin:catalog_variant_changelist"), {"stock": "low"}).context["cl"].result_list
    assert {variant.pk for variant in listed} == {few.pk, gone.pk}
    assert {many.pk, never.pk, retired.pk}.isdisjoint(variant.pk for variant in listed)


def test_a_brand_is_one_brand_in_every_spelling_and_keeps_its_key(boss, client):
    add = reverse("admin:catalog_brand_add")
    assert client.post(add, {"name": "TP-Link"}).status_code == 302
    brand = Brand.objects.get()
    assert (brand.key, brand.slug) == ("tp link", "tp-link")
    assert "There is a brand tp link already" in text(client.post(add, {"name": "tp  link"}))
    assert "A name needs a letter or a digit." in text(client.post(add, {"name": "!!!"}))
    client.post(page("brand_change", brand), {"name": "TP-LINK"})
    brand.refresh_from_db()
    assert (brand.name, brand.key, Brand.objects.count()) == ("TP-LINK", "tp link", 1)


@pytest.mark.parametrize("key", ["DROP", "9" * 30, "-1"])
def test_a_key_that_is_none_is_refused_in_the_stock_forms_too(boss, client, laptops, key):
    told = {"name": "X", "brand": key, "category": laptops.pk, "status": "active", "warranty_months": "1"}
    answer = client.post(reverse("admin:catalog_product_add"), told)
    assert answer.status_code == 200
    assert "Select a valid choice." in text(answer)
    assert not Product.objects.exists()
