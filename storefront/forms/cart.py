"""Forms of the cart."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from carts.baskets import MAX_QUANTITY

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
