"""A client that has the answer is told so; any change of what it would see gets a new answer."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.tests.factories import make_staff, make_user
from catalog.editing import save_brand, save_category, save_product, save_variant
from catalog.listings import rebuild, rebuild_dirty
from catalog.models import Review, Unit
from catalog.photos import describe_photo
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from catalog.tests.photos import make_photo
from core import clock
from core.tests.api import client_of
from core.versions import EVERY_LIST, raise_versions

pytestmark = pytest.mark.django_db
LISTS = ["/api/v1/categories/", "/api/v1/products/", "/api/v1/products/?category=laptops", "/api/v1/products/?q=t14"]


@pytest.fixture
def laptop():
    """A laptop with one described unit, listed."""
    product = make_product("T14", category=make_category("laptops"), slug="t14", specs={})
    variant = make_variant(product, sku="T14-A", price="500.00", list_price="600.00", units=1)
    Unit.objects.update(battery_health_percent=91, grade_notes="Worn lid")
    make_photo(product, "From above")
    rebuild([product.pk])
    return variant


def ask(address, tag="", **options):
    return client_of(**options).get(address, headers={"If-None-Match": tag} if tag else {})


@pytest.mark.parametrize(
    "address", [*LISTS, "/api/v1/categories/laptops/", "/api/v1/products/t14/", "/api/v1/variants/T14-A/"]
)
def test_what_is_known_is_not_sent_again(laptop, address):
    first = ask(address)
    tag = first["ETag"]
    assert (first.status_code, tag[:3], first["Cache-Control"]) == (200, 'W/"', "no-cache")
    assert {"Authorization", "Cookie", "Accept"} <= {name.strip() for name in first["Vary"].split(",")}
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = ask(address, known)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert again["Cache-Control"] == "no-cache"
    for unknown in ('W/"other"', "*", "rubbish", '""'):
        assert ask(address, unknown).status_code == 200
    head = client_of().head(address)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", tag)
    assert client_of().head(address, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("address", LISTS)
def test_a_changed_price_gives_every_list_a_new_tag(laptop, address):
    tag = ask(address)["ETag"]
    save_variant(laptop, by=None, values={"price": Decimal("450.00")})
    rebuild_dirty(10)
    assert ask(address, tag).status_code == 200


def test_without_the_version_in_the_tag_the_old_list_would_stay(laptop, monkeypatch):
    """The negative control of the test above."""
    monkeypatch.setattr("core.versions.ReadVersions.of", lambda self, *names: [(name, 0) for name in names])
    tag = ask("/api/v1/products/")["ETag"]
    raise_versions([EVERY_LIST])
    assert ask("/api/v1/products/", tag).status_code == 304


def change_price(laptop):
    save_variant(laptop, by=None, values={"price": Decimal("450.00")})


def change_text(laptop):
    save_product(laptop.product, by=None, values={"description": "Quiet"})


def change_brand(laptop):
    save_brand(laptop.product.brand, by=None, values={"name": "LENOVO"})


def change_department(laptop):
    save_category(laptop.product.category, by=None, values={"slug": "notebooks"})


def add_offer(laptop):
    make_variant(laptop.product, sku="T14-B")


def add_stock(laptop):
    make_units(laptop, quantity=1)


def swap_batteries(laptop):
    Unit.objects.update(battery_health_percent=90)


def rewrite_notes(laptop):
    Unit.objects.update(grade_notes="Torn lid")


def sell(laptop):
    Unit.objects.update(state="sold")


def add_photo(laptop):
    make_photo(laptop.product, "From the left")


def describe(laptop):
    describe_photo(laptop.product.product_photos.get().photo, by=None, alt="From the right")


def review(laptop):
    Review.objects.create(
        product=laptop.product, rating=4, title="Good", body="Good", author_name="S", bought_on=clock.today(),
        state="published",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [change_price, change_text, change_brand, change_department, add_offer, add_stock, swap_batteries, rewrite_notes,
     sell, review, add_photo, describe],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_a_product_whose_answer_changes_gets_a_new_tag(laptop, change):
    before = ask("/api/v1/products/t14/")
    change(laptop)
    after = ask("/api/v1/products/t14/", before["ETag"])
    assert after.status_code == 200
    assert after.json() != before.json(), "this change shows"


def test_a_cut_that_is_a_month_old_changes_the_answer_by_itself(laptop):
    with time_machine.travel(clock.now(), tick=False) as time:
        save_variant(laptop, by=None, values={"list_price": None})
        save_variant(laptop, by=None, values={"price": Decimal("450.00")})
        before = ask("/api/v1/products/t14/")
        time.shift(timedelta(days=29))
        assert ask("/api/v1/products/t14/", before["ETag"]).status_code == 304
        time.shift(timedelta(days=2))
        assert ask("/api/v1/products/t14/", before["ETag"]).status_code == 200


def test_staff_and_shoppers_have_answers_of_their_own(laptop):
    withdrawn = make_variant(laptop.product, sku="T14-OLD", is_offered=False)
    staff = make_staff("boss@example.com", is_superuser=True)
    seen = {who: client_of(user).get("/api/v1/products/t14/") for who, user in (("staff", staff), ("all", None))}
    assert withdrawn.sku in [row["sku"] for row in seen["staff"].json()["variants"]]
    assert seen["staff"]["ETag"] != seen["all"]["ETag"]
    assert seen["staff"]["Cache-Control"] == "no-cache, private"
    assert client_of(make_user("a@example.com")).get("/api/v1/products/t14/")["ETag"] == seen["all"]["ETag"]


def test_what_is_refused_or_missing_has_no_tag(laptop):
    for address, status in (("/api/v1/products/?colour=red", 400), ("/api/v1/products/none/", 404)):
        response = ask(address)
        assert (response.status_code, response.headers.get("ETag")) == (status, None)


def test_what_is_known_to_a_stranger_is_not_counted_and_needs_no_log_in(laptop, settings, monkeypatch):
    address = "/api/v1/products/t14/"
    tag = ask(address)["ETag"]
    counted = []
    monkeypatch.setattr("core.api.throttles.Throttle.allow_request", lambda *call: counted.append(call) or True)
    assert ask(address, tag).status_code == 304
    assert counted == []
    assert ask(address, 'W/"other"').status_code == 200
    assert len(counted) == 2  # a stranger's limit and an account's
    # Whoever says who they are is asked for it first.
    headers = {"If-None-Match": tag, "Authorization": "Bearer rubbish"}
    assert client_of().get(address, headers=headers).status_code == 401
