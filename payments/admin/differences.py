"""Differences that somebody must resolve, in the admin."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from core import clock
from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import ZERO, amount_text
from core.refusals import Refusal
from payments.comparing import compare_day
from payments.models import Break, ComparedDay, Payment
from payments.resolving import book_break, can_be_booked, can_be_sent_back, send_back, take_break
from payments.settling import resolve_break


class BookForm(DeedForm):
    """Which payment the money was for."""

    payment_key = forms.CharField(
        max_length=40,
        label="Payment",
        help_text="Its key, such as 7KQ2M4XP:1. What the order cannot use of it is listed again.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.obj is not None and self.obj.payment is not None:
            self.fields["payment_key"].initial = self.obj.payment.key

    def clean_payment_key(self) -> str:
        """Return the key as it is written."""
        key = self.cleaned_data["payment_key"].strip().upper()
        if not Payment.objects.filter(key=key).exists():
            raise forms.ValidationError("There is no payment of this name.")
        return key

    def field_of(self, refusal: Refusal) -> str | None:
        """All refusals but one are about the payment that was named."""
        return None if refusal.code == "already_resolved" else "payment_key"


class ResolveForm(DeedForm):
    """How the difference was resolved, in words."""

    resolution = forms.CharField(
        max_length=300,
        label="How was it resolved?",
        help_text="For example: sent back by bank transfer, reference 81-4402.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words how this was resolved."},
    )


def _resolve(difference: Break, *, by: Any, resolution: str) -> str:
    resolve_break(difference, by=by, resolution=resolution)
    return "Resolved."


def _take(difference: Break, *, by: Any) -> str:
    take_break(difference, by=by)
    return "It is yours now."


def _book(difference: Break, *, by: Any, payment_key: str) -> str:
    payment = book_break(difference, payment=Payment.objects.get(key=payment_key), by=by)
    used = amount_text(payment.applied_amount, payment.currency)
    return f"Booked for {payment.key}; {used} of it is used."


def _send_back(difference: Break, *, by: Any) -> str:
    refund = send_back(difference, by=by)
    return (
        f"Refund {refund.key} of {amount_text(refund.amount, refund.currency)}: {refund.get_state_display().lower()}."
    )


class StandingFilter(admin.SimpleListFilter):
    """Whether somebody must still act."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", "Open"), ("late", "Open and late"), ("resolved", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Break]) -> QuerySet[Break]:
        if self.value() == "open":
            return queryset.filter(resolved_at=None)
        if self.value() == "late":
            return queryset.filter(resolved_at=None, due_at__lt=clock.now())
        if self.value() == "resolved":
            return queryset.filter(resolved_at__isnull=False)
        return queryset


@admin.register(Break)
class BreakAdmin(DeedButtons, ReadOnlyAdmin):
    """Differences between money and what it was for. Each must be resolved by its deadline."""

    deeds = (
        Deed(
            name="take",
            label="Take it on",
            permission="payments.resolve_break",
            run=_take,
            offered=lambda difference: difference.resolved_at is None,
            bulk=True,
        ),
        Deed(
            name="book",
            label="Book it for a payment",
            permission="payments.resolve_break",
            run=_book,
            offered=can_be_booked,
            form=BookForm,
            question="The money counts as if it had come for this payment: an order that it pays is confirmed.",
        ),
        Deed(
            name="send_back",
            label="Send the money back",
            permission="payments.refund_payment",
            run=_send_back,
            offered=can_be_sent_back,
            question="The money goes back to the card it came from.",
            is_danger=True,
        ),
        Deed(
            name="resolve",
            label="Resolve",
            permission="payments.resolve_break",
            run=_resolve,
            offered=lambda difference: difference.resolved_at is None,
            form=ResolveForm,
            question="Write it down after the money has been sent back or booked; this page moves no money.",
            bulk=True,
            is_main=True,
        ),
    )
    list_display = ["about", "kind", "amount_text", "reason", "age", "due_at", "is_resolved", "owner"]
    list_filter = [StandingFilter, "kind", "provider"]
    list_select_related = ["payment", "owner"]
    search_fields = [
        "=payment__key",
        "=payment__reference",
        "=provider_id",
        "reason",
        "payment__bill__payer_email",
    ]
    fields = [
        ("kind", "amount_text"),
        "reason",
        ("payment_link", "provider", "provider_id"),
        ("opened_at", "due_at"),
        ("resolved_at", "owner"),
        "resolution",
    ]
    readonly_fields = ["amount_text", "payment_link"]
    amount_text = money_column("amount")

    @admin.display(description="about", ordering="payment")
    def about(self, difference: Break) -> str:
        """The payment, or the money's name at the provider."""
        return difference.payment.key if difference.payment else difference.provider_id

    @admin.display(description="age", ordering="opened_at")
    def age(self, difference: Break) -> str:
        """How long it has been known, or was."""
        return timesince(difference.opened_at, difference.resolved_at or clock.now(), depth=1)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Break]:
        return super().get_queryset(request).select_related("payment", "owner")

    @admin.display(description="resolved", boolean=True, ordering="resolved_at")
    def is_resolved(self, difference: Break) -> bool:
        return difference.resolved_at is not None

    @admin.display(description="payment")
    def payment_link(self, difference: Break) -> SafeString | str:
        """The money it is about."""
        payment = difference.payment
        if payment is None:
            return "none of ours"
        url = reverse("admin:payments_payment_change", args=[payment.pk])
        return format_html('<a href="{}">{}</a> {}', url, payment.key, payment.reference)

    def next_action(self, difference: Break) -> str:
        if difference.resolved_at:
            return ""
        if can_be_booked(difference):
            return "find out what this money was for, and book it for that payment."
        return "send the money back or book it, then say here what you did."

    def bulk_total(self, differences: Sequence[Break]) -> str:
        if not differences:
            return ""
        sums = {row.currency: ZERO for row in differences}
        for row in differences:
            sums[row.currency] += row.amount
        return " and ".join(amount_text(amount, code) for code, amount in sorted(sums.items())) + " together"


def _compare(row: ComparedDay, *, by: Any) -> str:
    again = compare_day(row.provider, row.day)
    return f"Compared again: {again.movements} movements, {again.differences} differences."


@admin.register(ComparedDay)
class ComparedDayAdmin(DeedButtons, ReadOnlyAdmin):
    """The days that were compared with the providers' books. A day that is missing here was not compared."""

    deeds = (
        Deed(
            name="compare",
            label="Compare again",
            permission="payments.compare_comparedday",
            run=_compare,
            offered=lambda row: True,
            is_main=True,
        ),
    )
    list_display = ["day", "provider", "compared_at", "movements", "asked_again", "differences"]
    list_filter = ["provider", "day"]
    fields = [("provider", "day", "compared_at"), ("movements", "asked_again", "differences")]
