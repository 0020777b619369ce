"""The one checkout form: address, delivery, payment."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.addresses import FIELDS as ADDRESS_FIELDS
from accounts.models import Address
from accounts.validators import validate_one_line, validate_phone
from carts.models import ShippingMethod
from core.money import MONEY_DIGITS
from payments.models import Payment

NEW_ADDRESS = ""
NEEDED_ALWAYS = {
    "full_name": _("Enter the full name of the person who receives it"),
    "phone": _("Enter a phone number that we can call about the delivery"),
}
NEEDED_FOR_DELIVERY = {
    "line1": _("Enter the street and house"),
    "city": _("Enter the city or district"),
}
# Not every country has provinces; ours has, and its couriers sort by them.
NEEDED_AT_HOME = {"region": _("Enter the province or state")}


def _line(label: str, length: int, autocomplete: str) -> forms.CharField:
    """One line of text; `clean` asks for it where it is needed."""
    return forms.CharField(
        label=label,
        max_length=length,
        required=False,
        validators=[validate_one_line],
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )


class CheckoutForm(forms.Form):
    """Eight fields for a guest. An account brings its e-mail and may choose a saved address instead."""

    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("For the receipt and news about the order"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": _("Enter an e-mail address, such as name@example.com"),
            "invalid": _("Enter an e-mail address with an @, such as name@example.com"),
        },
    )
    saved_address = forms.ChoiceField(label=_("Saved addresses"), required=False, widget=forms.RadioSelect)
    full_name = _line(_("Full name"), 120, "name")
    phone = forms.CharField(
        label=_("Phone"),
        help_text=_("Only for the courier"),
        max_length=20,
        required=False,
        validators=[validate_phone],
        widget=forms.TelInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    line1 = _line(_("Street and house"), 200, "address-line1")
    city = _line(_("City or district"), 100, "address-level2")
    region = _line(_("Province or state"), 100, "address-level1")
    postal_code = _line(_("Postal code"), 20, "postal-code")
    country = forms.ChoiceField(
        label=_("Country"), required=False, widget=forms.Select(attrs={"autocomplete": "country"})
    )
    shipping_method = forms.ChoiceField(
        label=_("Delivery"),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose how it should come")),
    )
    payment_method = forms.ChoiceField(
        label=_("Payment"),
        choices=Payment.Method.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose how you would like to pay")),
    )
    placement_key = forms.RegexField(regex=r"\A[A-Za-z0-9_-]{20,64}\Z", widget=forms.HiddenInput)
    expected_total = forms.DecimalField(**MONEY_DIGITS, min_value=Decimal(0), widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        methods: Sequence[ShippingMethod],
        countries: Sequence[tuple[str, str]],
        addresses: Sequence[Address],
        known_email: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.methods = {method.code: method for method in methods}
        self.addresses = {address.code: address for address in addresses}
        self.known_email = known_email
        self.fields["shipping_method"].choices = [(method.code, method.name) for method in methods]
        self.fields["country"].choices = countries
        if known_email:
            del self.fields["email"]
        if self.addresses:
            self.fields["saved_address"].choices = [
                *((code, str(address)) for code, address in self.addresses.items()),
                (NEW_ADDRESS, _("Another address")),
            ]
        else:
            del self.fields["saved_address"]
        for name in (*NEEDED_ALWAYS, *NEEDED_FOR_DELIVERY, *NEEDED_AT_HOME, "country"):
            self.fields[name].widget.attrs["aria-required"] = "true"

    def clean(self) -> dict[str, Any]:
        """Ask for an address where one is needed: not for a saved one, and only name and phone for a pick-up."""
        data = super().clean()
        if data.get("saved_address"):
            return data
        needed = dict(NEEDED_ALWAYS)
        if not self._is_pickup(data):
            needed |= NEEDED_FOR_DELIVERY | (NEEDED_AT_HOME if data.get("country") == settings.SHOP_COUNTRY else {})
        for name, sentence in needed.items():
            if not data.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if not data.get("country") and "country" not in self.errors:
            self.add_error("country", _("Choose the country"))
        return data

    @property
    def email_address(self) -> str:
        """Where the letters go: the account's e-mail, or the one the guest entered."""
        return self.known_email or self.cleaned_data["email"]

    @property
    def method(self) -> ShippingMethod:
        """The chosen way of shipping."""
        return self.methods[self.cleaned_data["shipping_method"]]

    def address(self) -> dict[str, str]:
        """Return the address that the order keeps a copy of."""
        return address_of(self.cleaned_data, self.addresses)

    def _is_pickup(self, data: Mapping[str, Any]) -> bool:
        method = self.methods.get(data.get("shipping_method", ""))
        return method is not None and method.kind == ShippingMethod.Kind.PICKUP


def address_of(values: Mapping[str, Any], addresses: Mapping[str, Address]) -> dict[str, str]:
    """Return the saved address that `values` name, else the one they spell out (checked or not)."""
    saved = addresses.get(str(values.get("saved_address") or ""))
    if saved is not None:
        return {name: getattr(saved, name) for name in ADDRESS_FIELDS}
    return {name: str(values.get(name) or "") for name in ADDRESS_FIELDS}
