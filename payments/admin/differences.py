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

from core import clock
from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import ZERO, amount_text
from payments.models import Break
from payments.settling import resolve_break


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
    list_display = ["payment", "kind", "amount_text", "reason", "due_at", "is_resolved", "owner"]
    list_filter = [StandingFilter, "kind"]
    list_select_related = ["payment", "owner"]
    search_fields = ["=payment__key", "=payment__reference", "reason", "payment__bill__payer_email"]
    fields = [
        ("kind", "amount_text"),
        "reason",
        "payment_link",
        ("opened_at", "due_at"),
        ("resolved_at", "owner"),
        "resolution",
    ]
    readonly_fields = ["amount_text", "payment_link"]
    amount_text = money_column("amount")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Break]:
        return super().get_queryset(request).select_related("payment", "owner")

    @admin.display(description="resolved", boolean=True, ordering="resolved_at")
    def is_resolved(self, difference: Break) -> bool:
        return difference.resolved_at is not None

    @admin.display(description="payment")
    def payment_link(self, difference: Break) -> SafeString:
        """The money it is about."""
        payment = difference.payment
        url = reverse("admin:payments_payment_change", args=[payment.pk])
        return format_html('<a href="{}">{}</a> {}', url, payment.key, payment.reference)

    def next_action(self, difference: Break) -> str:
        return "" if difference.resolved_at else "send the money back or book it, then say here what you did."

    def bulk_total(self, differences: Sequence[Break]) -> str:
        if not differences:
            return ""
        sums = {row.currency: ZERO for row in differences}
        for row in differences:
            sums[row.currency] += row.amount
        return " and ".join(amount_text(amount, code) for code, amount in sorted(sums.items())) + " together"
