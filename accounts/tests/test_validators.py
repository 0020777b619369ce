"""What a person may type about themselves."""

import pytest
from django.core.exceptions import ValidationError

from accounts.countries import COUNTRIES, country_code
from accounts.models import User
from accounts.validators import MaximumLengthValidator, check_new_password, validate_one_line, validate_phone
from core.refusals import Refusal


@pytest.mark.parametrize("text", ["Dara", "សុខ\u200bដារ៉ា", "O’Neill-Şahin 3/4", ""])
def test_one_line(text):
    validate_one_line(text)


@pytest.mark.parametrize("text", ["a\nb", "a\r", "a\x00b", "a\x1b[31m", "a\u2028b", "\ud800"])
def test_not_one_line(text):
    with pytest.raises(ValidationError):
        validate_one_line(text)


@pytest.mark.parametrize("text", ["+855 12 345 678", "012345678", "+1 (212) 555-0100", "012.345.678", "123456"])
def test_phone(text):
    validate_phone(text)


@pytest.mark.parametrize(
    "text", ["12345", "+", "phone", "+855 12 345 678 ext 9", "1" * 16, "++855123456", "០១២៣៤៥៦៧៨", "012345678\n"]
)
def test_no_phone(text):
    with pytest.raises(ValidationError):
        validate_phone(text)


def test_countries():
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
    assert country_code(" kh ") == "KH"


@pytest.mark.parametrize("text", ["", "K", "KHM", "ZZ", "Cambodia", "ＫＨ", "UK"])
def test_no_country(text):
    with pytest.raises(ValidationError):
        country_code(text)


def test_password_length_limit():
    MaximumLengthValidator().validate("x" * 128)
    with pytest.raises(ValidationError, match="at most 128 characters"):
        MaximumLengthValidator().validate("x" * 129)
    assert "128" in MaximumLengthValidator().get_help_text()


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short1!", "too short"),
        ("password123", "too common"),
        ("8273645198", "entirely numeric"),
        ("dara.sok@example", "too similar to the email"),
        ("x y " * 50, "at most 128"),
    ],
)
def test_weak_passwords_are_refused_in_words(password, words):
    with pytest.raises(Refusal) as refused:
        check_new_password(password, User(email="dara.sok@example.com"))
    assert refused.value.code == "password_refused"
    assert words in refused.value.message


def test_good_password_with_spaces_and_khmer():
    check_new_password("ឆ្មា three quiet otters", User(email="dara@example.com"))
