"""What the account pages ask and what they say."""

import pytest

from accounts.forms import (
    AddressForm,
    LoginForm,
    NewPasswordForm,
    PasswordChangeForm,
    PasswordForgottenForm,
    ProfileForm,
    RegisterForm,
    ResendVerificationForm,
)
from accounts.models import User
from accounts.tests.factories import PASSWORD

ADDRESS = {"full_name": "Sok Dara", "line1": "12 Street 240", "city": "Phnom Penh", "country": "KH"}


def test_email_comes_out_in_its_one_form():
    form = RegisterForm({"email": " Dara@Example.COM ", "password": PASSWORD})
    assert form.is_valid()
    assert form.cleaned_data == {
        "email": "dara@example.com",
        "password": PASSWORD,
        "first_name": "",
        "last_name": "",
    }


@pytest.mark.parametrize("form", [LoginForm, PasswordForgottenForm, ResendVerificationForm, RegisterForm])
@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Write your e-mail address."),
        ("dara", "Write a whole e-mail address, such as name@example.com."),
        ("dara@example.com\nx@example.com", "Write a whole e-mail address, such as name@example.com."),
        ("x" * 10_000 + "@example.com", "An e-mail address has at most 254 characters."),
        ("da\x00ra@example.com", "Null characters are not allowed."),
    ],
)
def test_strange_emails(form, email, words):
    filled = form({"email": email, "password": PASSWORD})
    assert not filled.is_valid()
    assert words in filled.errors["email"]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "Write your password."),
        ("x" * 10_000, "A password has at most 128 characters."),
        ("password", "This password is too common."),
        ("dara.sok@ex", "The password is too similar to the email."),
        ("three\x00quiet otters", "Null characters are not allowed."),
    ],
)
def test_strange_passwords(password, words):
    form = RegisterForm({"email": "dara.sok@example.com", "password": password})
    assert not form.is_valid()
    assert form.errors == {"password": [words]}


def test_spaces_belong_to_a_password():
    assert LoginForm({"email": "d@example.com", "password": "  x "}).is_valid()
    form = LoginForm({"email": "d@example.com", "password": "  x "})
    form.full_clean()
    assert form.cleaned_data["password"] == "  x "


def test_new_passwords():
    assert NewPasswordForm({"new_password": PASSWORD}).is_valid()
    assert NewPasswordForm({"new_password": "12345678"}).errors["new_password"][0] == "This password is too common."
    user = User(email="dara@example.com", last_name="Sokunthea")
    form = PasswordChangeForm({"current_password": "x", "new_password": "Sokunthea1"}, user=user)
    assert form.errors == {"new_password": ["The password is too similar to the last name."]}


def test_profile():
    form = ProfileForm({"first_name": "a\nb", "last_name": "x" * 81, "phone": "call me"})
    assert form.errors == {
        "first_name": ["Write this on one line, without control characters."],
        "last_name": ["A name has at most 80 characters here."],
        "phone": ["Write a phone number in digits, such as +855 12 345 678."],
    }
    assert ProfileForm({}).is_valid()


def test_address():
    form = AddressForm(ADDRESS)
    assert form.is_valid()
    assert form.cleaned_data == {**ADDRESS, "phone": "", "line2": "", "region": "", "postal_code": ""}
    assert AddressForm({}).errors == {
        "full_name": ["Write who receives the parcel."],
        "line1": ["Write house number and street, or how to find the place."],
        "city": ["Write the city or district."],
        "country": ["Choose a country."],
    }
    assert AddressForm({**ADDRESS, "country": "ZZ"}).errors == {"country": ["Choose a country from the list."]}


def test_address_starts_in_the_shops_country():
    assert AddressForm()["country"].initial == "KH"


def test_browsers_can_fill_every_field():
    tokens = {
        form.__name__: {name: field.widget.attrs.get("autocomplete") for name, field in fields.items()}
        for form, fields in (
            (RegisterForm, RegisterForm().fields),
            (LoginForm, LoginForm().fields),
            (PasswordChangeForm, PasswordChangeForm(user=User()).fields),
            (AddressForm, AddressForm().fields),
        )
    }
    assert tokens == {
        "RegisterForm": {
            "email": "username",
            "password": "new-password",
            "first_name": "given-name",
            "last_name": "family-name",
        },
        "LoginForm": {"email": "username", "password": "current-password"},
        "PasswordChangeForm": {"current_password": "current-password", "new_password": "new-password"},
        "AddressForm": {
            "full_name": "name",
            "phone": "tel",
            "line1": "address-line1",
            "line2": "address-line2",
            "city": "address-level2",
            "region": "address-level1",
            "postal_code": "postal-code",
            "country": "country",
        },
    }
    assert LoginForm().fields["email"].widget.attrs["inputmode"] == "email"
    assert AddressForm().fields["phone"].widget.attrs["inputmode"] == "tel"
