"""Disputes in the admin: until when the bank hears us, and how each ended."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import DeedButtons
from payments.models import Dispute


class StandingFilter(admin.SimpleListFilter):
    """Whether the bank has decided."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", "Open"), ("won", "Won"), ("lost", "Lost")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        reads = {
            "open": Dispute.objects.open,
            "won": lambda: Dispute.objects.filter(closed_at__isnull=False).exclude(pk__in=Dispute.objects.lost()),
            "lost": Dispute.objects.lost,
        }
        read: Any = reads.get(self.value() or "")
        return queryset.filter(pk__in=read()) if read else queryset


@admin.register(Dispute)
class DisputeAdmin(DeedButtons, ReadOnlyAdmin):
    """Payments that customers dispute at their bank. Evidence is handed in at the provider, before the deadline."""

    list_display = ["dispute_id", "payment", "amount_text", "reason", "status", "evidence_due_at", "closed_at"]
    list_filter = [StandingFilter, "status", "evidence_due_at"]
    list_select_related = ["payment"]
    search_fields = ["=dispute_id", "=payment__key", "payment__bill__payer_email", "=payment__bill__code"]
    fields = [
        ("dispute_id", "status"),
        ("payment_link", "payer"),
        ("amount_text", "reason"),
        ("opened_at", "evidence_due_at", "closed_at"),
        "provider_link",
    ]
    readonly_fields = ["amount_text", "payment_link", "payer", "provider_link"]
    amount_text = money_column("amount")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        return super().get_queryset(request).select_related("payment__bill")

    @admin.display(description="payment")
    def payment_link(self, dispute: Dispute) -> SafeString:
        """The money it is about."""
        url = reverse("admin:payments_payment_change", args=[dispute.payment_id])
        return format_html('<a href="{}">{}</a>', url, dispute.payment)

    @admin.display(description="customer")
    def payer(self, dispute: Dispute) -> str:
        """Who disputes it."""
        return dispute.payment.bill.payer_email

    @admin.display(description="at the provider")
    def provider_link(self, dispute: Dispute) -> SafeString | str:
        """Where evidence is handed in."""
        payment = dispute.payment
        if payment.provider != "stripe" or not payment.capture_id:
            return ""
        url = f"https://dashboard.stripe.com/payments/{payment.capture_id}"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, payment.capture_id)

    def next_action(self, dispute: Dispute) -> str:
        if dispute.standing == "lost":
            return "nothing at the bank: the money is gone. Decide about the order, then resolve its break."
        if dispute.standing == "won":
            return "nothing, the bank has decided for the shop."
        due = dispute.evidence_due_at
        until = f" by {date_format(localtime(due), 'j F Y, H:i')}" if due else ""
        if dispute.standing == "inquiry":
            return f"answer the bank at the provider{until}. No money has moved; a refund settles an inquiry."
        return f"hand in evidence at the provider{until}, or accept the dispute there. No refund is made meanwhile."
