"""Authentication by access token."""

from typing import Any

from django.conf import settings
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.backends import may_sign_in
from accounts.staff_sessions import is_open
from core import clock

# The claim of a token that says when its person proved the second factor.
PROVED_AT = "proved_at"
# And the one that dies with all others of its person (User.sign_outs).
SIGN_OUTS = "sign_outs"


class AccessTokenAuthentication(JWTAuthentication):
    """Bearer tokens. An invalid one is refused even where anonymous access is allowed.

    A new password, a shut account or an e-mail that is no longer proven ends a token at once.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        try:
            found = super().authenticate(request)
        except AuthenticationFailed as error:
            # simplejwt's own errors hold a dictionary; a problem document wants one sentence and one code.
            raise AuthenticationFailed(
                "This access token is not valid any more. Refresh it or log in again.", code="token_not_valid"
            ) from error
        if found is not None and not may_sign_in(found[0]):
            raise AuthenticationFailed("This account cannot be used.", code="account_closed")
        if found is not None and not not_ended(found[1], found[0]):
            raise AuthenticationFailed("This access token was ended. Log in again.", code="token_not_valid")
        if found is not None:
            found[0].has_second_factor = proof_holds(found[1])
        return found


class BrowserAuthentication(SessionAuthentication):
    """The browser's session. Whether staff have proven their second factor in it goes along."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is not None:
            # The request as Django made it: asking this one for its user would begin to authenticate again.
            found[0].has_second_factor = is_open(request._request)
        return found


def not_ended(token: Any, user: Any) -> bool:
    """Tell whether the token is younger than the last time when all sessions of its person were ended."""
    return token.get(SIGN_OUTS, 0) == user.sign_outs


def proof_holds(token: Any) -> bool:
    """Tell whether a token was made with a second factor within one working day (settings.STAFF_LONGEST_HOURS)."""
    proved = token.get(PROVED_AT)
    return proved is not None and clock.now().timestamp() - proved < settings.STAFF_LONGEST_HOURS * 3600
