"""The catalogue over the API, as shoppers and partners read it."""

import pytest
from django.core.cache import cache
from rest_framework.serializers import Serializer

from accounts.tests.factories import make_user
from catalog.api.lists import FacetValueSerializer, ListedProductSerializer
from catalog.browsing import browse
from catalog.editing import save_category
from catalog.filters import Filters
from catalog.listings import rebuild
from catalog.models import Category, Product
from catalog.tests.factories import make_brand, make_category, make_product, make_units, make_variant
from core.caching import forget
from core.tests.api import client_of, places_of, problem_of

pytestmark = pytest.mark.django_db
PRODUCTS = "/api/v1/products/"
RAM = {"key": "ram_gb", "label": "Memory", "kind": "integer", "unit": "GB", "hint": "", "facet": True}
SCREEN = {
    "key": "screen_in",
    "label": "Screen",
    "kind": "decimal",
    "unit": "″",
    "hint": "Corner to corner.",
    "facet": False,
}


@pytest.fixture
def laptops():
    computers = make_category("computers")
    return make_category(
        "laptops", parent=computers, path="computers/laptops", spec_definitions=[RAM, SCREEN], variant_axes=["ram_gb"]
    )


def list_all():
    """Build the read model from the truth."""
    rebuild(Product.objects.values_list("pk", flat=True))


def make_laptop(laptops, name, **variant):
    product = make_product(name, category=laptops, brand=variant.pop("brand", None), specs={"screen_in": 14})
    variant.setdefault("units", 1)
    return make_variant(product, **variant)


def names(**query):
    response = client_of().get(PRODUCTS, query)
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def test_the_tree_counts_what_lies_below(laptops):
    make_laptop(laptops, "T14")
    make_laptop(laptops, "T15")
    Category.objects.create(name="Secret", slug="secret", path="secret", is_visible=False)
    list_all()
    assert client_of().get("/api/v1/categories/").json() == [
        {
            "slug": "computers",
            "path": "computers",
            "name": "Computers",
            "products": 2,
            "children": [
                {"slug": "laptops", "path": "computers/laptops", "name": "Laptops", "products": 2, "children": []}
            ],
        }
    ]


def test_a_category_says_how_its_goods_are_described(laptops):
    body = client_of().get("/api/v1/categories/laptops/").json()
    assert (body["parent"], body["variant_axes"]) == ("computers", ["ram_gb"])
    assert body["specs"] == [RAM, SCREEN]
    problem_of(client_of().get("/api/v1/categories/nothing/"), 404, "not_found")
    save_category(laptops, by=None, values={"is_visible": False})
    problem_of(client_of().get("/api/v1/categories/laptops/"), 404, "not_found")


def test_a_list_shows_cards_with_facets_and_pages(laptops):
    make_laptop(laptops, "T14", price="585.00", list_price="649.00", grade="A", options={"ram_gb": 16}, units=2)
    make_laptop(laptops, "T15", price="400.00", grade="B", options={"ram_gb": 8})
    list_all()
    body = client_of().get(PRODUCTS, {"category": "laptops", "sort": "price", "page_size": 1}).json()
    assert (body["count"], body["previous"], body["sort"]) == (2, None, "price")
    assert body["results"][0]["name"] == "Lenovo T15"
    memory = next(facet for facet in body["facets"] if facet["key"] == "ram_gb")
    assert (memory["kind"], memory["unit"], memory["least"], memory["greatest"]) == (
        "number",
        "GB",
        "8",
        "16",
    )
    assert [(value["value"], value["count"]) for value in memory["values"]] == [("8", 1), ("16", 1)]
    page = client_of().get(body["next"]).json()
    row = page["results"][0]
    assert (row["name"], row["category"], row["grade"], row["available"]) == ("Lenovo T14", "laptops", "A", 2)
    assert (row["price"], row["list_price"], row["currency"], page["next"]) == ("585.00", "649.00", "USD", None)
    assert client_of().get(page["previous"]).json()["results"] == body["results"]
    assert client_of().get(PRODUCTS, {"facets": "false"}).json()["facets"] == []


def test_filters_hold_for_one_variant(laptops):
    make_laptop(laptops, "T14", price="585.00", grade="A", options={"ram_gb": 16})
    make_laptop(laptops, "T15", price="400.00", grade="B", options={"ram_gb": 8}, brand=make_brand("Dell"))
    make_laptop(laptops, "T16", price="300.00", grade="C", options={"ram_gb": 8}, units=0)
    list_all()
    here = {"category": "laptops", "sort": "price"}
    assert names(**here, price_min="350", price_max="500") == ["Dell T15"]
    assert names(**here, brand="dell") == ["Dell T15"]
    assert names(**here, grade=["A", "B"]) == ["Dell T15", "Lenovo T14"]
    assert names(**here, ram_gb_min="9") == ["Lenovo T14"]
    assert names(**here, ram_gb=["8", "16"], in_stock="true") == ["Dell T15", "Lenovo T14"]
    assert names(**here, ram_gb="16", grade="B") == []
    assert names(category="computers", in_stock="1", brand="lenovo") == ["Lenovo T14"]


def test_search_finds_words_and_what_has_no_price(laptops):
    make_laptop(laptops, "ThinkPad T14", price=None)
    make_laptop(laptops, "Latitude", brand=make_brand("Dell"))
    list_all()
    assert names(q="thinkpad t1") == ["Lenovo ThinkPad T14"]
    assert names(q="ឡេប៊ែល") == []
    assert names() == ["Dell Latitude"]
    assert sorted(names(all="true")) == ["Dell Latitude", "Lenovo ThinkPad T14"]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"colour": "red"}, [("colour", "unknown_parameter")]),
        ({"ram_gb": "16"}, [("ram_gb", "unknown_parameter")]),
        ({"category": "nothing"}, [("category", "invalid")]),
        ({"category": "a b"}, [("category", "invalid")]),
        ({"category": ["laptops", "computers"]}, [("category", "repeated")]),
        ({"category": "laptops", "brand": "nobody"}, [("brand", "unknown_value")]),
        ({"category": "laptops", "ram_gb": "7"}, [("ram_gb", "unknown_value")]),
        ({"grade": "Z"}, [("grade", "unknown_value")]),
        ({"price_min": "cheap"}, [("price_min", "unknown_value")]),
        ({"price_min": "-1"}, [("price_min", "unknown_value")]),
        ({"price_min": "9", "price_max": "1"}, [("price_min", "unknown_value"), ("price_max", "unknown_value")]),
        ({"in_stock": "maybe"}, [("in_stock", "unknown_value")]),
        ({"sort": "beauty"}, [("sort", "invalid_choice")]),
        ({"sort": "price_per_gb"}, [("sort", "invalid")]),
        ({"page": "0"}, [("page", "min_value")]),
        ({"page": "x"}, [("page", "invalid")]),
        ({"page_size": "101"}, [("page_size", "max_value")]),
        ({"q": "x" * 201}, [("q", "max_length")]),
        ({"q": "a\x00"}, [("q", "null_characters_not_allowed")]),
        ({"facets": "perhaps"}, [("facets", "invalid")]),
    ],
)
def test_wrong_parameters_are_named(laptops, query, places):
    make_laptop(laptops, "T14", options={"ram_gb": 16})
    list_all()
    assert places_of(problem_of(client_of().get(PRODUCTS, query), 400, "invalid")) == places


def test_a_page_past_the_end_is_404(laptops):
    make_laptop(laptops, "T14")
    list_all()
    for page in (2, 10**30):
        problem_of(client_of().get(PRODUCTS, {"page": page}), 404, "page_not_found")


def test_a_product_tells_the_truth_not_the_lists_copy(laptops):
    variant = make_laptop(laptops, "T14", price="585.00", grade="A", options={"ram_gb": 16}, units=0)
    make_variant(variant.product, price="500.00", is_offered=False, units=1)
    make_units(
        variant, serials=["PF1"], battery_health_percent=92, grade_notes="One scratch.", test_report={"fan": "pass"}
    )
    make_units(variant, quantity=1)
    make_units(variant, serials=["PF2"], battery_health_percent=80, state="testing")
    body = client_of().get(f"{PRODUCTS}{variant.product.slug}/").json()
    assert (body["name"], body["category"], body["brand"]) == ("Lenovo T14", "laptops", "Lenovo")
    assert body["specs"] == [{"key": "screen_in", "label": "Screen", "value": 14, "unit": "″", "text": "14″"}]
    assert len(body["variants"]) == 1
    shown = body["variants"][0]
    assert (shown["sku"], shown["options"], shown["options_text"]) == (variant.sku, {"ram_gb": 16}, "16\xa0GB")
    assert (shown["price"], shown["currency"], shown["available"], shown["grade_name"]) == (
        "585.00",
        "USD",
        2,
        "Excellent",
    )
    assert shown["units"] == [
        {
            "grade_notes": "One scratch.",
            "battery_health_percent": 92,
            "disk_health_percent": None,
            "tested_on": None,
            "test_report": {"fan": "pass"},
            "replaced_parts": "",
            "wipe_certificate": "",
        }
    ]
    assert shown["grade_meaning"] == "Marks you find only by looking for them, from 20 cm"
    assert (body["warranty_months"], body["return_days"]) == (12, 14)
    assert body["warranty_terms"].endswith("Drops, liquid and broken seals are not covered.")
    assert body["return_terms"].startswith("You pay the way back;")
    assert "PF1" not in str(body)
    assert body["updated_at"].endswith("Z")


def test_a_variant_comes_with_its_product(laptops):
    variant = make_laptop(laptops, "T14", price="585.00", options={"ram_gb": 16})
    body = client_of().get(f"/api/v1/variants/{variant.sku}/").json()
    assert (body["sku"], body["available"], body["product"]["slug"]) == (variant.sku, 1, variant.product.slug)


def test_what_is_not_for_shoppers_is_404(laptops):
    withdrawn = make_laptop(laptops, "T14", is_offered=False)
    retired = make_laptop(laptops, "T15")
    Product.objects.filter(pk=retired.product_id).update(status="retired")
    problem_of(client_of().get(f"/api/v1/variants/{withdrawn.sku}/"), 404, "not_found")
    problem_of(client_of(make_user()).get(f"/api/v1/variants/{retired.sku}/"), 404, "not_found")
    problem_of(client_of().get(f"{PRODUCTS}{retired.product.slug}/"), 404, "not_found")
    problem_of(client_of().get(f"{PRODUCTS}nothing/"), 404, "not_found")


@pytest.mark.parametrize("rows", [1, 3])
def test_queries(laptops, rows, django_assert_num_queries):
    for number in range(rows):
        variant = make_laptop(laptops, f"T{number}", grade="A", options={"ram_gb": 8})
        for ram in range(rows):
            other = make_variant(variant.product, options={"ram_gb": 16 + ram}, units=0)
            make_units(other, serials=[f"{number}-{ram}"], battery_health_percent=90)
    list_all()
    client = client_of()
    # The first look at a category since it changed, and every later one; unchanged answers are not sent again.
    lists = [
        ("/api/v1/categories/", 3, 1),
        (PRODUCTS, 4, 2),
        (f"{PRODUCTS}?category=laptops", 4, 2),
        (f"{PRODUCTS}?category=laptops&grade=A&ram_gb=8&in_stock=1", 6, 4),
        (f"{PRODUCTS}?q=lenovo", 8, 6),
        (f"{PRODUCTS}{variant.product.slug}/", 4, 1),
        (f"/api/v1/variants/{variant.sku}/", 4, 4),
    ]
    for address, first, then in lists:
        cache.clear()
        forget()
        with django_assert_num_queries(first):
            tag = client.get(address)["ETag"]
        with django_assert_num_queries(then):
            assert client.get(address).status_code == 200
        with django_assert_num_queries(1):
            assert client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_a_whole_list_is_read_once_while_goods_come_and_go(laptops):
    """What stands from beginning to end is seen exactly once, although products are added and sold meanwhile."""
    goods = [make_laptop(laptops, f"Standing {number:02}") for number in range(12)]
    list_all()
    seen = []
    address = f"{PRODUCTS}?category=laptops&after=&page_size=5&facets=false"
    pages = 0
    while address:
        body = client_of().get(address).json()
        seen += [row["name"] for row in body["results"]]
        address = body["next"]
        make_laptop(laptops, f"Added {pages}")
        goods[11 - pages].units.update(state="sold")
        list_all()
        pages += 1
    assert seen == [f"Lenovo Standing {number:02}" for number in range(11, -1, -1)]
    assert pages == 3


def test_reading_on_behind_a_product_is_refused_beside_another_order(laptops):
    make_laptop(laptops, "T14")
    list_all()
    for query in ("after=&page=2", "after=&q=t14", "after=&all=true", "after=&sort=price", "after=nothing-like-it"):
        body = problem_of(client_of().get(f"{PRODUCTS}?{query}"), 400, "invalid")
        assert [place for place, _ in places_of(body)] == ["after"]
    body = client_of().get(f"{PRODUCTS}?after=").json()
    assert (body["sort"], body["next"], len(body["results"])) == ("newest", None, 1)


def test_rows_are_written_by_hand_as_their_fields_would_write_them(laptops):
    """Speed: the hand-written forms must stay the documented ones."""
    make_laptop(laptops, "T14", price="585.00", list_price="649.00", options={"ram_gb": 16})
    make_variant(make_product("Dreamt of", category=laptops), price=None)
    list_all()
    page = browse(laptops, filters=Filters(everything=True))
    values = [value for group in page.facets for value in group.values]
    for serializer, rows in ((ListedProductSerializer(), page.rows), (FacetValueSerializer(), values)):
        assert len(rows) >= 2
        for row in rows:
            assert serializer.to_representation(row) == Serializer.to_representation(serializer, row)
