"""Suggestions while typing."""

import pytest

from catalog.models import Category
from catalog.suggesting import Suggestions, suggest
from catalog.tests.factories import make_brand, make_category, make_product, make_variant
from catalog.tests.read_model import rebuild_all
from core.versions import CATEGORIES, EVERY_LIST, ReadVersions, raise_versions

pytestmark = pytest.mark.django_db


def products(query):
    return [row.name for row in suggest(query, versions=ReadVersions()).products]


def departments(query):
    return [(row.name, row.path) for row in suggest(query, versions=ReadVersions()).departments]


def brands(query):
    return [row.slug for row in suggest(query, versions=ReadVersions()).brands]


@pytest.mark.parametrize("query", ["", "  ", "?!", "x" * 10_000, "a " * 5_000, "' OR 1=1 --", "%", "\x00", "\ud7ff"])
def test_odd_queries_suggest_nothing_politely(query):
    make_variant(make_product("Dock"), units=1)
    rebuild_all()
    assert suggest(query, versions=ReadVersions()) == Suggestions()


def test_products_follow_names_and_begin_with_what_can_be_bought():
    make_variant(make_product("Quadro P400", description="thinkpad"), units=1)
    make_variant(make_product("ThinkPad X1"), price=None)
    make_variant(make_product("ThinkPad T15"))
    make_variant(make_product("ThinkPad T14"), units=1)
    rebuild_all()
    assert products("thinkp") == ["Lenovo ThinkPad T14", "Lenovo ThinkPad T15", "Lenovo ThinkPad X1"]
    assert products("lenovo t14") == ["Lenovo ThinkPad T14"]
    assert products("thinkpad zebra") == []


def test_no_more_than_fits_below_the_field():
    for number in range(8):
        make_category(f"dock-{number}")
        make_variant(make_product("Dock", brand=make_brand(f"Dockmaker{number}")))
    rebuild_all()
    found = suggest("dock", versions=ReadVersions())
    assert (len(found.departments), len(found.brands), len(found.products)) == (3, 2, 6)


def test_departments_and_makers_are_found_by_their_names():
    laptops = make_category("laptops", name="Gaming laptops", path="computers/laptops")
    make_category("secret", name="Laptops to come", is_visible=False)
    make_variant(make_product("X", category=laptops, brand=make_brand("Lapworks")))
    rebuild_all()
    assert departments("lapt") == [("Gaming laptops", "computers/laptops")]
    assert departments("laptops gam") == [("Gaming laptops", "computers/laptops")]
    assert departments("laptop gam") == []
    assert brands("lapw") == ["lapworks"]
    assert brands("x") == []


def test_khmer_names_are_suggested():
    make_category("laptops", name="កុំព្យូទ័រយួរដៃ")
    make_variant(make_product("ក្ដារចុច ថ្មី", category=make_category("keys"), brand=make_brand("Logitech")))
    rebuild_all()
    assert departments("កុំព្យូ") == [("កុំព្យូទ័រយួរដៃ", "laptops")]
    assert products("ក្ដារ") == ["Logitech ក្ដារចុច ថ្មី"]


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow_with_rows(rows, django_assert_num_queries):
    for _ in range(rows):
        make_variant(make_product("ThinkPad"), units=1)
    rebuild_all()
    read = ReadVersions()
    # Versions, terms, listings and the names of the departments; the last two of them are kept in the cache.
    with django_assert_num_queries(4):
        assert len(suggest("lenovo think", versions=read).products) == rows


@pytest.mark.django_db(transaction=True)
def test_what_was_asked_lately_comes_from_the_cache_until_something_changes(django_assert_num_queries):
    make_variant(make_product("Dock", category=make_category("docks")), units=1)
    rebuild_all()
    assert products("dock") == ["Lenovo Dock"]
    with django_assert_num_queries(1):
        assert products("dock") == ["Lenovo Dock"]
    assert products("DOCK ") == ["Lenovo Dock"]
    make_variant(make_product("Dock 2", category=make_category("docks")), units=1)
    rebuild_all()
    raise_versions([EVERY_LIST])
    assert products("dock") == ["Lenovo Dock 2", "Lenovo Dock"]
    Category.objects.filter(slug="docks").update(name="Dockings")
    raise_versions([CATEGORIES])
    assert departments("docki") == [("Dockings", "docks")]
