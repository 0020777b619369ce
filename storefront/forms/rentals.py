"""Forms of rented machines."""

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
