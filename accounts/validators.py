"""What a person may type about themselves. Used by models, forms and serializers alike."""

import re
import unicodedata
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models

from core.refusals import Refusal

PASSWORD_LENGTH = 128
# With country code up to 15 digits (ITU-T E.164); a number written the local way has at least 6.
PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,18}")
PHONE_DIGITS = range(6, 16)


def validate_one_line(text: str) -> None:
    """Refuse line breaks and control characters. The zero-width space that Khmer is written with is welcome."""
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") for letter in text):
        raise ValidationError("Write this on one line, without control characters.", code="control_character")


def validate_phone(text: str) -> None:
    """Accept digits with the usual separators, with or without a country code in front."""
    if not PHONE.fullmatch(text) or sum(letter.isdigit() for letter in text) not in PHONE_DIGITS:
        raise ValidationError("Write a phone number in digits, such as +855 12 345 678.", code="invalid_phone")


class MaximumLengthValidator:
    """Refuse passwords longer than 128 characters: nobody types them, and hashing them is work for nothing."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > PASSWORD_LENGTH:
            raise ValidationError(
                f"This password is too long. It may have at most {PASSWORD_LENGTH} characters.",
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return f"Your password may have at most {PASSWORD_LENGTH} characters."


def check_new_password(password: str, user: Any) -> None:
    """Raise Refusal("password_refused") with the reasons in words when `user` may not have this password."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refusal("password_refused", " ".join(error.messages)) from None


def check_values(row: models.Model, *, exclude: tuple[str, ...] = ()) -> None:
    """Raise Refusal("invalid_values") when a column of `row` cannot hold its value; `fields` says which and why."""
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        raise Refusal(
            "invalid_values", "Some values are missing or wrong; nothing was saved.", fields=error.message_dict
        ) from None
