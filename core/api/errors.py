"""Errors that endpoints raise themselves. (Apart from problems.py: REST framework's settings import the parsers.)"""

from rest_framework import exceptions

WRONG_VALUES = "Some values are missing or wrong; nothing was changed."


class InvalidRequest(exceptions.APIException):
    """Something outside the fields of a serializer is wrong: a header, a query parameter, the text itself.

    `errors` holds one mapping each: where (`pointer` into the body, `parameter` or `header`), `code` and `detail`.
    """

    status_code = 400
    default_code = "invalid"
    default_detail = WRONG_VALUES

    def __init__(self, errors: list[dict[str, str]], *, code: str = "invalid", detail: str = WRONG_VALUES) -> None:
        super().__init__(detail, code)
        self.errors = errors


class BodyTooLarge(exceptions.APIException):
    """More than the shop reads in one request."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = "This request is too large. Send it in several parts."


class SecondFactorRequired(exceptions.PermissionDenied):
    """Staff came with a password alone."""

    default_code = "second_factor_required"
    default_detail = "Staff's work wants a token made with the code of an app: send it as `code` when you log in."


def pointer_step(name: object) -> str:
    """Write a name or number as one step of a JSON pointer (RFC 6901: ~ and / are escaped)."""
    return str(name).replace("~", "~0").replace("/", "~1")
