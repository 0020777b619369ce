"""A rebuild raises the versions of the lists that it changed, and of no others."""

from decimal import Decimal

import pytest

from catalog.editing import save_category, save_product, save_variant
from catalog.listings import rebuild, rebuild_dirty
from catalog.models import SearchTerm
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from core.versions import CATEGORIES, EVERY_LIST, current_versions, list_of, raise_versions

pytestmark = pytest.mark.django_db
NAMES = [CATEGORIES, EVERY_LIST, *(list_of(slug) for slug in ("computers", "laptops", "desktops", "memory"))]


def versions():
    rebuild_dirty(100)
    return list(current_versions(NAMES).values())


@pytest.fixture
def laptop():
    """A variant of a laptop that lists show; everybody's versions are known."""
    computers = make_category("computers")
    make_category("desktops", path="computers/desktops", parent=computers)
    make_category("memory")
    laptops = make_category("laptops", path="computers/laptops", parent=computers)
    variant = make_variant(make_product(category=laptops), units=1)
    rebuild([variant.product_id])
    return variant


def test_a_changed_price_raises_its_list_those_above_and_the_whole(laptop):
    assert versions() == [0, 1, 1, 1, 0, 0]
    save_variant(laptop, by=None, values={"price": Decimal("90.00")})
    assert versions() == [0, 2, 2, 2, 0, 0]


def test_stock_raises_them_too(laptop):
    make_units(laptop, quantity=1)
    rebuild([laptop.product_id])
    assert versions() == [0, 2, 2, 2, 0, 0]


def test_a_move_to_another_department_raises_both(laptop):
    # A version that is raised for the first time may take its companions up by two.
    raise_versions([list_of("memory")])
    save_product(laptop.product, by=None, values={"category": make_category("memory")})
    assert versions() == [0, 2, 2, 2, 0, 2]


def test_what_no_list_shows_raises_nothing(laptop):
    rebuild([laptop.product_id])
    save_product(laptop.product, by=None, values={"box_contents": ["a cable"]})
    assert versions() == [0, 1, 1, 1, 0, 0]


def test_words_that_only_search_finds_raise_the_whole_only(laptop):
    save_product(laptop.product, by=None, values={"description": "Unbelievably quiet"})
    assert versions() == [0, 2, 1, 1, 0, 0]
    assert SearchTerm.objects.filter(term="quiet").count() == 1


def test_a_product_that_is_gone_raises_its_list(laptop):
    save_product(laptop.product, by=None, values={"status": "retired"})
    assert versions() == [0, 2, 2, 2, 0, 0]


def test_a_changed_department_raises_the_tree(laptop):
    save_category(laptop.product.category, by=None, values={"name": "Notebooks"})
    assert versions() == [1, 2, 1, 1, 0, 0]
