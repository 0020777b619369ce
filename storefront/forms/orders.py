"""Forms about orders."""

from django import forms
from django.utils.translation import gettext_lazy as _


class FindOrderForm(forms.Form):
    """An order's code and the e-mail it was placed with."""

    code = forms.CharField(
        label=_("Order number"),
        help_text=_("8 letters and digits, such as K7M2XQ4B"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Enter the order number from your letter")},
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("The one you gave when you ordered"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": _("Enter an e-mail address, such as name@example.com"),
            "invalid": _("Enter an e-mail address with an @, such as name@example.com"),
        },
    )
