"""The page on which goods come in: one serial number a line, or a quantity."""

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.db.models import QuerySet

from catalog.models import Unit, Variant
from catalog.receiving import MAX_UNITS_AT_ONCE, SERIAL_MAX_LENGTH
from core.admin import RowSelect


def receivable() -> QuerySet[Variant]:
    """Return the variants that goods may come in for."""
    return Variant.objects.select_related("product__brand")


class ReceiveForm(forms.Form):
    """What came in, where it lies and what it cost."""

    variant = forms.ModelChoiceField(queryset=Variant.objects.none())
    serials = forms.CharField(
        required=False,
        strip=False,
        max_length=MAX_UNITS_AT_ONCE * (SERIAL_MAX_LENGTH + 2),
        label="Serial numbers",
        help_text="Scan or paste them, one a line.",
        widget=forms.Textarea(attrs={"rows": 10, "class": "vLargeTextField", "spellcheck": "false"}),
    )
    quantity = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_UNITS_AT_ONCE,
        help_text=f"For goods without serial numbers, 1 to {MAX_UNITS_AT_ONCE}. With serial numbers: leave it empty.",
    )
    bin = forms.CharField(
        required=False, max_length=20, help_text="Where they lie, such as B-14.", widget=forms.TextInput()
    )
    cost = forms.DecimalField(
        required=False, min_value=0, max_digits=12, decimal_places=2, help_text="What we paid for each."
    )

    def __init__(self, *args: Any, admin_site: AdminSite, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["variant"]
        field.queryset = receivable()
        field.widget = RowSelect(Unit._meta.get_field("variant"), admin_site)
        field.widget.choices = field.choices

    def clean_serials(self) -> list[str]:
        """Return the lines, blank ones before and after the list cut off, so that row numbers stay true."""
        return self.cleaned_data["serials"].strip().splitlines()

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        serials, quantity = told.get("serials"), told.get("quantity")
        if serials is None or "quantity" in self.errors:
            return told
        if not serials and not quantity:
            self.add_error("serials", "Scan at least one serial number, or enter a quantity.")
        elif serials and quantity and quantity != len(serials):
            self.add_error("quantity", f"{len(serials)} serial numbers are listed, not {quantity}. Count again.")
        return told
