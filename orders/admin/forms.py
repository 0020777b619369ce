"""What the deeds of an order need to be told."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import URLValidator

from core.admin_deeds import DeedForm
from core.money import ZERO, amount_text
from core.refusals import Refusal
from orders.models import Allocation, Order
from payments.flow import BillState


def amount_owed(order: Order) -> Decimal:
    """Return what is still to be paid of the order's open bills, in its currency. Reads the bills on `order`."""
    bills = [link.bill for link in order.order_bills.all()]
    return sum(
        (
            bill.amount - sum((payment.applied_amount for payment in bill.payments.all()), ZERO)
            for bill in bills
            if bill.state == BillState.OPEN
        ),
        ZERO,
    )


class MarkPaidForm(DeedForm):
    """How much arrived, and by which reference. Another sum than the one owed must be meant."""

    amount = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        label="Amount that arrived",
        widget=forms.NumberInput(attrs={"autofocus": True, "inputmode": "decimal", "step": "0.01"}),
    )
    reference = forms.CharField(
        max_length=100,
        label="Reference",
        help_text="The bank's reference, or the number of the receipt.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        error_messages={"required": "Enter the bank's reference or the receipt number."},
    )
    differs = forms.BooleanField(
        required=False, label="I have checked it: this is the amount that arrived, although another one is owed."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owed = amount_owed(self.obj)
        self.fields["amount"].initial = self.owed or None
        self.fields["amount"].help_text = f"Owed: {amount_text(self.owed, self.obj.currency)}."

    def clean(self) -> dict[str, Any]:
        """Ask once more when the amount is not what is owed: real money is never refused, typing errors are."""
        told = super().clean()
        amount = told.get("amount")
        if amount is not None and amount != self.owed and not told.get("differs"):
            self.add_error(
                "differs",
                f"{amount_text(self.owed, self.obj.currency)} is owed, not {amount_text(amount, self.obj.currency)}. "
                "Correct the amount, or tick this box. Nothing was changed.",
            )
        return told


class DispatchForm(DeedForm):
    """One field for each unit with a serial number, made for a scanner that presses Enter, then the parcel's facts."""

    carrier = forms.CharField(
        max_length=60, required=False, widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "on"})
    )
    tracking_number = forms.CharField(
        max_length=80, required=False, widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"})
    )
    tracking_url = forms.URLField(
        max_length=200,
        required=False,
        assume_scheme="https",
        label="Tracking address",
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput(attrs={"class": "vURLField", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scans: dict[str, int] = {}
        without_serial: Counter[str] = Counter()
        numbers: dict[int, int] = {}
        for promise in _promises(self.obj):
            line, unit = promise.line, promise.unit
            if not unit.serial:
                without_serial[f"{line.name} ({line.sku}), bin {unit.bin or 'not recorded'}"] += 1
                continue
            numbers[line.pk] = numbers.get(line.pk, 0) + 1
            name = f"serial-{line.pk}-{numbers[line.pk]}"
            self.scans[name] = line.pk
            self.fields[name] = forms.CharField(
                max_length=80,
                label=f"Serial number, {line.name}",
                help_text=f"{line.sku}. Set aside: {unit.serial}, bin {unit.bin or 'not recorded'}.",
                error_messages={"required": "Scan the serial number of this item."},
                widget=forms.TextInput(
                    attrs={
                        "class": "vTextField",
                        "data-scan": True,
                        "autofocus": len(self.scans) == 1,
                        "autocomplete": "off",
                        "autocapitalize": "characters",
                        "spellcheck": "false",
                    }
                ),
            )
        self.without_serial = dict(without_serial)
        self.order_fields([*self.scans, "carrier", "tracking_number", "tracking_url"])

    def clean(self) -> dict[str, Any]:
        """Gather the scanned numbers by line."""
        told = super().clean()
        serials: dict[int, list[str]] = {}
        for name, line_id in self.scans.items():
            if told.get(name):
                serials.setdefault(line_id, []).append(told[name])
        return {
            "serials": serials,
            **{name: told.get(name, "") for name in ("carrier", "tracking_number", "tracking_url")},
        }

    def field_of(self, refusal: Refusal) -> str | None:
        """A refusal about a serial belongs to the last field that holds it (the second of a double scan)."""
        scanned = refusal.facts.get("serial")
        fields = [name for name in self.scans if "".join(str(self.data.get(name, "")).split()).upper() == scanned]
        return fields[-1] if scanned and fields else None


class ReasonForm(DeedForm):
    """Why. It stands in the timeline."""

    reason = forms.CharField(
        max_length=300,
        label="Reason",
        help_text="It stands in the timeline.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words why."},
    )


def _promises(order: Order) -> Sequence[Allocation]:
    return (
        Allocation.objects.filter(line__order=order, live_unit__isnull=False, shipment=None)
        .select_related("line", "unit")
        .order_by("line__position", "pk")
    )
