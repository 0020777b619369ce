"""Authentication by access token."""

from typing import Any

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.backends import may_sign_in


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
        return found
