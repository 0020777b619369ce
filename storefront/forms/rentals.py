"""Forms of rented machines."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _


class SignForm(forms.Form):
    """The signature: a tick and a typed name, under the contract that lay before the customer."""

    has_read = forms.BooleanField(
        error_messages={"required": _("Tick that you have read the agreement and agree to it.")},
    )
    name = forms.CharField(
        max_length=150,
        label=_("Your full name"),
        help_text=_("Typing your name signs the agreement"),
        error_messages={"required": _("Type your name to sign.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contract = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class PayForm(forms.Form):
    """How much to pay now."""

    amount = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        label=_("Amount"),
        error_messages={
            "required": _("Enter how much you want to pay."),
            "min_value": _("Enter an amount above zero."),
            "invalid": _("Enter an amount, such as 65.00."),
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
