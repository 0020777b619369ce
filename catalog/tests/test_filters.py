"""An address is read into filters; what makes no sense is dropped and named."""

from decimal import Decimal

import pytest

from catalog.filters import Filters, read_filters
from catalog.models import Category
from catalog.tests.read_model import DEFINITIONS


def read(**params):
    category = Category(spec_definitions=DEFINITIONS)
    return read_filters(
        category, {name: [value] if isinstance(value, str) else value for name, value in params.items()}
    )


def test_an_address_is_read_into_filters():
    filters = read(
        price_min="10",
        price_max="99.50",
        brand=["dell", "lenovo", "dell"],
        grade=["A", "B"],
        in_stock="1",
        ram_gb=["8", "16"],
        ram_gb_min="8",
        panel="IPS",
        all="1",
        q="x",
        page="2",
        sort="price",
    )
    assert filters == Filters(
        price=(Decimal(10), Decimal("99.50")),
        brands=("dell", "lenovo"),
        grades=("A", "B"),
        in_stock=True,
        values={"ram_gb": ("8", "16"), "panel": ("IPS",)},
        ranges={"ram_gb": (Decimal(8), None)},
        everything=True,
        ignored=(),
    )
    assert read_filters(Category(spec_definitions=DEFINITIONS), _lists(filters.parameters())) == filters


def _lists(pairs):
    params = {}
    for name, value in pairs:
        params.setdefault(name, []).append(value)
    return params


@pytest.mark.parametrize(
    ("params", "ignored"),
    [
        ({"price_min": "cheap"}, ("price_min=cheap",)),
        ({"price_min": "-1"}, ("price_min=-1",)),
        ({"price_min": "1e9"}, ("price_min=1e9",)),
        ({"price_min": "NaN"}, ("price_min=NaN",)),
        ({"price_min": "٣"}, ("price_min=٣",)),
        ({"price_max": ["5", "6"]}, ("price_max=5",)),
        ({"price_min": "9", "price_max": "8"}, ("price_min=9", "price_max=8")),
        ({"ram_gb_min": "9", "ram_gb_max": "8"}, ("ram_gb_min=9", "ram_gb_max=8")),
        ({"brand": "DROP TABLE"}, ("brand=DROP TABLE",)),
        ({"grade": ["Z"]}, ("grade=Z",)),
        ({"in_stock": "maybe"}, ("in_stock=maybe",)),
        ({"panel": "a\x00b"}, ("panel=a\x00b",)),
        ({"panel": "x" * 500}, ("panel=" + "x" * 40,)),
        ({"cpu": "i5"}, ("cpu",)),
        ({"panel_min": "3"}, ("panel_min",)),
        ({"utm_source": "mail"}, ("utm_source",)),
        ({"brand": "", "price_min": " ", "in_stock": ""}, ()),
    ],
)
def test_what_makes_no_sense_is_dropped_and_named(params, ignored):
    filters = read(**params)
    assert not filters
    assert filters.ignored == ignored


def test_without_a_category_spec_filters_are_unknown():
    assert read_filters(None, {"ram_gb": ["8"], "brand": ["dell"]}) == Filters(brands=("dell",), ignored=("ram_gb",))


def test_an_endless_address_is_cut():
    filters = read(brand=[f"brand-{number}" for number in range(500)])
    assert len(filters.brands) == 40
    assert len(filters.ignored) == 40
