"""Reviews, ratings and the lowest price of 30 days over the API."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from accounts.tests.factories import make_user
from catalog.listings import rebuild
from catalog.models import PriceChange, Review
from catalog.tests.factories import make_product, make_review, make_units, make_variant
from core import clock
from core.tests.api import client_of, places_of, problem_of
from orders.fulfilment import dispatch
from orders.tests.factories import make_delivered_order, make_order, make_paid_order

pytestmark = pytest.mark.django_db
WORDS = {"rating": 4, "title": "Quiet", "body": "It lasts a day.", "author_name": "Dara S."}


def address(product):
    return f"/api/v1/products/{product.slug}/reviews/"


@pytest.fixture
def bought():
    """A product and somebody who was delivered one."""
    dara, variant = make_user("dara@example.com"), make_variant(units=3)
    make_delivered_order((variant, 1), user=dara)
    return variant, dara


def post(user, product, **changes):
    return client_of(user).post(address(product), {**WORDS, **changes}, format="json")


# --- Reading --------------------------------------------------------------------------------------------------------


def test_anybody_reads_what_was_published():
    product = make_product()
    review = make_review(
        product,
        rating=4,
        title="<b>Fine</b>",
        body="One\nTwo",
        author_name="Lina",
        bought_on=date(2026, 10, 31),
        written_at=datetime(2026, 11, 2, 8, tzinfo=UTC),
    )
    make_review(product, rating=5)
    for state in ("waiting", "rejected"):
        make_review(product, rating=1, title="Hidden", state=state, rejection_reason="secret")
    make_review(title="Of another product")
    answer = client_of().get(address(product))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["rating"], body["count"], body["next"]) == ("4.5", 2, None)
    assert body["distribution"] == [
        {"stars": 5, "count": 1},
        {"stars": 4, "count": 1},
        {"stars": 3, "count": 0},
        {"stars": 2, "count": 0},
        {"stars": 1, "count": 0},
    ]
    assert body["results"][1] == {
        "code": review.code,
        "rating": 4,
        "title": "<b>Fine</b>",
        "body": "One\nTwo",
        "author_name": "Lina",
        "delivered_in": "2026-10",
        "written_at": "2026-11-02T08:00:00Z",
    }
    assert answer["Content-Type"] == "application/json"


def test_nothing_yet_is_an_empty_page():
    body = client_of().get(address(make_product())).json()
    assert (body["rating"], body["count"], body["results"], body["next"]) == (None, 0, [], None)


def test_pages_follow_each_other_by_code():
    product = make_product()
    for n in range(12):
        make_review(product, title=f"n{n}")
    first = client_of().get(address(product)).json()
    second = client_of().get(first["next"]).json()
    titles = [row["title"] for row in first["results"] + second["results"]]
    assert titles == [f"n{n}" for n in reversed(range(12))]
    assert second["next"] is None
    assert second["count"] == 12


@pytest.mark.parametrize("query", ["?page=2", "?after=A&after=B", "?after=12345678901", "?state=waiting", "?after="])
def test_a_query_that_makes_no_sense_is_refused(query):
    assert client_of().get(address(make_product()) + query).status_code == 400


@pytest.mark.parametrize("how", ["unknown", "retired", "hidden"])
def test_what_is_not_for_shoppers_has_no_reviews(how, bought):
    variant, dara = bought
    product = variant.product
    if how == "retired":
        product.status = "retired"
    if how == "hidden":
        product.category.is_visible = False
        product.category.save()
    product.save()
    if how == "unknown":
        product.slug = "nothing"
    problem_of(client_of().get(address(product)), 404, "not_found")
    problem_of(post(dara, product), 404, "not_found")
    assert not Review.objects.exists()


@pytest.mark.parametrize("reviews", [1, 3])
def test_queries(reviews, django_assert_num_queries):
    product = make_product()
    for _ in range(reviews):
        make_review(product)
    with django_assert_num_queries(3):
        client_of().get(address(product))


# --- Writing --------------------------------------------------------------------------------------------------------


def test_a_buyer_writes_and_others_see_it_once_it_is_published(bought):
    variant, dara = bought
    answer = post(dara, variant.product)
    assert answer.status_code == 201
    review = Review.objects.get()
    assert answer.json() == {
        **WORDS,
        "code": review.code,
        "delivered_in": f"{clock.today():%Y-%m}",
        "written_at": answer.json()["written_at"],
        "state": "waiting",
    }
    assert client_of().get(address(variant.product)).json()["count"] == 0
    again = post(dara, variant.product, rating=1)
    assert (again.status_code, again.json()["code"], again.json()["rating"]) == (201, review.code, 1)
    assert Review.objects.count() == 1


def test_who_was_delivered_none_is_refused(bought):
    variant, _ = bought
    waits, other = make_user(), make_user()
    make_order((variant, 1), user=waits)
    dispatch(make_paid_order((variant, 1), user=waits), by=None, serials={})
    for user in (waits, other):
        problem_of(post(user, variant.product), 422, "not_bought")
    problem_of(post(None, variant.product), 401, "not_authenticated")
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"rating": 0}, "/rating"),
        ({"rating": 6}, "/rating"),
        ({"rating": 2.5}, "/rating"),
        ({"rating": "4"}, "/rating"),
        ({"rating": True}, "/rating"),
        ({"rating": None}, "/rating"),
        ({"title": ""}, "/title"),
        ({"title": "x" * 121}, "/title"),
        ({"body": "x" * 10_000}, "/body"),
        ({"body": "a\x00b"}, "/body"),
        ({"body": "a\x07b"}, "/body"),
        ({"author_name": " "}, "/author_name"),
        ({"state": "published"}, "/state"),
        ({"author": 1}, "/author"),
        ({"bought_on": "2020-01-01"}, "/bought_on"),
    ],
)
def test_wrong_values_are_named_and_change_nothing(bought, changes, place):
    variant, dara = bought
    answer = post(dara, variant.product, **changes)
    assert answer.status_code == 400
    assert [where for where, _ in places_of(answer.json())] == [place]
    assert not Review.objects.exists()


def test_missing_values_are_named(bought):
    variant, dara = bought
    answer = client_of(dara).post(address(variant.product), {}, format="json")
    assert {where for where, _ in places_of(problem_of(answer, 400, "invalid"))} == {
        "/rating",
        "/title",
        "/body",
        "/author_name",
    }


def test_writing_is_limited_and_reading_goes_on(bought):
    variant, dara = bought
    answers = [post(dara, variant.product, rating=6).status_code for _ in range(21)]
    assert answers == [400] * 20 + [429]
    assert client_of(dara).get(address(variant.product)).status_code == 200
    cache.clear()
    assert post(dara, variant.product).status_code == 201


# --- Beside the product ---------------------------------------------------------------------------------------------


def test_a_product_and_its_card_tell_the_rating():
    variant = make_variant(units=1)
    product = variant.product
    for rating in (5, 4, 4):
        make_review(product, rating=rating)
    rebuild([product.pk])
    told = client_of().get(f"/api/v1/products/{product.slug}/").json()
    assert (told["rating"], told["reviews"]) == ("4.3", 3)
    [card] = client_of().get("/api/v1/products/").json()["results"]
    assert (card["rating"], card["reviews"]) == ("4.3", 3)
    bare = client_of().get(f"/api/v1/products/{make_product().slug}/").json()
    assert (bare["rating"], bare["reviews"]) == (None, 0)


def test_a_reduced_price_stands_beside_the_lowest_of_30_days():
    product = make_product()
    cut = make_variant(product, price="80.00", list_price=Decimal("120.00"))
    steady = make_variant(product, price="90.00", grade="A")
    make_units(cut, quantity=1)
    now = clock.now()
    for variant, changes in ((cut, ((90, "100"), (20, "85"), (10, "110"), (1, "80"))), (steady, ((90, "90"),))):
        for days, price in changes:
            PriceChange.objects.create(variant=variant, price=Decimal(price), at=now - timedelta(days=days))
    told = client_of().get(f"/api/v1/products/{product.slug}/").json()
    assert [(row["sku"], row["lowest_price_30_days"]) for row in told["variants"]] == [
        (cut.sku, "85.00"),
        (steady.sku, None),
    ]
    assert client_of().get(f"/api/v1/variants/{cut.sku}/").json()["lowest_price_30_days"] == "85.00"
