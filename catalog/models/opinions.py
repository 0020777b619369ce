"""What buyers say about a product, and what people want to be told about an offer."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from catalog.flow import REVIEW_FLOW, WATCH_FLOW, ReviewState, WatchState
from catalog.models.goods import Product, Variant
from core import clock
from core.codes import public_code
from core.models import AuditEntry
from core.money import MONEY_DIGITS
from core.timeline import event_values


def review_code() -> str:
    """Return a new public code of a review."""
    return public_code(10)


class Review(models.Model):
    """One buyer's opinion of a product. Staff read it before anybody else does."""

    State = ReviewState
    flow = REVIEW_FLOW

    code = models.CharField(max_length=10, unique=True, default=review_code, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="reviews")
    author_name = models.CharField(max_length=60, help_text="As the author wants to be called in public.")
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    title = models.CharField(max_length=120)
    body = models.TextField(max_length=4000)
    bought_on = models.DateField(help_text="When the author's order was delivered (the shop's local day).")
    state = models.CharField(max_length=10, choices=ReviewState, default=ReviewState.WAITING)
    rejection_reason = models.CharField(max_length=200, blank=True)
    written_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("moderate_review", "Can publish and reject reviews")]
        constraints = [
            models.UniqueConstraint(fields=["product", "author"], name="review_once"),
            models.CheckConstraint(condition=models.Q(rating__range=(1, 5)), name="review_rating_range"),
        ]
        indexes = [
            models.Index(fields=["product", "state", "-id"], name="review_of_product"),
            models.Index(fields=["state", "written_at"], name="review_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.rating}/5 {self.title}"

    def record(self, *, kind: str, by: Any, reason: str = "", **facts: object) -> None:
        """Write the step to the audit, which is a review's timeline."""
        AuditEntry.objects.create(
            model="catalog.review", object_code=self.code, **event_values(kind=kind, by=by, reason=reason, **facts)
        )


class Watch(models.Model):
    """Somebody wants a letter when an offer is back in stock, or when its price falls below `price_seen`.

    A guest's watch waits until the person behind the address has confirmed it by the link we sent.
    """

    class Kind(models.TextChoices):
        BACK_IN_STOCK = "back_in_stock", "Back in stock"
        PRICE_DROP = "price_drop", "Lower price"

    State = WatchState
    flow = WATCH_FLOW

    code = models.CharField(max_length=40, unique=True, editable=False, help_text="In the link that stops it.")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="watches")
    kind = models.CharField(max_length=15, choices=Kind)
    email = models.EmailField(max_length=254)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="watches")
    price_seen = models.DecimalField(**MONEY_DIGITS, null=True, blank=True, help_text="In the shop's currency.")
    state = models.CharField(max_length=12, choices=WatchState, default=WatchState.UNCONFIRMED)
    # One live watch per address, offer and kind: empty once it has ended, so a plain unique key serves every engine.
    live_key = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    asked_at = models.DateTimeField(default=clock.now, editable=False)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    told_times = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "watches"
        indexes = [
            models.Index(fields=["variant", "state", "kind"], name="watch_of_variant"),
            models.Index(fields=["email", "state"], name="watch_of_address"),
            models.Index(fields=["state", "asked_at"], name="watch_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.variant_id}"

    def record(self, **event: object) -> None:
        """A watch keeps no timeline: the letters in the outbox say what was told and when."""


class PriceChange(models.Model):
    """The price of a variant from `at` on, in the shop's currency; empty: it could not be bought. Append-only."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="price_changes")
    price = models.DecimalField(**MONEY_DIGITS, null=True, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["variant", "at"], name="price_of_variant")]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.price}"
