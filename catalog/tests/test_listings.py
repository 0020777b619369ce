"""The read model follows the truth."""

from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection, transaction

from catalog import facets, tasks
from catalog.listings import department_counts, mark_dirty, rebuild, rebuild_dirty
from catalog.models import Facet, FacetCount, Listing, ListingDirty, Product, RentalPlan, SearchTerm, Unit
from catalog.tests.factories import make_brand, make_category, make_product, make_units, make_variant
from catalog.tests.read_model import make_branch, rebuild_all

pytestmark = pytest.mark.django_db
NBSP = "\N{NO-BREAK SPACE}"


def counts_of(category):
    rows = FacetCount.objects.filter(category=category, products__gt=0)
    return {(row.name, row.value): row.products for row in rows}


def test_a_listing_says_what_the_card_shows():
    computers, laptops, _ = make_branch()
    product = make_product(
        "ThinkPad T14",
        category=laptops,
        specs={"cpu": "Core i5-1245U", "panel": "IPS", "touch": True, "screen_size_in": 14, "weight_kg": 1.4},
    )
    variant = make_variant(product, price="585.00", list_price=Decimal("649.00"), options={"ram_gb": 16}, units=2)
    RentalPlan.objects.create(variant=variant, months=6, monthly_price="110.00", is_published=True)
    RentalPlan.objects.create(variant=variant, months=12, monthly_price="60.00", is_published=True)
    RentalPlan.objects.create(variant=variant, months=3, monthly_price="10.00", is_published=False)
    rebuild([product.pk])
    row = Listing.objects.get()
    assert (row.variant, row.product, row.category, row.department) == (variant, product, laptops, computers)
    assert (row.price, row.list_price, row.monthly_from) == (Decimal("585.00"), Decimal("649.00"), Decimal("60.00"))
    assert (row.available, row.in_stock, row.lead, row.position) == (2, True, True, 0)
    assert row.name == "Lenovo ThinkPad T14"
    assert row.spec_line == f"Core{NBSP}i5-1245U{NBSP}· 16{NBSP}GB{NBSP}· IPS"
    assert row.facts == {"screen_size_in": 14, "touch": True}


def test_a_drive_names_its_kind_and_its_price_per_gigabyte():
    definitions = [
        {"key": "storage_gb", "label": "Storage", "kind": "integer", "unit": "GB", "card": True},
        {
            "key": "ddr_generation",
            "label": "DDR generation",
            "kind": "integer",
            "unit": "",
            "card": True,
            "facet": True,
        },
    ]
    category = make_category("memory", spec_definitions=definitions)
    product = make_product(
        category=category,
        specs={"storage_gb": 512, "storage_type": "SSD", "ddr_generation": 5, "module_count": 2, "module_size_gb": 8},
    )
    make_variant(product, price="50.00")
    rebuild([product.pk])
    row = Listing.objects.get()
    assert row.spec_line == f"512{NBSP}GB{NBSP}SSD{NBSP}· DDR5"
    assert row.price_per_gb == Decimal("3.1250")
    assert FacetCount.objects.get(name="ddr_generation").label == "DDR5"


def test_the_lead_is_the_cheapest_in_stock_then_the_cheapest_priced():
    product = make_product()
    sold_out = make_variant(product, price="10.00")
    dear = make_variant(product, price="30.00", units=1)
    cheap = make_variant(product, price="20.00", units=1)
    unpriced = make_variant(product, price=None, units=1)
    rebuild([product.pk])
    assert list(Listing.objects.order_by("position").values_list("variant", "lead")) == [
        (cheap.pk, True),
        (dear.pk, False),
        (sold_out.pk, False),
        (unpriced.pk, False),
    ]
    Unit.objects.all().delete()
    rebuild([product.pk])
    assert Listing.objects.get(lead=True).variant == sold_out


def test_an_unpriced_product_has_no_lead_and_counts_nowhere_but_can_be_found():
    product = make_product("Quadro")
    make_variant(product, price=None, units=1)
    rebuild([product.pk])
    assert Listing.objects.get().lead is False
    assert counts_of(product.category) == {}
    assert FacetCount.objects.get(name=facets.BRAND).value == "lenovo"
    assert SearchTerm.objects.filter(term="quadro", product=product).exists()


@pytest.mark.parametrize("hide", ["retired", "withdrawn", "hidden"])
def test_what_is_not_offered_disappears(hide):
    product = make_product()
    variant = make_variant(product, units=1)
    rebuild([product.pk])
    assert counts_of(product.category)[facets.ALL, ""] == 1
    if hide == "retired":
        Product.objects.update(status=Product.Status.RETIRED)
    elif hide == "withdrawn":
        variant.is_offered = False
        variant.save()
    else:
        product.category.is_visible = False
        product.category.save()
    rebuild([product.pk])
    assert not Listing.objects.exists()
    assert not Facet.objects.exists()
    assert not SearchTerm.objects.exists()
    assert counts_of(product.category) == {}


def test_counts_follow_stock_brand_and_category():
    _, laptops, desktops = make_branch()
    one = make_product(category=laptops, specs={"panel": "IPS"})
    two = make_product(category=laptops, specs={"panel": "VA"}, brand=make_brand("Dell"))
    make_variant(one, grade="A", options={"ram_gb": 8}, units=1)
    make_variant(one, grade="A", options={"ram_gb": 16})
    make_variant(two, grade="B", options={"ram_gb": 16})
    rebuild_all()
    assert counts_of(laptops) == {
        ("", ""): 2,
        ("brand", "lenovo"): 1,
        ("brand", "dell"): 1,
        ("grade", "A"): 1,
        ("grade", "B"): 1,
        ("in_stock", "1"): 1,
        ("ram_gb", "8"): 1,
        ("ram_gb", "16"): 2,
        ("panel", "IPS"): 1,
        ("panel", "VA"): 1,
    }
    Unit.objects.all().delete()
    Product.objects.filter(pk=two.pk).update(category=desktops)
    rebuild([one.pk, two.pk])
    assert counts_of(laptops) == {
        ("", ""): 1,
        ("brand", "lenovo"): 1,
        ("grade", "A"): 1,
        ("ram_gb", "8"): 1,
        ("ram_gb", "16"): 1,
        ("panel", "IPS"): 1,
    }
    assert counts_of(desktops) == {("", ""): 1, ("brand", "dell"): 1, ("grade", "B"): 1, ("ram_gb", "16"): 1}


def test_department_counts_add_up_the_branch_in_one_query(django_assert_num_queries):
    computers, laptops, desktops = make_branch()
    parts = make_category("parts")
    for category in (laptops, laptops, desktops):
        make_variant(make_product(category=category))
    make_variant(make_product(category=parts), price=None)
    rebuild_all()
    with django_assert_num_queries(1):
        assert department_counts() == {computers.pk: 3, laptops.pk: 2, desktops.pk: 1, parts.pk: 0}


def test_a_second_rebuild_writes_nothing_and_a_price_touches_no_terms():
    product = make_product(specs={"touch": True})
    variant = make_variant(product, units=1)
    rebuild([product.pk])
    terms = set(SearchTerm.objects.values_list("pk", flat=True))
    facet_rows = set(Facet.objects.values_list("pk", flat=True))
    with connection.execute_wrapper(_refuse_writes):
        rebuild([product.pk])
    variant.price = Decimal("77.00")
    variant.save()
    rebuild([product.pk])
    assert Listing.objects.get().price == Decimal("77.00")
    assert set(SearchTerm.objects.values_list("pk", flat=True)) == terms
    assert set(Facet.objects.values_list("pk", flat=True)) == facet_rows


def _refuse_writes(execute, sql, params, many, context):
    assert sql.split()[0] not in {"INSERT", "UPDATE", "DELETE"}, sql
    return execute(sql, params, many, context)


def test_marking_notes_each_product_once_and_belongs_to_the_callers_transaction():
    product = make_product()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        mark_dirty([product.pk])
        raise ZeroDivisionError
    assert not ListingDirty.objects.exists()
    mark_dirty([product.pk, product.pk])
    mark_dirty([])
    assert list(ListingDirty.objects.values_list("product", flat=True)) == [product.pk]


def test_marking_wakes_the_task(django_capture_on_commit_callbacks):
    product = make_product()
    make_variant(product)
    with django_capture_on_commit_callbacks(execute=True):
        mark_dirty([product.pk])
    assert Listing.objects.get().product == product
    assert not ListingDirty.objects.exists()


def test_the_rebuild_takes_notes_up_to_its_limit_and_forgets_deleted_products():
    products = [make_product() for _ in range(3)]
    for product in products:
        make_variant(product)
    mark_dirty([product.pk for product in products] + [987_654])
    mark_dirty([products[0].pk])
    assert rebuild_dirty(2) == 2
    assert Listing.objects.count() == 2
    assert rebuild_dirty(100) == 2
    assert Listing.objects.count() == 3
    assert not ListingDirty.objects.exists()
    assert rebuild_dirty(100) == 0


def test_a_product_marked_again_during_the_rebuild_keeps_its_note(monkeypatch):
    product = make_product()
    variant = make_variant(product)
    mark_dirty([product.pk])
    real = tasks.listings._write

    def change_while_writing(ids, rows):
        real(ids, rows)
        if Listing.objects.get().price == Decimal("100.00"):
            variant.price = Decimal("55.00")
            variant.save()
            mark_dirty([product.pk])

    monkeypatch.setattr(tasks.listings, "_write", change_while_writing)
    assert rebuild_dirty(1) == 1
    assert ListingDirty.objects.count() == 1
    assert rebuild_dirty(1) == 1
    assert Listing.objects.get().price == Decimal("55.00")
    assert not ListingDirty.objects.exists()


def test_the_task_asks_for_another_run_only_when_it_reached_its_limit(monkeypatch):
    monkeypatch.setattr(tasks, "PRODUCTS_AT_ONCE", 2)
    asked = []
    monkeypatch.setattr(tasks, "nudge", asked.append)
    mark_dirty([make_product().pk for _ in range(3)])
    assert tasks.rebuild_dirty_listings() == 2
    assert tasks.rebuild_dirty_listings() == 1
    assert asked.count("catalog.rebuild_dirty_listings") == 1
    # Whoever waits for a price or a unit is told after each part.
    assert asked.count("catalog.notify_watchers") == 2


def test_values_that_no_column_can_hold_are_no_numbers():
    assert facets.number_of(10**12) is None
    assert facets.number_of(True) is None
    assert facets.number_of("16") is None
    assert facets.number_of(2.5) == Decimal("2.5000")
    product = make_product(category=make_branch()[1], specs={"panel": "x" * 300, "ports": ["", None, "HDMI", "HDMI"]})
    make_variant(product, options={"ram_gb": 10**12})
    rebuild([product.pk])
    assert FacetCount.objects.get(name="panel").value == "x" * 80
    assert Facet.objects.filter(code=facets.code_of("ports", "HDMI")).count() == 1


def test_codes_of_the_departments_facets_do_not_overlap():
    from catalog.departments import DEPARTMENTS

    names = {spec.key for department in DEPARTMENTS for spec in department.specs} | {*facets.GENERAL}
    ranges = sorted(facets.code_range(name) for name in names)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
    least, most = facets.code_range("brand")
    assert least <= facets.code_of("brand", "dell") <= most < 0
    least, most = facets.code_range("ram_gb")
    assert 0 < least <= facets.code_of("ram_gb", "16") <= most


def test_units_that_arrive_and_leave_change_availability():
    variant = make_variant()
    make_units(variant, quantity=2)
    make_units(variant, quantity=1, state="testing")
    rebuild([variant.product_id])
    assert Listing.objects.get().available == 2
