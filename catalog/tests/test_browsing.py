"""Lists, filters and their counts say what the truth says."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.browsing import SORTS, browse
from catalog.filters import Filters
from catalog.models import Category, Listing, Product, Variant
from catalog.tests.factories import make_brand, make_category, make_product, make_variant
from catalog.tests.read_model import Oracle, make_branch, rebuild_all

FACETS = ["brand", "grade", "in_stock", "ram_gb", "panel", "ports", "touch"]


def ids(page):
    return [row.product_id for row in page.rows]


def counts_of(page):
    return {(group.key, value.value): value.count for group in page.facets for value in group.values if value.count}


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_filters_hold_for_one_variant():
    _, laptops, _ = make_branch()
    product = make_product(category=laptops)
    make_variant(product, grade="C", price="10", options={"ram_gb": 16})
    make_variant(product, grade="A", price="20", options={"ram_gb": 8})
    rebuild_all()
    assert ids(browse(laptops, filters=Filters(grades=("A",), values={"ram_gb": ("8",)}))) == [product.pk]
    page = browse(laptops, filters=Filters(grades=("A",), values={"ram_gb": ("16",)}))
    assert (page.rows, page.total, page.pages) == ((), 0, 1)
    assert page.culprit.name in {"grade", "ram_gb"}
    assert page.culprit.count == 1


@pytest.mark.django_db
def test_a_list_shows_the_best_matching_variant():
    _, laptops, _ = make_branch()
    product = make_product(category=laptops)
    small = make_variant(product, price="10", options={"ram_gb": 8})
    large = make_variant(product, price="30", options={"ram_gb": 16})
    stocked = make_variant(product, price="40", options={"ram_gb": 16, "color": "red"}, units=1)
    rebuild_all()
    assert browse(laptops, filters=Filters()).rows[0].variant_id == stocked.pk
    assert browse(laptops, filters=Filters(values={"ram_gb": ("8",)})).rows[0].variant_id == small.pk
    assert (
        browse(laptops, filters=Filters(price=(None, Decimal(35)), values={"ram_gb": ("16",)})).rows[0].pk == large.pk
    )


@pytest.mark.django_db
def test_sorts_with_and_without_filters():
    _, laptops, _ = make_branch()
    dear, cheap, middle = (make_product(category=laptops, specs={"panel": "IPS"}) for _ in range(3))
    make_variant(dear, price="300", units=1)
    make_variant(cheap, price="100")
    make_variant(middle, price="200", units=1)
    unpriced = make_variant(make_product(category=laptops, specs={"panel": "IPS"}), price=None, units=3).product
    rebuild_all()
    orders = {
        "best": [middle, dear, cheap],
        "newest": [middle, cheap, dear],
        "price": [cheap, middle, dear],
        "-price": [dear, middle, cheap],
        "name; drop table": [middle, dear, cheap],
    }
    for sort, order in orders.items():
        expected = [product.pk for product in order]
        assert ids(browse(laptops, filters=Filters(), sort=sort)) == expected, sort
        assert ids(browse(laptops, filters=Filters(values={"panel": ("IPS",)}), sort=sort)) == expected, sort
        assert ids(browse(laptops, filters=Filters(everything=True), sort=sort)) == [*expected, unpriced.pk], sort
    assert browse(laptops, filters=Filters(), sort="nonsense").sort == "best"


@pytest.mark.django_db
def test_memory_sorts_by_price_per_gigabyte():
    definitions = [{"key": "capacity_gb", "label": "Capacity", "kind": "integer", "unit": "GB", "facet": True}]
    drives = make_category("drives", spec_definitions=definitions)
    small, large = make_product(category=drives), make_product(category=drives)
    make_variant(small, price="50", options={"capacity_gb": 500})
    make_variant(large, price="60", options={"capacity_gb": 1000})
    rebuild_all()
    assert ids(browse(drives, filters=Filters(), sort="price_per_gb")) == [large.pk, small.pk]
    assert "price_per_gb" in browse(drives, filters=Filters()).sorts
    assert "price_per_gb" not in browse(None, filters=Filters()).sorts


@pytest.mark.django_db
@pytest.mark.parametrize("filters", [Filters(), Filters(grades=("B",))])
def test_pages_end_and_name_the_last(filters):
    _, laptops, _ = make_branch()
    products = [make_variant(make_product(category=laptops)).product_id for _ in range(5)]
    rebuild_all()
    first = browse(laptops, filters=filters, page_size=2)
    assert (ids(first), first.total, first.pages, first.page) == (products[:2:-1], 5, 3, 1)
    assert ids(browse(laptops, filters=filters, page_size=2, page=3)) == [products[0]]
    past = browse(laptops, filters=filters, page_size=2, page=4)
    assert (past.rows, past.total, past.pages, past.page) == ((), 5, 3, 4)
    assert browse(laptops, filters=filters, page=10**30).rows == ()
    assert browse(laptops, filters=filters, page=-7, page_size=0).page == 1
    assert browse(laptops, filters=filters, page_size=10**9).page_size == 100


@pytest.mark.django_db
def test_no_page_lies_behind_the_two_hundredth(monkeypatch):
    monkeypatch.setattr("catalog.browsing.PAGES_MAX", 2)
    _, laptops, _ = make_branch()
    for _ in range(5):
        make_variant(make_product(category=laptops))
    rebuild_all()
    page = browse(laptops, filters=Filters(), page_size=1, page=3)
    assert (page.rows, page.pages, page.total) == ((), 2, 5)


@pytest.mark.django_db
def test_facets_are_described_in_words():
    _, laptops, _ = make_branch()
    for ram, panel in ((16, "IPS"), (8, "VA"), (16, "VA")):
        make_variant(make_product(category=laptops, specs={"panel": panel}), options={"ram_gb": ram}, units=1)
    rebuild_all()
    page = browse(laptops, filters=Filters(values={"panel": ("IPS",)}))
    groups = {group.key: group for group in page.facets}
    assert list(groups) == ["grade", "brand", "in_stock", "ram_gb", "panel"]
    assert [(value.label, value.count, value.selected) for value in groups["panel"].values] == [
        ("VA", 2, False),
        ("IPS", 1, True),
    ]
    assert groups["panel"].hint == "IPS is bright."
    assert [(value.value, value.label, value.count) for value in groups["ram_gb"].values] == [
        ("16", "16\N{NO-BREAK SPACE}GB", 1)
    ]
    assert groups["ram_gb"].promoted is True
    assert groups["ram_gb"].kind == "number"
    assert groups["ram_gb"].extent == (Decimal(8), Decimal(16))
    assert [(value.label, value.count) for value in groups["grade"].values] == [("Good", 1)]


@pytest.mark.django_db
def test_the_most_frequent_values_and_every_chosen_one_are_shown(monkeypatch):
    monkeypatch.setattr("catalog.browsing.VALUES_SHOWN", 2)
    _, laptops, _ = make_branch()
    for panel in ("A", "A", "A", "B", "B", "C"):
        make_variant(make_product(category=laptops, specs={"panel": panel}))
    rebuild_all()

    def shown(filters):
        groups = {group.key: group for group in browse(laptops, filters=filters).facets}
        return [(value.value, value.count) for value in groups["panel"].values]

    assert shown(Filters()) == [("A", 3), ("B", 2)]
    assert shown(Filters(values={"panel": ("C",)})) == [("A", 3), ("C", 1)]
    assert shown(Filters(values={"panel": ("A", "B", "C")})) == [("A", 3), ("B", 2), ("C", 1)]


@pytest.mark.django_db
def test_unknown_values_are_dropped_with_a_note():
    _, laptops, _ = make_branch()
    product = make_variant(make_product(category=laptops)).product
    rebuild_all()
    page = browse(laptops, filters=Filters(brands=("acer",), values={"panel": ("OLED",)}, ignored=("x",)))
    assert ids(page) == [product.pk]
    assert page.ignored == ("x", "brand=acer", "panel=OLED")


@pytest.mark.django_db
def test_a_department_shows_general_facets_and_its_categories():
    computers, laptops, desktops = make_branch()
    make_variant(make_product(category=laptops), grade="A")
    make_variant(make_product(category=desktops), grade="B")
    make_variant(make_product(category=desktops), grade="B")
    rebuild_all()
    for filters, below in ((Filters(), {"laptops": 1, "desktops": 2}), (Filters(grades=("B",)), {"desktops": 2})):
        page = browse(computers, filters=filters)
        assert {entry.category.slug: entry.count for entry in page.categories} == below
        assert {group.key for group in page.facets} == {"grade", "brand"}
        assert counts_of(page)["grade", "A"] == 1
    shop = browse(None, filters=Filters())
    assert {entry.category.slug: entry.count for entry in shop.categories} == {"computers": 3}
    assert shop.total == 3


@pytest.mark.django_db
def test_the_culprit_is_the_filter_without_which_most_remains():
    _, laptops, _ = make_branch()
    for price, grade in (("100", "A"), ("110", "A"), ("50", "B")):
        make_variant(make_product(category=laptops), price=price, grade=grade)
    rebuild_all()
    page = browse(laptops, filters=Filters(price=(None, Decimal(60)), grades=("A",)))
    assert [(culprit.name, culprit.label, culprit.count) for culprit in page.culprits] == [
        ("price", "Price", 2),
        ("grade", "Condition", 1),
    ]
    assert browse(laptops, filters=Filters(grades=("C",), price=(Decimal(900), None))).culprit is None


# --- what a page costs --------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow_with_rows(rows, django_assert_num_queries):
    computers, laptops, _ = make_branch()
    for _ in range(rows):
        make_variant(make_product(category=laptops, specs={"panel": "IPS"}), options={"ram_gb": 8}, units=1)
    rebuild_all()
    narrow = Filters(
        grades=("B",), in_stock=True, values={"ram_gb": ("8",), "panel": ("IPS",)}, price=(Decimal(1), None)
    )
    with django_assert_num_queries(3):
        assert len(browse(laptops, filters=Filters()).rows) == rows
    with django_assert_num_queries(5):
        assert len(browse(laptops, filters=narrow).rows) == rows
    with django_assert_num_queries(5):
        assert len(browse(computers, filters=Filters(brands=("lenovo",))).rows) == rows
    with django_assert_num_queries(3):
        assert len(browse(None, filters=Filters(), with_facets=False).rows) == rows
    with django_assert_num_queries(5):
        assert [row.category.slug for row in browse(laptops, filters=narrow, with_facets=False).rows] == [
            "laptops"
        ] * rows
    with django_assert_num_queries(4):
        assert browse(laptops, filters=Filters(price=(Decimal(999), None))).rows == ()


# --- the oracle ---------------------------------------------------------------------------------------------------

a_variant = st.fixed_dictionaries(
    {
        "grade": st.sampled_from("NAB"),
        "price": st.sampled_from([None, "10", "20", "20", "30"]),
        "ram": st.sampled_from([None, 8, 16]),
        "units": st.sampled_from([0, 0, 1]),
        "is_offered": st.sampled_from([True, True, True, False]),
    }
)
a_product = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["laptops", "desktops"]),
        "brand": st.sampled_from([None, "Dell", "Lenovo"]),
        "status": st.sampled_from(["active", "active", "active", "retired"]),
        "specs": st.fixed_dictionaries(
            {},
            optional={
                "panel": st.sampled_from(["IPS", "ips", "VA"]),
                "ports": st.lists(st.sampled_from(["HDMI", "USB"]), max_size=2),
                "touch": st.booleans(),
            },
        ),
        "variants": st.lists(a_variant, max_size=3),
    }
)
some_filters = st.fixed_dictionaries(
    {
        "price": st.tuples(st.sampled_from([None, Decimal(15)]), st.sampled_from([None, Decimal(20)])),
        "brands": st.sampled_from([(), ("dell",), ("dell", "lenovo")]),
        "grades": st.sampled_from([(), ("A",), ("A", "B")]),
        "in_stock": st.booleans(),
        "everything": st.booleans(),
        "values": st.fixed_dictionaries(
            {},
            optional={
                "ram_gb": st.sampled_from([("8",), ("8", "16")]),
                "panel": st.sampled_from([("IPS",), ("ips", "VA")]),
                "ports": st.just(("USB",)),
                "touch": st.sampled_from([("yes",), ("no",)]),
            },
        ),
        "ranges": st.sampled_from([{}, {"ram_gb": (Decimal(9), None)}, {"ram_gb": (None, Decimal(8))}]),
    }
)


def orders_of(category, filters):
    """The products of the list in each order."""
    return {sort: ids(browse(category, filters=filters, sort=sort, page_size=100)) for sort in SORTS}


def build(goods):
    """Make a random catalogue and its read model."""
    make_branch()
    for entry in goods:
        product = make_product(category=make_category(entry["category"]), status=entry["status"], specs=entry["specs"])
        product.brand = make_brand(entry["brand"]) if entry["brand"] else None
        product.save()
        for row in entry["variants"]:
            make_variant(
                product,
                price=row["price"],
                grade=row["grade"],
                units=row["units"],
                options={"ram_gb": row["ram"]} if row["ram"] else {},
                is_offered=row["is_offered"],
            )
    rebuild_all()


class EveryCatalogue(TestCase):
    """Random catalogues under random filters."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(a_product, max_size=6), some_filters, st.sampled_from(["laptops", "computers", None]))
    def test_lists_and_counts_equal_the_oracle(self, goods, choices, slug):
        build(goods)
        category = Category.objects.get(slug=slug) if slug else None
        names = FACETS if slug == "laptops" else FACETS[:3]
        if slug != "laptops":
            choices |= {"values": {}, "ranges": {}}
        for asked in (Filters(), Filters(**choices)):
            oracle = Oracle(category)
            page = browse(category, filters=asked, page_size=100)
            # What nothing in the category has was dropped; the oracle answers for what is left.
            filters = page.filters
            assert set(ids(page)) == oracle.products(filters)
            assert page.total == len(page.rows) == len(oracle.products(filters))
            assert {row.product_id: row.variant_id for row in page.rows} == oracle.shown(filters)
            assert counts_of(page) == oracle.counts(filters, names)
            assert browse(category, filters=filters, with_facets=False).total == page.total
            assert orders_of(category, filters) == oracle.orders(filters)
            pages = [browse(category, filters=filters, page=number, page_size=2) for number in range(1, page.pages + 5)]
            assert list(itertools.chain.from_iterable(map(ids, pages))) == ids(page)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(a_product, min_size=1, max_size=4), st.lists(a_product, min_size=1, max_size=4))
    def test_a_rebuild_after_changes_equals_a_fresh_build(self, before, after):
        build(before)
        Variant.objects.update(price=None)
        Product.objects.update(specs={"panel": "TN"})
        build(after)
        standing = list(Listing.objects.order_by("pk").values())
        for slug in ("laptops", "desktops"):
            category = Category.objects.get(slug=slug)
            page = browse(category, filters=Filters(), page_size=100)
            assert counts_of(page) == Oracle(category).counts(
                Filters(), FACETS if slug == "laptops" else [*FACETS[:3], "ram_gb"]
            )
        Listing.objects.all().delete()
        rebuild_all()
        assert list(Listing.objects.order_by("pk").values()) == standing
