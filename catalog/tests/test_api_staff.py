"""Goods, prices and stock over the API, as staff and partners write them."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from accounts.tests.factories import make_user
from catalog.models import Brand, ListingDirty, Product, Unit, Variant
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from core.models import AuditEntry
from core.tests.api import client_of, places_of, problem_of

pytestmark = pytest.mark.django_db
PRODUCTS, VARIANTS = "/api/v1/products/", "/api/v1/variants/"
MERCHANT = (
    "view_product",
    "add_product",
    "change_product",
    "add_variant",
    "change_variant",
    "add_brand",
    "receive_unit",
    "shelve_unit",
)


def staff_with(*codenames):
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return client_of(user)


@pytest.fixture
def staff():
    return staff_with(*MERCHANT)


@pytest.fixture
def laptops():
    definitions = [
        {"key": "ram_gb", "label": "Memory", "kind": "integer", "unit": "GB", "low": 1, "high": 4096},
        {"key": "screen_in", "label": "Screen", "kind": "decimal", "unit": "″", "low": 5, "high": 120},
    ]
    return make_category("laptops", spec_definitions=definitions, variant_axes=["ram_gb"])


def test_a_product_with_a_variant_and_units_can_be_bought_at_once(staff, laptops):
    made = staff.post(
        PRODUCTS,
        {"category": "laptops", "brand": "Framework", "name": "Laptop 13", "specs": {"screen_in": 13.5}},
        format="json",
    )
    assert made.status_code == 201
    product = made.json()
    assert (product["name"], product["variants"], product["specs"][0]["value"]) == ("Framework Laptop 13", [], 13.5)
    body = {"product": product["slug"], "grade": "A", "options": {"ram_gb": 16}, "price": "585.00"}
    variant = staff.post(VARIANTS, body, format="json")
    assert variant.status_code == 201
    sku = variant.json()["sku"]
    stock = {"serials": ["fw 1", "FW2"], "bin": "a-06", "cost": "300.00", "on_sale": True}
    received = staff.post(f"{VARIANTS}{sku}/stock/", stock, format="json")
    assert received.status_code == 201
    assert received.json() == {
        "sku": sku,
        "received": 2,
        "available": 2,
        "units": [
            {"serial": "FW1", "state": "available", "bin": "A-06"},
            {"serial": "FW2", "state": "available", "bin": "A-06"},
        ],
    }
    assert client_of().get(f"{VARIANTS}{sku}/").json()["available"] == 2
    assert client_of().post("/api/v1/cart/items/", {"sku": sku}, format="json").status_code == 201


def test_a_price_changes_on_record(staff):
    variant = make_variant(price="585.00")
    changed = staff.patch(f"{VARIANTS}{variant.sku}/", {"price": "560.00", "list_price": "649.00"}, format="json")
    assert (changed.status_code, changed.json()["price"], changed.json()["list_price"]) == (200, "560.00", "649.00")
    entry = AuditEntry.objects.get()
    assert (entry.model, entry.object_code, entry.kind) == ("catalog.variant", variant.sku, "changed")
    assert entry.facts == {"price": ["585.00", "560.00"], "list_price": [None, "649.00"]}
    assert ListingDirty.objects.filter(product=variant.product).exists()


def test_staff_see_and_bring_back_what_was_withdrawn(staff):
    variant = make_variant(is_offered=False, units=1)
    assert staff.get(f"{VARIANTS}{variant.sku}/").json()["is_offered"] is False
    assert staff.patch(f"{VARIANTS}{variant.sku}/", {"is_offered": True}, format="json").status_code == 200
    assert client_of().get(f"{VARIANTS}{variant.sku}/").status_code == 200


def test_a_product_keeps_its_address_when_it_is_renamed(staff, laptops):
    product = make_product("T14", category=laptops)
    changed = staff.patch(f"{PRODUCTS}{product.slug}/", {"name": "ThinkPad T14", "brand": "lenovo"}, format="json")
    assert (changed.json()["slug"], changed.json()["name"]) == (product.slug, "Lenovo ThinkPad T14")
    assert Brand.objects.count() == 1


def test_the_same_goods_twice_are_a_conflict(staff, laptops):
    body = {"category": "laptops", "brand": "Framework", "name": "Laptop 13"}
    slug = staff.post(PRODUCTS, body, format="json").json()["slug"]
    again = problem_of(staff.post(PRODUCTS, {**body, "name": "LAPTOP  13"}, format="json"), 409, "product_exists")
    assert again["facts"] == {"product": slug}
    variant = {"product": slug, "grade": "A", "options": {"ram_gb": 16}}
    sku = staff.post(VARIANTS, variant, format="json").json()["sku"]
    twin = {**variant, "options": {"ram_gb": 16.0}}
    assert problem_of(staff.post(VARIANTS, twin, format="json"), 409, "variant_exists")["facts"] == {"sku": sku}
    assert (Product.objects.count(), Variant.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["/category", "/name"]),
        ({"category": "nothing", "name": "x"}, ["/category"]),
        ({"category": "laptops", "name": "x" * 251}, ["/name"]),
        ({"category": "laptops", "name": "a\nb"}, ["/name"]),
        ({"category": "laptops", "name": "x", "slug": "mine", "identity": "x"}, ["/identity", "/slug"]),
        ({"category": "laptops", "name": "x", "specs": {"wings": 2}}, ["/specs/wings/0"]),
        ({"category": "laptops", "name": "x", "specs": {"screen_in": "wide"}}, ["/specs/screen_in/0"]),
        ({"category": "laptops", "name": "x", "specs": {"screen_in": 9999}}, ["/specs/screen_in/0"]),
        ({"category": "laptops", "name": "x", "specs": {"screen_in": {"$ne": 1}}}, ["/specs/screen_in/0"]),
        ({"category": "laptops", "name": "x", "specs": [1]}, ["/specs"]),
        ({"category": "laptops", "name": "x", "warranty_months": -1}, ["/warranty_months"]),
        ({"category": "laptops", "name": "x", "box_contents": ["y"] * 41}, ["/box_contents"]),
        ({"category": "laptops", "name": "x", "status": "gone"}, ["/status"]),
    ],
)
def test_wrong_products_are_refused(staff, laptops, body, places):
    problem = problem_of(staff.post(PRODUCTS, body, format="json"), 400, "invalid")
    assert [where.removesuffix("/0") for where, _ in places_of(problem)] == [
        place.removesuffix("/0") for place in places
    ]
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"price": "0.00"}, "/price"),
        ({"price": "-1.00"}, "/price"),
        ({"price": "1.005"}, "/price"),
        ({"price": "1e12"}, "/price"),
        ({"price": "Infinity"}, "/price"),
        ({"price": True}, "/price"),
        ({"price": "100.00", "list_price": "99.00"}, "/list_price"),
        ({"max_per_order": 0}, "/max_per_order"),
        ({"is_offered": "perhaps"}, "/is_offered"),
        ({"grade": "A"}, "/grade"),
        ({"sku": "MINE"}, "/sku"),
        ({"available": 99}, "/available"),
    ],
)
def test_wrong_changes_of_a_variant_are_refused(staff, body, place):
    variant = make_variant(price="585.00")
    problem = problem_of(staff.patch(f"{VARIANTS}{variant.sku}/", body, format="json"), 400, "invalid")
    assert places_of(problem)[0][0] == place
    variant.refresh_from_db()
    assert (variant.price, variant.list_price) == (Decimal("585.00"), None)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("sku", ["", "-x", "a/b", "x" * 41, "a b"])
def test_a_sku_has_plain_signs_only(staff, laptops, sku):
    body = {"product": make_product(category=laptops).slug, "sku": sku}
    assert places_of(problem_of(staff.post(VARIANTS, body, format="json"), 400, "invalid"))[0][0] == "/sku"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"serials": ["A"], "quantity": 1}, 400, "invalid"),
        ({"quantity": 0}, 400, "invalid"),
        ({"quantity": 1001}, 400, "invalid"),
        ({"quantity": 10**30}, 400, "invalid"),
        ({"serials": ["A"] * 1001}, 400, "invalid"),
        ({"serials": "A"}, 400, "invalid"),
        ({"serials": ["A", ""]}, 400, "invalid"),
        ({"serials": ["A", "a"]}, 409, "serial_taken"),
        ({"serials": ["B", "TAKEN"]}, 409, "serial_taken"),
        ({"quantity": 1, "cost": "-1"}, 400, "invalid"),
        ({"quantity": 1, "state": "available"}, 400, "invalid"),
    ],
)
def test_wrong_stock_is_refused_whole(staff, body, status, code):
    variant = make_variant()
    make_units(make_variant(), serials=["TAKEN"])
    problem = problem_of(staff.post(f"{VARIANTS}{variant.sku}/stock/", body, format="json"), status, code)
    assert code != "serial_taken" or problem["facts"]["row"] == 2
    assert Unit.objects.count() == 1


def test_units_wait_for_testing_unless_they_are_said_to_be_tested(staff):
    variant = make_variant()
    body = staff.post(f"{VARIANTS}{variant.sku}/stock/", {"quantity": 2}, format="json").json()
    assert (body["available"], [unit["state"] for unit in body["units"]]) == (0, ["intake", "intake"])


def test_every_write_asks_for_its_permission(laptops):
    variant = make_variant()
    product = variant.product
    writes = [
        ("post", PRODUCTS, {"category": "laptops", "name": "x"}, "add_product"),
        ("patch", f"{PRODUCTS}{product.slug}/", {"description": "x"}, "change_product"),
        ("post", VARIANTS, {"product": product.slug, "grade": "C"}, "add_variant"),
        ("patch", f"{VARIANTS}{variant.sku}/", {"price": "1.00"}, "change_variant"),
        ("post", f"{VARIANTS}{variant.sku}/stock/", {"quantity": 1}, "receive_unit"),
    ]
    for method, path, body, needed in writes:
        problem_of(getattr(client_of(), method)(path, body, format="json"), 401, "not_authenticated")
        others = staff_with(*(set(MERCHANT) - {needed}))
        for client in (client_of(make_user()), others):
            problem_of(getattr(client, method)(path, body, format="json"), 403, "permission_denied")
    assert (Product.objects.count(), Variant.objects.count(), Unit.objects.count()) == (1, 1, 0)
    allowed = [getattr(staff_with(needed), method)(path, body, format="json") for method, path, body, needed in writes]
    # A role that may receive but not look at withdrawn goods still finds what shoppers find.
    assert [answer.status_code for answer in allowed] == [201, 200, 201, 200, 201]


def test_shelving_and_new_makers_need_their_own_permission(laptops):
    variant = make_variant()
    receiver = staff_with("receive_unit")
    path = f"{VARIANTS}{variant.sku}/stock/"
    problem_of(receiver.post(path, {"quantity": 1, "on_sale": True}, format="json"), 403, "permission_denied")
    assert not Unit.objects.exists()
    body = {"category": "laptops", "name": "x", "brand": "Nobody Yet"}
    problem = problem_of(staff_with("add_product").post(PRODUCTS, body, format="json"), 400, "invalid")
    assert [where for where, _ in places_of(problem)] == ["/brand"]
    assert not Brand.objects.filter(name="Nobody Yet").exists()
