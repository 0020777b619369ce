"""Reviews on the product page: read by all, written by buyers, shown as text."""

from datetime import date

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.tests.factories import make_staff, make_user
from catalog.listings import rebuild
from catalog.models import Product, Review
from catalog.reviewing import publish_review, reject_review
from catalog.tests.factories import make_review
from orders.fulfilment import confirm_delivery, dispatch
from orders.tests.factories import make_delivered_order, make_paid_order
from storefront.words import of_five, rated

pytestmark = pytest.mark.django_db
T14, WRITE = "/p/thinkpad-t14/", "/reviews/thinkpad-t14/"
WORDS = {"rating": "4", "title": "Quiet", "body": "One.\nTwo.", "author_name": "Dara S."}


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.fixture
def bought(shop, dara):
    """Dara's order of an excellent T14, which has arrived."""
    order = make_paid_order((shop.excellent, 1), user=dara)
    line = order.lines.get()
    serials = {line.pk: [unit.serial for unit in (row.unit for row in line.allocations.all())]}
    confirm_delivery(dispatch(order, by=None, serials=serials), by=None)
    order.refresh_from_db()
    return order


# --- Reading --------------------------------------------------------------------------------------------------------


def test_nothing_yet_is_said_as_it_is(shop, visitor):
    page = text(visitor, T14)
    assert "Nobody has reviewed it yet." in page
    assert "of 5" not in page
    assert WRITE not in page


def test_published_reviews_are_shown_with_words_beside_the_stars(shop, visitor):
    make_review(shop.laptop, rating=5, title="Solid", author_name="Lina", bought_on=date(2026, 9, 30))
    make_review(shop.laptop, rating=4)
    make_review(shop.laptop, rating=4)
    make_review(shop.laptop, title="Not read yet", state="waiting")
    make_review(shop.laptop, title="Rude", state="rejected")
    make_review(shop.mouse.product, title="Of the mouse")
    page = text(visitor, T14)
    assert page.count("4.3 of 5, 3 reviews") == 2
    assert '<a class="alone" href="#reviews">' in page
    assert "Lina · Bought here, delivered September 2026" in page
    assert "5 of 5" in page
    assert "4 stars" in page
    for hidden in ("Not read yet", "Rude", "Of the mouse"):
        assert hidden not in page


def test_markup_in_a_review_is_text(shop, visitor):
    nasty = '<script>alert("x")</script><img src=x onerror=alert(1)>'
    make_review(shop.laptop, title=nasty, body=f"{nasty}\n\n{{{{ 7 * 7 }}}}", author_name="<b>Me</b>")
    page = text(visitor, T14)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>Me" not in page
    assert "{{ 7 * 7 }}" in page
    assert page.count("&lt;script&gt;alert") == 2


def test_ten_at_a_time_and_links_to_the_others(shop, visitor):
    for n in range(12):
        make_review(shop.laptop, title=f"Review number {n}.")
    first = text(visitor, T14)
    assert first.count("Review number ") == 10
    code = Review.objects.get(title="Review number 2.").code
    assert f'href="{T14}?reviews={code}#reviews" rel="next"' in first
    assert "The newest reviews" not in first
    second = text(visitor, f"{T14}?reviews={code}")
    assert [n for n in range(12) if f"Review number {n}." in second] == [0, 1]
    assert "Older reviews" not in second
    assert f'href="{T14}#reviews"' in second
    last = Review.objects.get(title="Review number 0.").code
    assert "There are no older reviews." in text(visitor, f"{T14}?reviews={last}")
    for odd in ("NOPE", "%00", "x" * 5000, "' OR 1=1"):
        assert text(visitor, f"{T14}?reviews={odd}").count("Review number ") == 10


def test_cards_tell_the_rating(shop, visitor):
    make_review(shop.laptop, rating=4)
    rebuild([shop.laptop.pk, shop.mouse.product_id])
    page = text(visitor, "/c/computers/laptops/")
    assert page.count("4.0 of 5, 1 review") == 1
    assert "of 5" not in text(visitor, "/c/mouse/")


@pytest.mark.parametrize(
    ("average", "count", "words"), [("4.3", 12, "4.3 of 5, 12 reviews"), ("5.0", 1, "5.0 of 5, 1 review")]
)
def test_ratings_in_words(average, count, words):
    assert rated(average, count) == words
    assert of_five(4) == "4 of 5"


@pytest.mark.parametrize("reviews", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_reviews(
    shop, visitor, django_assert_max_num_queries, reviews
):
    for _ in range(reviews):
        make_review(shop.laptop)
    text(visitor, T14)
    with django_assert_max_num_queries(30) as caught:
        text(visitor, f"{T14}?from=letter")  # no kept page
    # Are there any (with the product), what do they come to, the first of them.
    assert sum("catalog_review" in query["sql"] for query in caught) == 3
    assert sum("catalog_pricechange" in query["sql"] for query in caught) == 1


# --- Writing --------------------------------------------------------------------------------------------------------


def test_only_buyers_find_a_form(bought, shop, visitor, customer):
    assert 'action="/reviews/thinkpad-t14/"' not in text(visitor, T14)
    other = Client()
    other.force_login(make_user())
    assert 'action="/reviews/thinkpad-t14/"' not in text(other, T14)
    page = text(customer, T14)
    assert 'action="/reviews/thinkpad-t14/"' in page
    assert 'value="Dara"' in page
    assert 'action="/reviews/m500/"' not in text(customer, "/p/m500/")


def test_a_buyer_writes_staff_read_everybody_sees(bought, shop, customer, visitor, dara):
    answer = customer.post(WRITE, WORDS)
    assert answer["Location"] == f"{T14}#reviews"
    page = text(customer, T14)
    assert "Thank you. We read it, then everybody sees it." in page
    assert "We have your review and read it soon." in page
    assert "Quiet" not in text(visitor, T14)
    review = Review.objects.get()
    assert (review.author, review.rating, review.body, review.state) == (dara, 4, "One.\nTwo.", "waiting")
    publish_review(review, by=make_staff())
    page = text(visitor, T14)
    assert "<p>One.</p><p>Two.</p>" in page
    assert "Dara S." in page
    assert "dara@example.com" not in page
    mine = text(customer, WRITE)
    assert "Your review is on this page." in mine
    assert 'value="4" required checked' in mine
    assert "\nOne.\nTwo.</textarea>" in mine
    customer.post(WRITE, {**WORDS, "rating": "2"})
    assert "Quiet" not in text(visitor, T14)
    review.refresh_from_db()
    assert (review.state, Review.objects.count()) == ("waiting", 1)
    reject_review(review, by=make_staff(), reason="secret reason")
    page = text(customer, WRITE)
    assert "We could not publish your review." in page
    assert "secret reason" not in page


def test_the_same_words_again_change_nothing(bought, customer):
    customer.post(WRITE, WORDS)
    publish_review(Review.objects.get(), by=make_staff())
    customer.post(WRITE, WORDS)
    assert "Nothing was changed." in text(customer, T14)
    assert Review.objects.get().state == "published"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rating": "0"}, "Choose one to five stars"),
        ({"rating": "6"}, "Choose one to five stars"),
        ({"rating": "2.5"}, "Choose one to five stars"),
        ({"rating": ""}, "Choose one to five stars"),
        ({"title": ""}, "Sum it up in a few words"),
        ({"title": "x" * 121}, "Write at most 120 characters; these are 121."),
        ({"body": "x" * 10_000}, "Write at most 4000 characters; these are 10000."),
        ({"body": "a\x07b"}, "without control characters"),
        ({"body": "a\x00b"}, "Null characters are not allowed."),
        ({"author_name": ""}, "Choose a name that others see"),
    ],
)
def test_what_cannot_stand_is_explained_and_kept_in_the_form(bought, customer, changes, words):
    answer = customer.post(WRITE, {**WORDS, **changes})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Review Lenovo ThinkPad T14 Gen 3" in page
    assert words in page
    assert page.count(words) >= 2
    assert not Review.objects.exists()


def test_whoever_was_delivered_none_has_no_such_page(shop, customer, dara, visitor):
    unsent = make_paid_order((shop.mouse, 1), user=dara)
    sent = make_paid_order((shop.mouse, 1), user=dara)
    dispatch(sent, by=None, serials={})
    make_delivered_order((shop.mouse, 1), user=make_user())
    for address in ("/reviews/m500/", WRITE, "/reviews/nothing/"):
        assert customer.get(address).status_code == 404
        assert customer.post(address, WORDS).status_code == 404
        assert visitor.post(address, WORDS)["Location"].startswith("/account/login/")
    assert not Review.objects.exists()
    assert "Review it" not in text(customer, f"/orders/{unsent.code}/")
    assert "Review it" not in text(customer, f"/orders/{sent.code}/")


def test_writing_is_limited(bought, customer):
    answers = [customer.post(WRITE, {**WORDS, "rating": "9"}).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    assert customer.post(WRITE, WORDS).status_code == 429
    assert not Review.objects.exists()
    assert customer.get(WRITE).status_code == 200
    cache.clear()
    assert customer.post(WRITE, WORDS).status_code == 302


def test_a_review_needs_the_pages_token(bought, dara):
    client = Client(enforce_csrf_checks=True)
    client.force_login(dara)
    assert client.post(WRITE, WORDS).status_code == 403
    assert not Review.objects.exists()


def test_a_delivered_order_leads_to_the_form(bought, shop, customer):
    page = text(customer, f"/orders/{bought.code}/")
    assert f'href="{WRITE}">Review it' in page
    assert "What is it like?" in text(customer, WRITE)
    Product.objects.filter(pk=shop.laptop.pk).update(status="retired")
    assert "Review it" not in text(customer, f"/orders/{bought.code}/")
    assert customer.get(WRITE).status_code == 404


def test_the_form_is_nothing_for_search_engines(bought, customer):
    assert '<meta name="robots" content="noindex">' in text(customer, WRITE)
