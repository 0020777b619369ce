"""Bills and payments in the admin: to look at, to ask the provider about, to refund."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock
from core.admin import ReadOnlyAdmin, ReadOnlyInline, TimelineInline, money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import amount_text
from core.refusals import Refusal
from payments.collecting import check
from payments.flow import PaymentState
from payments.models import Bill, BillEvent, Break, Payment, Refund
from payments.providers.registry import is_remote
from payments.refundable import surplus_left
from payments.refunding import request_refund, send_refund

ANSWER_TAKES = timedelta(minutes=10)


class PaymentInline(ReadOnlyInline):
    model = Payment
    fk_name = "bill"
    fields = ("key", "method", "state", "amount_text", "captured_text", "applied_text", "reference", "captured_at")
    show_change_link = True
    amount_text = money_column("amount", "asked for")
    captured_text = money_column("captured_amount", "received")
    applied_text = money_column("applied_amount", "used for the bill")


class BillEventInline(TimelineInline):
    model = BillEvent


@admin.register(Bill)
class BillAdmin(ReadOnlyAdmin):
    """What people owe. Money is recorded on the order."""

    list_display = ["code", "payer_email", "amount_text", "state", "due_at", "created_at", "settled_at"]
    list_filter = ["state", "due_at"]
    search_fields = ["=code", "payer_email", "=payments__reference"]
    inlines = [PaymentInline, BillEventInline]
    fields = [
        ("code", "state", "withheld_reason"),
        ("payer", "payer_email"),
        ("amount_text", "due_at"),
        ("created_at", "settled_at"),
    ]
    readonly_fields = ["amount_text"]
    amount_text = money_column("amount")


class BreakInline(ReadOnlyInline):
    model = Break
    fields = ("kind", "amount_text", "reason", "due_at", "resolved_at", "resolution")
    show_change_link = True
    amount_text = money_column("amount")


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ("key", "state", "amount_text", "reason", "requested_by", "requested_at", "finished_at", "failure_reason")
    show_change_link = True
    amount_text = money_column("amount")


class RefundForm(DeedForm):
    """How much goes back, and why. It carries what could be refunded when the page was opened."""

    amount = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        label="Amount to refund",
        widget=forms.NumberInput(attrs={"autofocus": True, "inputmode": "decimal", "step": "0.01"}),
    )
    reason = forms.CharField(
        max_length=300,
        label="Why?",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        error_messages={"required": "Say in a few words why the money goes back."},
    )
    remaining = forms.DecimalField(max_digits=12, decimal_places=2, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        remaining = surplus_left(self.obj)
        self.fields["amount"].initial = self.fields["remaining"].initial = remaining
        self.fields["amount"].help_text = f"At most {amount_text(remaining, self.obj.currency)}."

    def field_of(self, refusal: Refusal) -> str | None:
        """A refusal about the sum stands at the sum."""
        return "amount" if refusal.code in {"amount_impossible", "too_much"} else None


def _check(payment: Payment, *, by: Any) -> str:
    payment = check(payment, by=by)
    return f"The provider has been asked. {payment.key}: {payment.get_state_display().lower()}."


def _refund(payment: Payment, *, by: Any, amount: Decimal, reason: str, remaining: Decimal) -> str:
    refund = request_refund(
        payment,
        amount=amount,
        expected_remaining=remaining,
        by=by,
        reason=reason,
        difference=_difference_over(payment, amount),
        from_surplus=True,
    )
    refund = send_refund(refund)
    return f"Refund {refund.key} of {amount_text(amount, payment.currency)}: {refund.get_state_display().lower()}."


def _difference_over(payment: Payment, amount: Decimal) -> Break | None:
    """Return the open difference that a refund of this sum resolves."""
    kinds = (Break.Kind.SURPLUS, Break.Kind.UNCLAIMED)
    return payment.breaks.open().filter(kind__in=kinds, amount=amount, refund=None).first()


def _can_be_checked(payment: Payment) -> bool:
    return is_remote(payment.provider) and payment.asked_at is not None and payment.state != PaymentState.CAPTURED


def _can_be_refunded(payment: Payment) -> bool:
    return payment.state == PaymentState.CAPTURED and surplus_left(payment) > 0


def to_review(now: datetime) -> QuerySet[Payment]:
    """Return payments of which nobody knows for longer than providers take to answer."""
    return Payment.objects.filter(state=PaymentState.CHECKING, started_at__lt=now - ANSWER_TAKES)


class ReviewFilter(admin.SimpleListFilter):
    """Whether a person should look."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("review", "Being checked for long")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        return queryset.filter(pk__in=to_review(clock.now())) if self.value() == "review" else queryset


@admin.register(Payment)
class PaymentAdmin(DeedButtons, ReadOnlyAdmin):
    """Each try to pay a bill, and what arrived."""

    deeds = (
        Deed(
            name="check",
            label="Ask the provider",
            permission="payments.check_payment",
            run=_check,
            offered=_can_be_checked,
            bulk=True,
            is_main=True,
        ),
        Deed(
            name="refund",
            label="Refund what was not used",
            permission="payments.refund_payment",
            run=_refund,
            offered=_can_be_refunded,
            form=RefundForm,
            question=(
                "This money settled nothing. It goes back to the card it came from, or onto the list of transfers. "
                "What paid an order is refunded at the order."
            ),
            is_danger=True,
        ),
    )

    list_display = ["key", "bill", "method", "state", "amount_text", "captured_text", "reference", "captured_at"]
    list_filter = [ReviewFilter, "state", "method", "captured_at"]
    list_select_related = ["bill"]
    search_fields = ["=key", "=reference", "=provider_id", "=capture_id", "=bill__code", "bill__payer_email"]
    search_help_text = "Payment, bill, e-mail, the bank's reference, or the provider's names (pi_…, cs_…, MD5 or hash)."
    inlines = [RefundInline, BreakInline]
    fields = [
        ("key", "state"),
        ("bill", "method", "provider"),
        ("amount_text", "captured_text", "applied_text"),
        ("charged_text", "rate"),
        ("reference", "started_at", "captured_at", "claimed_at"),
        ("provider_id", "provider_link"),
        ("asked_at", "expires_at", "next_poll_at", "polls"),
        ("failure_code", "failure_reason"),
    ]
    readonly_fields = ["charged_text", "provider_link", "amount_text", "captured_text", "applied_text"]
    amount_text = money_column("amount", "asked for")
    captured_text = money_column("captured_amount", "received")
    applied_text = money_column("applied_amount", "used for the bill")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("bill", "saved_method")

    @admin.display(description="moved by the provider")
    def charged_text(self, payment: Payment) -> str:
        """What the provider moves, where that is another currency."""
        if payment.charge_amount is None or not payment.charge_currency:
            return ""
        return amount_text(payment.charge_amount, payment.charge_currency)

    @admin.display(description="at the provider")
    def provider_link(self, payment: Payment) -> SafeString | str:
        """The payment in Stripe's own pages."""
        if payment.provider != "stripe" or not payment.capture_id:
            return ""
        url = f"https://dashboard.stripe.com/payments/{payment.capture_id}"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, payment.capture_id)
