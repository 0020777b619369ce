"""Reviews to read and decide upon, and, to look at, who waits for an offer and what prices were."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from catalog.flow import ReviewState
from catalog.models import PriceChange, Review, Watch
from catalog.reviewing import publish_review, reject_review
from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm


class ReadForm(DeedForm):
    """Which words the moderator has read: the author may write anew meanwhile."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.obj.written_at.isoformat()

    def clean_seen(self) -> datetime:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            raise forms.ValidationError("Open this page again.") from None


class RejectForm(ReadForm):
    """Why it is not shown."""

    reason = forms.CharField(
        max_length=200,
        help_text="For your colleagues; the author is not told.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words why."},
    )


def _publish(review: Review, *, by: Any, seen: datetime) -> str:
    review.written_at = seen
    publish_review(review, by=by)
    return "Published. It is on the product's page now."


def _reject(review: Review, *, by: Any, seen: datetime, reason: str) -> str:
    review.written_at = seen
    reject_review(review, by=by, reason=reason)
    return "Rejected. It is not shown."


@admin.register(Review)
class ReviewAdmin(DeedButtons, ReadOnlyAdmin):
    """What buyers wrote. Nobody edits their words; staff publish them or do not."""

    deeds = (
        Deed(
            name="publish",
            label="Publish",
            permission="catalog.moderate_review",
            run=_publish,
            offered=lambda review: review.state != ReviewState.PUBLISHED,
            form=ReadForm,
            template="admin/catalog/review/read.html",
            is_main=True,
        ),
        Deed(
            name="reject",
            label="Reject",
            permission="catalog.moderate_review",
            run=_reject,
            offered=lambda review: review.state != ReviewState.REJECTED,
            form=RejectForm,
            template="admin/catalog/review/read.html",
            is_danger=True,
        ),
    )
    list_display = ["title", "rating", "product", "author_name", "bought_on", "state", "written_at"]
    list_filter = ["state", "rating"]
    list_select_related = ["product__brand"]
    search_fields = ["=code", "title", "author_name", "product__name", "=author__email"]
    ordering = ["-written_at"]
    fields = [
        "product",
        ("rating", "title"),
        "body",
        ("author_name", "author", "bought_on"),
        ("state", "rejection_reason"),
        ("written_at", "decided_at"),
        "code",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        return super().get_queryset(request).select_related("product__brand", "author")

    def next_action(self, review: Review) -> str:
        return "Read it, then publish or reject it." if review.state == ReviewState.WAITING else ""

    def links(self, request: HttpRequest, review: Review) -> Sequence[tuple[str, str]]:
        audit = f"{reverse('admin:core_auditentry_changelist')}?q={review.code}"
        told = [("What was decided", audit)] if request.user.has_perm("core.view_auditentry") else []
        return [("The product's page", review.product.get_absolute_url()), *told]


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    """Who waits for which offer. The code in the links stays closed: whoever has it may stop the watch."""

    list_display = ["email", "kind", "variant", "price_seen_text", "state", "asked_at", "told_at", "told_times"]
    list_filter = ["state", "kind"]
    list_select_related = ["variant__product__brand"]
    search_fields = ["=email", "=variant__sku", "variant__product__name"]
    ordering = ["-id"]
    fields = [
        ("email", "user"),
        ("kind", "variant"),
        "price_seen_text",
        "state",
        ("asked_at", "told_at", "told_times"),
    ]
    price_seen_text = money_column("price_seen", "price when asked or last told")


@admin.register(PriceChange)
class PriceChangeAdmin(ReadOnlyAdmin):
    """What was asked for an offer, and from when on."""

    list_display = ["variant", "price_text", "at"]
    list_select_related = ["variant__product__brand"]
    search_fields = ["=variant__sku", "variant__product__name"]
    ordering = ["-id"]
    fields = ["variant", "price_text", "at"]
    price_text = money_column("price")
