"""Refunds of an order in the admin: the form, the button, and what has gone back so far."""

from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from core.admin_deeds import Deed, DeedForm
from core.money import amount_text
from core.refusals import Refusal
from orders.models import Order, RefundLine
from orders.refund_parts import amount_left, parts_of
from orders.refund_shares import left
from orders.refunding import refund_order
from payments.flow import RefundState
from payments.models import Refund

EVERYTHING, PIECES, SUM = "everything", "pieces", "sum"
STANDINGS = {
    "inquiry": "is asked about by the bank",
    "open": "is disputed, the bank holds it",
    "won": "was disputed, the bank decided for the shop",
    "lost": "was disputed and is lost",
}


class RefundForm(DeedForm):
    """What goes back: everything, pieces of lines, or a sum. It carries what could be refunded when it was opened."""

    what = forms.ChoiceField(
        label="What goes back?",
        choices=[
            (EVERYTHING, "Everything that is left, shipping included"),
            (PIECES, "Pieces of the lines below"),
            (SUM, "A sum, spread over all lines"),
        ],
        error_messages={"required": "Choose what goes back."},
    )
    shipping = forms.BooleanField(required=False, label="Shipping goes back too")
    amount = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        label="Sum",
        help_text="Only for a sum.",
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
    )
    reason = forms.CharField(
        max_length=300,
        label="Why?",
        help_text="It stands in the timeline.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        error_messages={"required": "Say in a few words why the money goes back."},
    )
    remaining = forms.DecimalField(max_digits=12, decimal_places=2, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order: Order = self.obj
        parts = parts_of(order)
        self.remaining = amount_left(order, parts)
        self.pieces: dict[str, int] = {}
        carriage = left(parts) - left(parts, shipping=False)
        self.fields["remaining"].initial = self.remaining
        self.fields["what"].help_text = f"{self._words(self.remaining)} can still be refunded."
        self.fields["shipping"].help_text = f"{self._words(carriage)} of the shipping is left."
        names = {line.pk: line.name for line in order.lines.order_by("position")}
        for part in parts:
            name = f"line-{part.key}"
            self.pieces[name] = part.key
            self.fields[name] = forms.IntegerField(
                required=False,
                min_value=0,
                max_value=part.quantity_left,
                label=f"Pieces of {names[part.key]}",
                help_text=f"{part.quantity_left} of {part.paid.quantity} left, {self._words(part.goods_left)}.",
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.order_fields(["what", *self.pieces, "shipping", "amount", "reason", "remaining"])

    def clean(self) -> dict[str, Any]:
        """Turn the choice into what the deed is told."""
        told = super().clean()
        if self.errors:
            return told
        what, seen = told["what"], told["remaining"]
        if what == SUM and told.get("amount") is None:
            self.add_error("amount", "Enter the sum that goes back.")
        wish: dict[str, Any] = {"expected_remaining": seen, "reason": told["reason"]}
        if what == EVERYTHING:
            return {**wish, "amount": seen, "shipping": True}
        if what == SUM:
            return {**wish, "amount": told.get("amount"), "shipping": told["shipping"]}
        pieces = {key: told[name] for name, key in self.pieces.items() if told.get(name)}
        return {**wish, "pieces": pieces, "shipping": told["shipping"]}

    def field_of(self, refusal: Refusal) -> str | None:
        """Put a refusal where it belongs. After a conflict the page shows what is left now and carries that on."""
        if refusal.code == "remaining_changed":
            self.data = self.data.copy()  # type: ignore[union-attr]
            self.data["remaining"] = str(refusal.facts["remaining"])  # type: ignore[index]
            return None
        if refusal.code in {"amount_impossible", "too_much", "too_small"} and self.data.get("what") == SUM:
            return "amount"
        return "what" if refusal.code in {"nothing_to_refund", "too_much", "cancel_instead"} else None

    def _words(self, amount: Decimal) -> str:
        return amount_text(amount, self.obj.currency)


def _refund(order: Order, *, by: Any, **told: Any) -> str:
    refunds = refund_order(order, by=by, **told)
    words = "; ".join(
        f"{refund.key}, {amount_text(refund.amount, refund.currency)}: {refund.get_state_display().lower()}"
        for refund in refunds
    )
    waiting = any(refund.state == RefundState.PROPOSED for refund in refunds)
    return f"Refund {words}." + (" Somebody else must approve it under Refunds." if waiting else "")


def _has_money(order: Order) -> bool:
    """Whether money came for the order. How much of it is left, the form says."""
    return any(payment.applied_amount > 0 for link in order.order_bills.all() for payment in link.bill.payments.all())


REFUND = Deed(
    name="refund",
    label="Refund",
    permission="payments.refund_payment",
    run=_refund,
    offered=_has_money,
    form=RefundForm,
    question=(
        "A card gets its money back through the provider; KHQR, transfers and cash go on the list of refunds to be "
        "sent by hand. Above the limit a second person must approve."
    ),
    is_danger=True,
)


def refund_links(order: Order) -> SafeString | str:
    """Return the order's refunds, each a link with its sum, state and lines."""
    refunds = Refund.objects.filter(payment__bill__order_bill__order=order).order_by("pk")
    shares: dict[int, list[str]] = {}
    for share in RefundLine.objects.filter(line__order=order).select_related("line").order_by("line__position"):
        pieces = f"{share.quantity} × " if share.quantity else ""
        shares.setdefault(share.refund_id, []).append(
            f"{pieces}{share.line.name} {amount_text(share.total, order.currency)}"
        )
    rows = [
        (
            reverse("admin:payments_refund_change", args=[refund.pk]),
            refund.key,
            amount_text(refund.amount, refund.currency),
            refund.get_state_display().lower(),
            f" ({', '.join(shares[refund.pk])})" if refund.pk in shares else "",
        )
        for refund in refunds
    ]
    return format_html_join("", '<a href="{}">{}</a>: {}, {}{}<br>', rows) if rows else "–"


def dispute_words(order: Order) -> str:
    """Return what the bank holds or took of the order's money, or ""."""
    return "; ".join(
        f"{amount_text(dispute.amount, dispute.currency)} {STANDINGS[dispute.standing]} ({dispute.dispute_id})"
        for link in order.order_bills.all()
        for payment in link.bill.payments.all()
        for dispute in payment.disputes.all()
    )
