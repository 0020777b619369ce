"""Signed links to a person's account. They carry no secret of ours, and any change of the account ends them."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.models import User

LONGEST_ID = 18


class VerificationTokens(PasswordResetTokenGenerator):
    """Tokens that prove a mailbox and nothing else; valid for settings.PASSWORD_RESET_TIMEOUT seconds.

    A new password or another e-mail ends them. A log-in does not, so that a second click on the same link is harmless.
    """

    key_salt = "accounts.links.VerificationTokens"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{user.pk}{user.password}{timestamp}{user.email}"


reset_tokens = PasswordResetTokenGenerator()
verification_tokens = VerificationTokens()


def uid_of(user: User) -> str:
    """Return the user's number as it stands in a link."""
    return urlsafe_base64_encode(force_bytes(user.pk))


def id_from(uid: str) -> int | None:
    """Return the user's number in `uid`, or None when there is none."""
    try:
        text = urlsafe_base64_decode(uid).decode("ascii")
    except ValueError:
        return None
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def verification_token(user: User) -> str:
    """Return the token of the letter that verifies the user's e-mail: "<uid>.<signature>"."""
    return f"{uid_of(user)}.{verification_tokens.make_token(user)}"


def reset_token(user: User) -> str:
    """Return the token that, with the uid, lets the mailbox's owner choose a new password once."""
    return reset_tokens.make_token(user)
