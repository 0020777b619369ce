"""Pictures of transfers in the admin: look, find the money at the bank, then approve or say why not."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin import ReadOnlyAdmin
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import amount_text
from core.refusals import Refusal
from orders.models import Order
from orders.transfer_proofs import approve_transfer, reject_transfer
from payments.flow import ProofState
from payments.models import PaymentProof
from payments.settling import amount_outstanding


class ApproveForm(DeedForm):
    """What the bank's statement says, not the picture."""

    amount = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        label="Amount on the bank statement",
        widget=forms.NumberInput(attrs={"autofocus": True, "inputmode": "decimal", "step": "0.01"}),
    )
    reference = forms.CharField(
        max_length=100,
        label="Reference on the bank statement",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        error_messages={"required": "Enter the bank's reference."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bill = self.obj.bill
        self.fields["amount"].help_text = f"Owed: {amount_text(amount_outstanding(bill), bill.currency)}."

    def field_of(self, refusal: Refusal) -> str | None:
        """Refusals about the sum or the reference stand at their field."""
        return {"amount_impossible": "amount", "reference_missing": "reference"}.get(refusal.code)


class RejectForm(DeedForm):
    """Why the picture does not help; the customer reads it."""

    reason = forms.CharField(
        max_length=300,
        label="Why?",
        help_text="The customer reads this. For example: the reference cannot be read.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words why: the customer reads it."},
    )


def _approve(proof: PaymentProof, *, by: Any, amount: Decimal, reference: str) -> str:
    order = approve_transfer(proof, by=by, amount=amount, reference=reference)
    return f"{amount_text(amount, order.currency)} recorded. Order {order.code} is {order.get_state_display().lower()}."


def _reject(proof: PaymentProof, *, by: Any, reason: str) -> str:
    reject_transfer(proof, by=by, reason=reason)
    return "Rejected. The customer gets a letter."


def _waits(proof: PaymentProof) -> bool:
    return proof.state == ProofState.WAITING


@admin.register(PaymentProof)
class PaymentProofAdmin(DeedButtons, ReadOnlyAdmin):
    """Pictures of transfers. A picture proves nothing: only money on the bank's statement pays an order."""

    deeds = (
        Deed(
            name="approve",
            label="The money is here",
            permission="orders.mark_paid_order",
            run=_approve,
            offered=_waits,
            form=ApproveForm,
            question="Look at the bank's statement, not at the picture: it is easily forged.",
            is_main=True,
        ),
        Deed(
            name="reject",
            label="Reject",
            permission="payments.decide_paymentproof",
            run=_reject,
            offered=_waits,
            form=RejectForm,
            is_danger=True,
        ),
    )
    list_display = ["code", "bill", "payer", "amount_text", "state", "uploaded_at", "decided_by"]
    list_filter = ["state", "uploaded_at"]
    list_select_related = ["bill", "decided_by"]
    search_fields = ["=code", "=bill__code", "bill__payer_email"]
    fields = [
        ("code", "state"),
        ("order_link", "bill", "amount_text", "payer"),
        ("uploaded_at", "uploaded_by"),
        ("decided_at", "decided_by", "reason"),
        "picture",
    ]
    readonly_fields = ["order_link", "amount_text", "payer", "picture"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentProof]:
        return super().get_queryset(request).select_related("bill", "uploaded_by", "decided_by")

    @admin.display(description="owed")
    def amount_text(self, proof: PaymentProof) -> str:
        """What the bill asks for."""
        return amount_text(proof.bill.amount, proof.bill.currency)

    @admin.display(description="customer")
    def payer(self, proof: PaymentProof) -> str:
        """Whose bill it is."""
        return proof.bill.payer_email

    @admin.display(description="order")
    def order_link(self, proof: PaymentProof) -> SafeString | str:
        """The order that the transfer is for."""
        order = Order.objects.filter(order_bills__bill=proof.bill_id).first()
        if order is None:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[order.pk]), order.code)

    @admin.display(description="picture")
    def picture(self, proof: PaymentProof) -> SafeString:
        """The picture, written anew from what was uploaded."""
        url = reverse("admin:payments_paymentproof_picture", args=[proof.pk])
        return format_html(
            '<a href="{}"><img src="{}" alt="Transfer shown for bill {}" width="{}" height="{}"></a>',
            url,
            url,
            proof.bill.code,
            *_fitted(proof.width, proof.height),
        )

    def next_action(self, proof: PaymentProof) -> str:
        return "find the money on the bank's statement, then approve or reject." if _waits(proof) else ""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.picture_view)
        return [path("<int:object_id>/picture/", view, name="payments_paymentproof_picture"), *super().get_urls()]

    def picture_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Hand out the file, never as a page of this site."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        proof = self.get_object(request, str(object_id))
        if proof is None:
            raise Http404
        answer = FileResponse(
            proof.image.open("rb"),
            as_attachment=True,
            filename=f"transfer-{proof.code}.webp",
            content_type="image/webp",
        )
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Cache-Control"] = "private, no-store"
        return answer


WIDEST_SHOWN = 480


def _fitted(width: int, height: int) -> tuple[int, int]:
    """Return the size in which a picture is shown on the page."""
    return (width, height) if width <= WIDEST_SHOWN else (WIDEST_SHOWN, height * WIDEST_SHOWN // width)
