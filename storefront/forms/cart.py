"""Forms of the cart."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from carts.baskets import MAX_QUANTITY
from catalog.models import RentalPlan

ONE_OR_MORE = format_lazy(_("Enter a whole number from 1 to {most}."), most=MAX_QUANTITY)
NONE_OR_MORE = format_lazy(_("Enter a whole number from 0 to {most}."), most=MAX_QUANTITY)
STEPS = {"less": -1, "more": 1}


class AddForm(forms.Form):
    """One offer and how many of it."""

    sku = forms.CharField(max_length=40)
    quantity = forms.IntegerField(
        min_value=1,
        max_value=MAX_QUANTITY,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), ONE_OR_MORE),
    )

    months = forms.TypedChoiceField(
        choices=RentalPlan.Months.choices,
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("This machine is not offered on that rental plan.")},
    )

    def clean_quantity(self) -> int:
        """Nothing said means one."""
        return self.cleaned_data["quantity"] or 1


class LineForm(forms.Form):
    """A new quantity for a line, as a number or as one step from the number in the field."""

    quantity = forms.IntegerField(
        min_value=0,
        max_value=MAX_QUANTITY,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), NONE_OR_MORE),
    )
    do = forms.ChoiceField(
        choices=[("set", "set"), ("less", "less"), ("more", "more"), ("remove", "remove")], required=False
    )

    def wanted(self) -> int:
        """Return the quantity that was asked for."""
        do = self.cleaned_data["do"]
        return 0 if do == "remove" else max(0, self.cleaned_data["quantity"] + STEPS.get(do, 0))


class TermForm(forms.Form):
    """Another term for a rented line; "buy" buys it instead."""

    months = forms.TypedChoiceField(choices=RentalPlan.Months.choices, coerce=int, empty_value=None, required=False)
    do = forms.ChoiceField(choices=[("rent", "rent"), ("buy", "buy")])

    def clean(self) -> dict[str, object]:
        """Renting needs a term."""
        told = super().clean()
        if told.get("do") == "rent" and told.get("months") is None and "months" not in self.errors:
            self.add_error("months", _("Choose for how long."))
        return told

    def wanted(self) -> int | None:
        """Return for how many months to rent, None to buy."""
        return self.cleaned_data["months"] if self.cleaned_data["do"] == "rent" else None
