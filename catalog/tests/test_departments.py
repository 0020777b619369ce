"""The table of departments is sound, and reaches the database once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.departments import BY_SLUG, DEPARTMENTS, Kind, ensure_departments
from catalog.listings import rebuild, rebuild_dirty
from catalog.models import Category, FacetCount
from catalog.tests.factories import make_product, make_variant

PARTS = {
    "case-accessory", "case-fan", "case", "cpu-cooler", "cpu", "external-hard-drive", "fan-controller", "headphones",
    "internal-hard-drive", "keyboard", "memory", "monitor", "motherboard", "mouse", "optical-drive", "os",
    "power-supply", "sound-card", "speakers", "thermal-paste", "ups", "video-card", "webcam", "wired-network-card",
    "wireless-network-card",
}  # fmt: skip


def test_every_parts_file_has_a_department_told_by_its_header():
    with_columns = [department for department in DEPARTMENTS if department.columns]

    assert {department.slug for department in with_columns} == PARTS
    assert len({frozenset(department.columns) for department in with_columns}) == 25


@pytest.mark.parametrize("department", DEPARTMENTS, ids=lambda department: department.slug)
def test_department_is_sound(department):
    keys = [spec.key for spec in department.specs]

    assert len(set(keys)) == len(keys)
    assert set(department.axes) <= set(keys)
    assert set(department.columns) - set(keys) <= {"price_per_gb_usd"}
    assert not department.parent or department.parent in BY_SLUG
    for spec in department.specs:
        assert len(spec.key) <= 40
        assert not spec.promoted or spec.facet
        if spec.kind in {Kind.INTEGER, Kind.DECIMAL}:
            assert spec.low < spec.high


@pytest.mark.parametrize(
    "department", [one for one in DEPARTMENTS if one.specs], ids=lambda department: department.slug
)
def test_filters_say_enough(department):
    """What a card prints can be filtered, jargon is explained, three filters stand open."""
    filters = [spec for spec in department.specs if spec.facet]
    promoted = [spec for spec in filters if spec.promoted]
    # Colours are hidden at the end; a small department promotes all it has.
    worth_it = [spec for spec in filters if spec.key != "color"]

    assert [spec.key for spec in department.specs if spec.card and not spec.facet] == []
    assert [spec.key for spec in worth_it if not spec.hint] == []
    assert len(promoted) >= min(3, len(worth_it)) or len(worth_it) <= 3
    assert promoted


def test_every_department_is_described():
    assert [department.slug for department in DEPARTMENTS if not department.description] == []


def test_sku_codes_are_distinct_where_goods_are():
    codes = [department.code for department in DEPARTMENTS if department.specs]

    assert all(codes)
    assert len(set(codes)) == len(codes)


@pytest.mark.django_db
def test_departments_are_written_once():
    ensure_departments()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        categories = ensure_departments()

    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert Category.objects.count() == len(DEPARTMENTS) == len(categories)
    video = Category.objects.get(slug="video-card")
    assert (video.name, video.path, video.parent.slug) == ("Graphics cards", "components/video-card", "components")
    assert Category.objects.get(slug="monitor").path == "monitor"
    assert Category.objects.get(slug="internal-hard-drive").variant_axes == ["capacity_gb", "cache_mb"]
    assert video.spec_definitions[1] == {
        "key": "memory_gb",
        "label": "Memory",
        "kind": "decimal",
        "unit": "GB",
        "hint": "Room for pictures and models on the card.",
        "facet": True,
        "promoted": True,
        "card": True,
        "low": 0.1,
        "high": 256,
    }


@pytest.mark.django_db
def test_specs_follow_the_table_and_words_belong_to_staff():
    ensure_departments()
    Category.objects.filter(slug="cpu").update(
        name="Chips", position=99, is_visible=False, spec_definitions=[], variant_axes=["color"]
    )

    ensure_departments()

    cpu = Category.objects.get(slug="cpu")
    assert (cpu.name, cpu.position, cpu.is_visible) == ("Chips", 99, False)
    assert [definition["key"] for definition in cpu.spec_definitions][:2] == ["core_count", "core_clock_ghz"]
    assert cpu.variant_axes == []


@pytest.mark.django_db
def test_goods_that_are_there_already_learn_a_changed_definition():
    categories = ensure_departments()
    product = make_variant(make_product(category=categories["memory"]), options={"module_count": 1}).product
    Category.objects.filter(slug="memory").update(spec_definitions=[])
    rebuild([product.pk])
    assert not FacetCount.objects.filter(name="module_count").exists()

    ensure_departments()
    rebuild_dirty(10)

    assert FacetCount.objects.get(name="module_count").label == "1\N{NO-BREAK SPACE}module"
