"""Refresh tokens of a person. Browser sessions need no list: each carries a hash of the password it began with."""

from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User
from core import clock
from core.db import atomic_retry
from core.refusals import Refusal


@atomic_retry
def revoke_refresh_tokens(user: User) -> int:
    """End all refresh tokens of `user`, on every device. Returns how many were still good."""
    live = OutstandingToken.objects.filter(user=user, expires_at__gt=clock.now(), blacklistedtoken=None)
    ended = [BlacklistedToken(token=token) for token in live.order_by("pk")]
    BlacklistedToken.objects.bulk_create(ended, ignore_conflicts=True)
    return len(ended)


@atomic_retry
def spend_refresh_token(jti: str) -> None:
    """Use up the refresh token with this id. Of two requests with the same token, one succeeds.

    Raises Refusal("token_not_valid") when it is unknown or used.
    """
    token = OutstandingToken.objects.select_for_update().filter(jti=jti).first()
    if token is None or BlacklistedToken.objects.filter(token=token).exists():
        raise Refusal("token_not_valid", "This token has been used or ended. Log in again.")
    BlacklistedToken.objects.create(token=token)
