"""Reading, publishing and rejecting reviews in the admin; watches and prices are there to look at."""

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from catalog.models import PriceChange, Review, Watch
from catalog.reviewing import write_review
from catalog.tests.factories import make_product, make_review, make_variant
from catalog.tests.watchers import start
from core.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def page_of(review, deed=""):
    names = {"": "catalog_review_change", "publish": "catalog_review_publish", "reject": "catalog_review_reject"}
    return reverse(f"admin:{names[deed]}", args=[review.pk])


def waiting(**fields):
    return make_review(state="waiting", **fields)


def test_a_review_is_read_and_published(boss, client):
    review = waiting(title="Fine <b>thing</b>", body="One\nTwo <script>alert(1)</script>")
    page = client.get(page_of(review)).content.decode()
    assert "Read it, then publish or reject it." in page
    assert 'name="title"' not in page
    asked = client.get(page_of(review, "publish")).content.decode()
    assert "Fine &lt;b&gt;thing&lt;/b&gt;" in asked
    assert "Two &lt;script&gt;alert(1)&lt;/script&gt;" in asked
    answer = client.post(page_of(review, "publish"), {"seen": review.written_at.isoformat()})
    assert answer["Location"] == page_of(review)
    review.refresh_from_db()
    assert review.state == "published"
    assert AuditEntry.objects.get(object_code=review.code).actor == boss


def test_a_review_is_rejected_with_a_reason(boss, client):
    review = make_review()
    seen = review.written_at.isoformat()
    assert client.post(page_of(review, "reject"), {"seen": seen, "reason": ""}).status_code == 400
    review.refresh_from_db()
    assert review.state == "published"
    assert client.post(page_of(review, "reject"), {"seen": seen, "reason": "an advertisement"}).status_code == 302
    review.refresh_from_db()
    assert (review.state, review.rejection_reason) == ("rejected", "an advertisement")


@pytest.mark.parametrize("seen", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00+00:00", "\x00", "x" * 5000])
def test_what_the_author_changed_meanwhile_is_not_published_unread(boss, client, seen):
    review = waiting()
    assert client.post(page_of(review, "publish"), {"seen": seen}).status_code == 400
    author = make_user()
    review = write_review(
        make_product(), by=author, bought_on=review.bought_on, rating=4, title="a", body="b", author_name="c"
    )
    read = review.written_at.isoformat()
    write_review(
        review.product, by=author, bought_on=review.bought_on, rating=4, title="a", body="worse", author_name="c"
    )
    answer = client.post(page_of(review, "publish"), {"seen": read})
    assert answer.status_code == 400
    assert "The author has just written something else." in answer.content.decode()
    assert not Review.objects.filter(state="published").exists()


def test_nobody_writes_or_edits_a_review_by_hand(boss, client):
    review = waiting()
    assert client.get(reverse("admin:catalog_review_add")).status_code == 403
    assert client.post(page_of(review), {"title": "Changed", "state": "published"}).status_code == 403
    review.refresh_from_db()
    assert (review.title, review.state) == ("Good", "waiting")


def test_the_code_that_stops_a_watch_is_never_shown(boss, client):
    watch = start()
    PriceChange.objects.create(variant=watch.variant, price=None)
    for name, row in (("watch", watch), ("pricechange", PriceChange.objects.get())):
        for page in (
            reverse(f"admin:catalog_{name}_changelist"),
            reverse(f"admin:catalog_{name}_change", args=[row.pk]),
        ):
            answer = client.get(page)
            assert answer.status_code == 200
            assert watch.code not in answer.content.decode()
    assert client.post(reverse("admin:catalog_watch_change", args=[watch.pk]), {"state": "told"}).status_code == 403
    assert Watch.objects.get().state == "active"


def test_a_price_without_amount_is_a_dash(boss, client):
    PriceChange.objects.create(variant=make_variant(), price=None)
    assert "–" in client.get(reverse("admin:catalog_pricechange_changelist")).content.decode()
