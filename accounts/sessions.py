"""Refresh tokens of a person. Browser sessions need no list: each carries a hash of the password it began with."""

from datetime import timedelta

import structlog
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User
from core import clock
from core.db import atomic_retry
from core.refusals import Refusal

log = structlog.get_logger(__name__)
# Two requests of one client with the same token arrive within this time; that is no theft.
PARALLEL = timedelta(seconds=10)


@atomic_retry
def revoke_refresh_tokens(user: User) -> int:
    """End all refresh tokens of `user`, on every device. Returns how many were still good."""
    live = OutstandingToken.objects.filter(user=user, expires_at__gt=clock.now(), blacklistedtoken=None)
    ended = [BlacklistedToken(token=token) for token in live.order_by("pk")]
    BlacklistedToken.objects.bulk_create(ended, ignore_conflicts=True)
    return len(ended)


def spend_refresh_token(jti: str) -> None:
    """Use up the refresh token with this id. Of two requests with the same token, one succeeds.

    A token that comes again later than two requests of one client can is in two hands: then all refresh tokens of the
    person end, so that whoever stole it is out, too. Raises Refusal("token_not_valid") when it is unknown or used.
    """
    if _spent(jti):
        return
    reused = BlacklistedToken.objects.filter(
        token__jti=jti, blacklisted_at__lt=clock.now() - PARALLEL, token__expires_at__gt=clock.now()
    ).select_related("token__user")
    for row in reused:
        if row.token.user is not None:
            log.warning("refresh_token_reused", user=row.token.user_id, ended=revoke_refresh_tokens(row.token.user))
    raise Refusal("token_not_valid", "This token has been used or ended. Log in again.")


@atomic_retry
def _spent(jti: str) -> bool:
    token = OutstandingToken.objects.select_for_update().filter(jti=jti).first()
    if token is None or BlacklistedToken.objects.filter(token=token).exists():
        return False
    BlacklistedToken.objects.create(token=token)
    return True
