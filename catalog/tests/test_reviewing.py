"""Reviews: written, read by staff, shown; and what they come to in lists."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from accounts.tests.factories import make_staff, make_user
from catalog import reviewing
from catalog.listing_rows import average_rating
from catalog.listings import rebuild, rebuild_dirty
from catalog.models import Listing, ListingDirty, Review
from catalog.reviewing import publish_review, published_reviews, rating_of, reject_review, write_review
from catalog.tests.factories import make_product, make_review, make_variant
from core.models import AuditEntry, DataVersion
from core.refusals import Conflict, Refusal

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = date(2026, 10, 3)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def write(product, by, **changes):
    values = {"rating": 4, "title": "Solid", "body": "Quiet, quick.", "author_name": "Dara S.", "bought_on": DAY}
    return write_review(product, by=by, **{**values, **changes})


def steps(review):
    return list(AuditEntry.objects.filter(object_code=review.code).order_by("pk").values_list("kind", flat=True))


# --- Writing --------------------------------------------------------------------------------------------------------


def test_a_review_waits_until_it_is_read(clock):
    product, dara = make_product(), make_user()
    review = write(product, dara, title="  Solid \t machine ", body="One\r\nTwo\n")
    review.refresh_from_db()
    assert (review.state, review.rating, review.title, review.body) == ("waiting", 4, "Solid machine", "One\nTwo")
    assert (review.author, review.author_name, review.bought_on) == (dara, "Dara S.", DAY)
    assert (review.written_at, review.decided_at, len(review.code)) == (START, None, 10)
    assert published_reviews(product).reviews == []
    assert rating_of(product).count == 0
    assert not ListingDirty.objects.exists()
    assert steps(review) == ["written"]


def test_writing_again_takes_the_place_of_the_first_and_is_read_anew(clock):
    product, dara, boss = make_product(), make_user(), make_staff()
    review = publish_review(write(product, dara), by=boss)
    ListingDirty.objects.all().delete()
    clock.shift(timedelta(days=1))
    again = write(product, dara, rating=2, body="It broke.", bought_on=DAY + timedelta(days=9))
    assert again.pk == review.pk
    again.refresh_from_db()
    assert (again.state, again.rating, again.body, again.written_at) == (
        "waiting",
        2,
        "It broke.",
        START + timedelta(days=1),
    )
    assert (again.decided_at, again.bought_on) == (None, DAY + timedelta(days=9))
    assert Review.objects.count() == 1
    assert published_reviews(product).reviews == []
    assert list(ListingDirty.objects.values_list("product", flat=True)) == [product.pk]
    write(product, dara, rating=3)
    assert steps(review) == ["written", "published", "waiting", "rewritten"]


def test_the_same_words_again_change_nothing(clock):
    product, dara = make_product(), make_user()
    review = publish_review(write(product, dara), by=make_staff())
    clock.shift(timedelta(days=1))
    assert write(product, dara, bought_on=DAY + timedelta(days=1)).state == "published"
    review.refresh_from_db()
    assert (review.state, review.written_at, review.bought_on) == ("published", START, DAY)


def test_a_rejected_review_can_be_written_better():
    product, dara = make_product(), make_user()
    reject_review(write(product, dara), by=make_staff(), reason="swears")
    again = write(product, dara, body="Kinder words.")
    assert (again.state, again.rejection_reason) == ("waiting", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rating", 0),
        ("rating", 6),
        ("rating", -1),
        ("rating", 2.5),
        ("rating", "4"),
        ("rating", True),
        ("rating", None),
        ("title", ""),
        ("title", "   "),
        ("title", "x" * 121),
        ("title", "a\x00b"),
        ("title", "a\u2028b" + "\x07"),
        ("body", ""),
        ("body", "\n\n"),
        ("body", "x" * 10_000),
        ("body", "a\x00b"),
        ("author_name", ""),
        ("author_name", "x" * 61),
        ("author_name", "Dara\x1b"),
    ],
)
def test_what_cannot_stand_is_named_and_changes_nothing(field, value):
    product, dara = make_product(), make_user()
    with pytest.raises(Refusal) as refused:
        write(product, dara, **{field: value})
    assert (refused.value.code, list(refused.value.facts["fields"])) == ("invalid_values", [field])
    assert not Review.objects.exists()
    kept = write(product, dara)
    with pytest.raises(Refusal):
        write(product, dara, **{field: value})
    kept.refresh_from_db()
    assert (kept.rating, kept.title, kept.body) == (4, "Solid", "Quiet, quick.")


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(Refusal) as refused:
        write(make_product(), make_user(), rating=9, title="", body="", author_name="")
    assert set(refused.value.facts["fields"]) == {"rating", "title", "body", "author_name"}


def test_khmer_and_the_longest_texts_are_kept():
    review = write(make_product(), make_user(), title="ល្អ" * 40, body="ម៉ាស៊ីន\n" + "x" * 3990, author_name="ដារ៉ា")
    review.refresh_from_db()
    assert (review.title, review.author_name) == ("ល្អ" * 40, "ដារ៉ា")


# --- Deciding -------------------------------------------------------------------------------------------------------


def test_published_is_shown_and_rejected_is_not(clock):
    product, boss = make_product(), make_staff()
    review = write(product, make_user())
    clock.shift(timedelta(hours=2))
    publish_review(review, by=boss)
    review.refresh_from_db()
    assert (review.state, review.decided_at) == ("published", START + timedelta(hours=2))
    assert published_reviews(product).reviews == [review]
    reject_review(review, by=boss, reason=" not about the machine ")
    review.refresh_from_db()
    assert (review.state, review.rejection_reason) == ("rejected", "not about the machine")
    assert published_reviews(product).reviews == []
    publish_review(review, by=boss)
    review.refresh_from_db()
    assert (review.state, review.rejection_reason) == ("published", "")
    entries = AuditEntry.objects.filter(object_code=review.code, kind="rejected")
    assert [(entry.actor, entry.reason) for entry in entries] == [(boss, "not about the machine")]


def test_words_that_nobody_has_read_are_not_published(clock):
    product, dara = make_product(), make_user()
    read = write(product, dara)
    clock.shift(timedelta(seconds=1))
    write(product, dara, body="Buy at badshop.example!")
    for decide in (publish_review, lambda review, by: reject_review(review, by=by, reason="x")):
        with pytest.raises(Conflict) as refused:
            decide(read, by=make_staff())
        assert refused.value.code == "review_changed"
    assert Review.objects.get().state == "waiting"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_rejection_says_why(reason):
    review = write(make_product(), make_user())
    with pytest.raises(Refusal) as refused:
        reject_review(review, by=make_staff(), reason=reason)
    assert refused.value.facts["fields"].keys() == {"reason"}
    assert Review.objects.get().state == "waiting"


def test_deciding_the_same_twice_is_refused():
    review = write(make_product(), make_user())
    publish_review(review, by=make_staff())
    with pytest.raises(Conflict) as refused:
        publish_review(review, by=make_staff())
    assert refused.value.code == "wrong_state"


def test_kept_pages_follow_what_is_published_and_only_that():
    def version():
        return DataVersion.objects.filter(name="catalog").values_list("number", flat=True).first() or 0

    product, dara, boss = make_product(), make_user(), make_staff()
    review = write(product, dara)
    reject_review(review, by=boss, reason="x")
    assert version() == 0
    publish_review(review, by=boss)
    assert version() == 1
    write(product, dara, body="New words, the same stars.")
    assert version() == 2


# --- Reading --------------------------------------------------------------------------------------------------------


def test_ten_at_a_time_newest_first_without_a_gap_or_a_double(monkeypatch, django_assert_num_queries):
    product = make_product()
    for n in range(23):
        make_review(product, title=f"n{n}")
    make_review(product, title="waits", state="waiting")
    make_review(title="of another product")
    seen, after = [], ""
    for queries in (1, 2, 2):
        with django_assert_num_queries(queries):
            page = published_reviews(product, after=after)
        seen.append([review.title for review in page.reviews])
        after = page.after
    assert after == ""
    assert [len(titles) for titles in seen] == [10, 10, 3]
    assert [title for titles in seen for title in titles] == [f"n{n}" for n in reversed(range(23))]


def test_a_full_last_page_leads_nowhere(monkeypatch):
    monkeypatch.setattr(reviewing, "ON_A_PAGE", 2)
    product = make_product()
    first, second = make_review(product), make_review(product)
    assert published_reviews(product) == reviewing.ReviewPage([second, first], "")


def test_a_review_that_was_taken_back_still_marks_the_place(monkeypatch):
    monkeypatch.setattr(reviewing, "ON_A_PAGE", 1)
    product = make_product()
    first, second, _ = (make_review(product) for _ in range(3))
    after = published_reviews(product).after
    Review.objects.filter(code=after).update(state="rejected")
    assert published_reviews(product, after=after).reviews == [second]
    for unknown in ("NOPE", "x" * 5000, "%", make_review().code):
        assert published_reviews(product, after=unknown).reviews == [second]
    assert published_reviews(product, after=first.code).reviews == []


def test_the_rating_counts_published_reviews_only(django_assert_num_queries):
    product = make_product()
    for rating in (5, 5, 4, 2):
        make_review(product, rating=rating)
    make_review(product, rating=1, state="waiting")
    make_review(product, rating=1, state="rejected")
    with django_assert_num_queries(1):
        rating = rating_of(product)
    assert (rating.average, rating.count) == (Decimal("4.0"), 4)
    assert rating.distribution == {5: 2, 4: 1, 3: 0, 2: 1, 1: 0}
    assert list(rating.distribution) == [5, 4, 3, 2, 1]
    nothing = rating_of(make_product())
    assert (nothing.average, nothing.count) == (None, 0)


@given(stars=st.lists(st.integers(1, 5), min_size=1, max_size=60))
def test_the_average_is_the_nearest_tenth_halves_up(stars):
    found = average_rating(sum(stars), len(stars))
    exact = Decimal(sum(stars)) / len(stars)
    assert found * 10 == int(found * 10)
    assert -Decimal("0.05") < found - exact <= Decimal("0.05")
    assert 1 <= found <= 5


# --- Lists ----------------------------------------------------------------------------------------------------------


def rows(product):
    return list(Listing.objects.filter(product=product).values_list("rating", "reviews"))


def test_lists_follow_what_is_published():
    product, boss = make_product(), make_staff()
    make_variant(product)
    make_variant(product)
    rebuild([product.pk])
    assert rows(product) == [(None, 0)] * 2
    one, two = write(product, make_user(), rating=5), write(product, make_user(), rating=4)
    for review in (one, two):
        publish_review(review, by=boss)
    assert rebuild_dirty(100) == 1
    assert rows(product) == [(Decimal("4.5"), 2)] * 2
    reject_review(one, by=boss, reason="x")
    rebuild_dirty(100)
    assert rows(product) == [(Decimal("4.0"), 1)] * 2
    write(product, two.author, rating=1)
    rebuild_dirty(100)
    assert rows(product) == [(None, 0)] * 2


def test_a_rebuild_reads_the_reviews_of_all_its_products_in_one_query(django_assert_max_num_queries):
    products = [make_variant(make_product(), units=1).product for _ in range(4)]
    rebuild([product.pk for product in products])
    with django_assert_max_num_queries(100) as one:
        rebuild([products[0].pk])
    with django_assert_max_num_queries(100) as three:
        rebuild([product.pk for product in products[1:]])
    for caught in (one, three):
        assert sum("catalog_review" in query["sql"] for query in caught) == 1
    assert len(one) == len(three)
