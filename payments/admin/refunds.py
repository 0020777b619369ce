"""Refunds in the admin: what waits for a second person, what staff must send, what has failed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import amount_text
from core.refusals import Refusal
from payments.flow import RefundState
from payments.models import Refund
from payments.refund_decisions import approve_refund, confirm_transfer, send_by_hand, withdraw_refund
from payments.refunding import send_refund

NEXT = {
    RefundState.PROPOSED: "somebody other than the one who asked for it approves it, or withdraws it.",
    RefundState.REQUESTED: "nothing; the shop asks the provider to send it.",
    RefundState.BY_HAND: "send the money by bank (or hand it over), then record the reference.",
    RefundState.PENDING: "nothing; the provider is sending it.",
    RefundState.FAILED: "the customer is still owed this money: send it by hand, or withdraw the refund and say why.",
}


class TransferForm(DeedForm):
    """The bank's reference of the money that was sent."""

    reference = forms.CharField(
        max_length=100,
        label="Reference",
        help_text="The bank's reference, or the number of the receipt when it was handed over. No other refund has it.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True, "autocomplete": "off"}),
        error_messages={"required": "Enter the bank's reference or the receipt number."},
    )

    def field_of(self, refusal: Refusal) -> str | None:
        """A refusal about the reference stands at the reference."""
        return "reference" if refusal.code in {"reference_missing", "reference_used"} else None


class WithdrawForm(DeedForm):
    """Why the money does not go back."""

    reason = forms.CharField(
        max_length=300,
        label="Why does the money not go back?",
        help_text="It stands in the timeline. If the customer was told of the refund, tell them of this too.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words why the money does not go back."},
    )


def _words(refund: Refund) -> str:
    return (
        f"Refund {refund.key} of {amount_text(refund.amount, refund.currency)}: {refund.get_state_display().lower()}."
    )


def _approve(refund: Refund, *, by: Any) -> str:
    return _words(send_refund(approve_refund(refund, by=by)))


def _withdraw(refund: Refund, *, by: Any, reason: str) -> str:
    return f"{_words(withdraw_refund(refund, by=by, reason=reason))} Its money can be refunded anew."


def _send_by_hand(refund: Refund, *, by: Any) -> str:
    return f"{_words(send_by_hand(refund, by=by))} The customer gets a letter."


def _confirm_transfer(refund: Refund, *, by: Any, reference: str) -> str:
    return f"{_words(confirm_transfer(refund, by=by, reference=reference))} The customer gets a letter."


def _is(*states: RefundState) -> Any:
    return lambda refund: refund.state in states


@admin.register(Refund)
class RefundAdmin(DeedButtons, ReadOnlyAdmin):
    """Money on its way back. Refunds begin at the order; of money that no order used, at the payment."""

    deeds = (
        Deed(
            name="approve",
            label="Approve",
            permission="payments.approve_refund",
            run=_approve,
            offered=_is(RefundState.PROPOSED),
            question="You agree that this money goes back. What a provider can send is sent at once.",
            is_main=True,
        ),
        Deed(
            name="confirm_transfer",
            label="Record the transfer",
            permission="payments.transfer_refund",
            run=_confirm_transfer,
            offered=_is(RefundState.BY_HAND),
            form=TransferForm,
            question="Do this after the money has been sent; this page moves no money.",
            is_main=True,
        ),
        Deed(
            name="send_by_hand",
            label="Send it by hand",
            permission="payments.refund_payment",
            run=_send_by_hand,
            offered=_is(RefundState.FAILED),
            question="The refund goes on the list of transfers. Ask the customer for an account if you have none.",
            is_main=True,
        ),
        Deed(
            name="withdraw",
            label="Withdraw",
            permission="payments.refund_payment",
            run=_withdraw,
            offered=_is(RefundState.PROPOSED, RefundState.BY_HAND, RefundState.FAILED),
            form=WithdrawForm,
            is_danger=True,
        ),
    )
    list_display = ["key", "payment", "amount_text", "state", "reason", "requested_by", "requested_at", "finished_at"]
    list_filter = ["state", "by_hand", "requested_at"]
    list_select_related = ["payment", "requested_by"]
    search_fields = ["=key", "=provider_id", "=reference", "=payment__key", "payment__bill__payer_email"]
    fields = [
        ("key", "state"),
        ("payment_link", "payer", "method"),
        ("amount_text", "moved_text"),
        ("reason", "requested_by", "requested_at"),
        ("approved_by", "finished_by", "finished_at"),
        ("reference", "provider_id", "provider_link"),
        ("failure_reason", "next_poll_at", "polls"),
    ]
    readonly_fields = ["payment_link", "payer", "method", "amount_text", "moved_text", "provider_link"]
    amount_text = money_column("amount")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        people = ("requested_by", "approved_by", "finished_by")
        return super().get_queryset(request).select_related("payment__bill", *people)

    @admin.display(description="payment")
    def payment_link(self, refund: Refund) -> SafeString:
        """The money it is a part of."""
        url = reverse("admin:payments_payment_change", args=[refund.payment_id])
        return format_html('<a href="{}">{}</a>', url, refund.payment)

    @admin.display(description="goes to")
    def payer(self, refund: Refund) -> str:
        """Whose money it was."""
        return refund.payment.bill.payer_email

    @admin.display(description="paid by")
    def method(self, refund: Refund) -> str:
        """The way the money came, and its reference there: a transfer goes back to the same account."""
        payment = refund.payment
        return " ".join(filter(None, [payment.get_method_display(), payment.reference]))

    @admin.display(description="to be moved")
    def moved_text(self, refund: Refund) -> str:
        """What must be sent, at the payment's own rate: riel for a bill in dollars."""
        return amount_text(refund.charge_amount, refund.charge_currency)

    @admin.display(description="at the provider")
    def provider_link(self, refund: Refund) -> SafeString | str:
        """The payment in Stripe's own pages, where its refunds stand."""
        payment = refund.payment
        if payment.provider != "stripe" or not payment.capture_id:
            return ""
        url = f"https://dashboard.stripe.com/payments/{payment.capture_id}"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, payment.capture_id)

    def next_action(self, refund: Refund) -> str:
        return NEXT.get(RefundState(refund.state), "")
