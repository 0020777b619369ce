"""What buyers say about a product: they write, staff read it first, everybody reads what was published."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef

from catalog.flow import ReviewState
from catalog.listing_rows import average_rating
from catalog.listings import mark_dirty
from catalog.models import Product, Review
from core import clock
from core.db import atomic_retry
from core.flows import move
from core.refusals import Conflict, Refusal
from core.versions import EVERY_LIST, raise_versions

BEST = 5
ON_A_PAGE = 10
# Column to what it is called and how many characters it may have.
LENGTHS = {"title": ("title", 120), "body": ("review", 4000), "author_name": ("name", 60)}


@dataclass(frozen=True)
class Rating:
    """What the published reviews of a product come to: the average to a tenth, and how many gave how many stars."""

    average: Decimal | None
    count: int
    distribution: Mapping[int, int]


@dataclass(frozen=True)
class ReviewPage:
    """Some published reviews, newest first; `after` leads to the older ones, "" when there are none."""

    reviews: list[Review]
    after: str


def has_reviews(product: str) -> Exists:
    """Return whether anybody reviewed the product whose id that column holds: most need no query for reviews."""
    return Exists(Review.objects.filter(product=OuterRef(product), state=ReviewState.PUBLISHED))


@atomic_retry
def write_review(
    product: Product, *, by: Any, bought_on: date, rating: int, title: str, body: str, author_name: str
) -> Review:
    """Keep somebody's review until staff have read it. The caller knows that they bought the product.

    There is one review for each product and person: another one takes its place and is read anew. The same words again
    change nothing. Raises Refusal("invalid_values", fields).
    """
    told = {**_checked(rating=rating, title=title, body=body, author_name=author_name), "bought_on": bought_on}
    written = Review.objects.select_for_update().filter(product=product, author=by)
    review = written.first()
    if review is None:
        try:
            # The savepoint keeps the transaction usable when the same form has just been sent twice.
            with transaction.atomic():
                review = Review.objects.create(product=product, author=by, **told)
        except IntegrityError:
            review = written.get()
        else:
            review.record(kind="written", by=by)
            return review
    if all(getattr(review, name) == value for name, value in told.items() if name != "bought_on"):
        return review
    changes = {**told, "written_at": clock.now(), "decided_at": None, "rejection_reason": ""}
    if review.state == ReviewState.WAITING:
        for name, value in changes.items():
            setattr(review, name, value)
        review.save(update_fields=list(changes))
        review.record(kind="rewritten", by=by)
        return review
    was_published = review.state == ReviewState.PUBLISHED
    move(review, ReviewState.WAITING, by=by, reason="written anew", changes=changes)
    if was_published:
        _follow(review)
    return review


@atomic_retry
def publish_review(review: Review, *, by: Any) -> Review:
    """Show the review to everybody. `review` is as its reader knows it: words written since are not published unread.

    Raises Conflict "review_changed" and "wrong_state".
    """
    return _decide(review, ReviewState.PUBLISHED, by=by, reason="")


@atomic_retry
def reject_review(review: Review, *, by: Any, reason: str) -> Review:
    """Do not show the review, or no longer. The reason (at most 200 characters) is for staff.

    Raises Refusal("invalid_values", fields) and Conflict "review_changed" and "wrong_state".
    """
    reason = reason.strip()
    if not 0 < len(reason) <= Review._meta.get_field("rejection_reason").max_length:
        words = "Say why in at most 200 characters."
        raise Refusal("invalid_values", words, fields={"reason": [words]})
    return _decide(review, ReviewState.REJECTED, by=by, reason=reason)


def rating_of(product: Product) -> Rating:
    """Return what the published reviews of a product come to. One query, none if `has_reviews` said there are none."""
    if not getattr(product, "has_reviews", True):
        return Rating(None, 0, dict.fromkeys(range(BEST, 0, -1), 0))
    published = Review.objects.filter(product=product, state=ReviewState.PUBLISHED).order_by()
    found = dict(published.values("rating").annotate(number=Count("pk")).values_list("rating", "number"))
    distribution = {stars: found.get(stars, 0) for stars in range(BEST, 0, -1)}
    count = sum(distribution.values())
    stars = sum(stars * number for stars, number in distribution.items())
    return Rating(average_rating(stars, count), count, distribution)


def published_reviews(product: Product, *, after: str = "") -> ReviewPage:
    """Return a page of published reviews, newest first, those behind the review with the code `after`.

    One query, two with `after`; an unknown code means the first page.
    """
    reviews = Review.objects.filter(product=product, state=ReviewState.PUBLISHED).order_by("-pk")
    if after:
        # A review that is no longer shown still tells where the reader was.
        last = Review.objects.filter(product=product, code=after[:10]).values_list("pk", flat=True).first()
        if last is not None:
            reviews = reviews.filter(pk__lt=last)
    found = list(reviews[: ON_A_PAGE + 1])
    shown = found[:ON_A_PAGE]
    return ReviewPage(shown, shown[-1].code if len(found) > ON_A_PAGE else "")


def _decide(review: Review, state: ReviewState, *, by: Any, reason: str) -> Review:
    locked = Review.objects.select_for_update().get(pk=review.pk)
    if locked.written_at != review.written_at:
        raise Conflict(
            "review_changed",
            "The author has just written something else. Open it again and read it; nothing was changed.",
        )
    shown = ReviewState.PUBLISHED in (locked.state, state)
    move(locked, state, by=by, reason=reason, changes={"decided_at": clock.now(), "rejection_reason": reason})
    if shown:
        _follow(locked)
    return locked


def _follow(review: Review) -> None:
    """Let lists and kept pages follow what is published."""
    mark_dirty([review.product_id])
    # The number of stars may be the same as before while the words are not, so this does not wait for the list.
    raise_versions([EVERY_LIST])


def _checked(*, rating: Any, **texts: str) -> dict[str, Any]:
    """Return the values as they are kept. Raises Refusal("invalid_values") naming each field that is wrong."""
    fields: dict[str, list[str]] = {}
    if type(rating) is not int or not 1 <= rating <= BEST:
        fields["rating"] = ["Choose one to five stars."]
    told: dict[str, Any] = {"rating": rating}
    for name, text in texts.items():
        told[name] = _tidy(text, lines=name == "body")
        words = _wrong(name, told[name])
        if words:
            fields[name] = [words]
    if fields:
        sentences = " ".join(sentence for words in fields.values() for sentence in words)
        raise Refusal("invalid_values", f"{sentences} Nothing was saved.", fields=fields)
    return told


def _tidy(text: str, *, lines: bool) -> str:
    """Return the text with plain line ends and without white space around; on one line unless `lines`."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
    return text if lines else " ".join(text.split())


def _wrong(name: str, text: str) -> str:
    label, longest = LENGTHS[name]
    if not text:
        return f"Write a {label}."
    if len(text) > longest:
        return f"A {label} has at most {longest} characters; this one has {len(text)}."
    allowed = "\n\t" if name == "body" else ""
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") and letter not in allowed for letter in text):
        return f"Write the {label} without control characters."
    return ""
