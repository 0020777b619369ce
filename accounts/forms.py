"""Forms of the account pages: what is asked, in which words, and what is said when it is wrong. No rendering here."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.countries import COUNTRIES
from accounts.models import Address, User, email_key
from accounts.validators import PASSWORD_LENGTH, validate_one_line, validate_phone

EMAIL_LENGTH = 254
PASSWORD_HELP = f"8 to {PASSWORD_LENGTH} characters. Several words are easier to remember than one odd one."


class EmailField(forms.EmailField):
    """An e-mail address, returned in the form by which we compare."""

    default_error_messages = {
        "required": "Write your e-mail address.",
        "invalid": "Write a whole e-mail address, such as name@example.com.",
    }

    def __init__(self, *, autocomplete: str = "email", label: str = "E-mail", **options: Any) -> None:
        attrs = {
            "autocomplete": autocomplete,
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        options.setdefault("widget", forms.EmailInput(attrs=attrs))
        super().__init__(label=label, max_length=EMAIL_LENGTH, **options)
        self.error_messages["max_length"] = f"An e-mail address has at most {EMAIL_LENGTH} characters."

    def clean(self, value: Any) -> str:
        return email_key(super().clean(value))


class PasswordField(forms.CharField):
    """A password as it was typed: spaces belong to it."""

    default_error_messages = {"required": "Write your password."}

    def __init__(self, *, autocomplete: str, label: str = "Password", **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "spellcheck": "false"})
        super().__init__(label=label, max_length=PASSWORD_LENGTH, strip=False, widget=widget, **options)
        self.error_messages["max_length"] = f"A password has at most {PASSWORD_LENGTH} characters."


def _name_field(label: str, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=80,
        required=False,
        validators=[validate_one_line],
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
        error_messages={"max_length": "A name has at most 80 characters here."},
    )


def _phone_field() -> forms.CharField:
    return forms.CharField(
        label="Phone",
        max_length=20,
        required=False,
        validators=[validate_phone],
        help_text="For the driver, if something is unclear. Such as +855 12 345 678.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"max_length": "A phone number has at most 20 characters."},
    )


class NewPasswordRules:
    """Mixin: judge `judged_field` by Django's validators, as the password of `password_owner()`."""

    judged_field = "new_password"

    def password_owner(self) -> User:
        """Return whose password it will be, so that it may not resemble their name or e-mail."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data  # type: ignore[misc, attr-defined]
        password = cleaned.get(self.judged_field)
        if password:
            try:
                validate_password(password, self.password_owner())
            except ValidationError as error:
                self.add_error(self.judged_field, error)  # type: ignore[attr-defined]
        return cleaned


class RegisterForm(NewPasswordRules, forms.Form):
    """Open an account."""

    judged_field = "password"

    email = EmailField(autocomplete="username")
    password = PasswordField(autocomplete="new-password", help_text=PASSWORD_HELP)
    first_name = _name_field("First name", "given-name")
    last_name = _name_field("Last name", "family-name")

    def password_owner(self) -> User:
        facts = {name: self.cleaned_data.get(name, "") for name in ("email", "first_name", "last_name")}
        return User(**facts)


class LoginForm(forms.Form):
    """Log in. What is wrong is said by the deed, in the same words for every reason."""

    email = EmailField(autocomplete="username")
    password = PasswordField(autocomplete="current-password")


class ResendVerificationForm(forms.Form):
    """Ask for another letter with the verification link."""

    email = EmailField()


class PasswordForgottenForm(forms.Form):
    """Ask for a letter with the link to a new password."""

    email = EmailField(autocomplete="username")


class NewPasswordForm(NewPasswordRules, forms.Form):
    """Choose a new password behind the link. `user` is unknown until the deed has checked the link."""

    new_password = PasswordField(autocomplete="new-password", label="New password", help_text=PASSWORD_HELP)

    def password_owner(self) -> User:
        return User()


class PasswordChangeForm(NewPasswordRules, forms.Form):
    """Replace a password that one knows."""

    current_password = PasswordField(autocomplete="current-password", label="Current password")
    new_password = PasswordField(autocomplete="new-password", label="New password", help_text=PASSWORD_HELP)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def password_owner(self) -> User:
        return self.user


class ProfileForm(forms.Form):
    """Name and phone. The e-mail is shown beside it and changed elsewhere."""

    first_name = _name_field("First name", "given-name")
    last_name = _name_field("Last name", "family-name")
    phone = _phone_field()


class AddressForm(forms.ModelForm):
    """An address: of the address book, or typed at checkout. `cleaned_data` is what `save_address` takes."""

    phone = _phone_field()
    country = forms.ChoiceField(
        label="Country",
        choices=list(COUNTRIES.items()),
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"required": "Choose a country.", "invalid_choice": "Choose a country from the list."},
    )

    class Meta:
        model = Address
        fields = ["full_name", "phone", "line1", "line2", "city", "region", "postal_code", "country"]
        labels = {
            "full_name": "Full name",
            "line1": "Address",
            "line2": "Flat, floor, company",
            "city": "City or district",
            "region": "Province or state",
            "postal_code": "Postal code",
        }
        widgets = {
            "full_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }
        error_messages = {
            "full_name": {"required": "Write who receives the parcel."},
            "line1": {"required": "Write house number and street, or how to find the place."},
            "city": {"required": "Write the city or district."},
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["country"].initial = self.instance.country or settings.SHOP_COUNTRY
