"""Log in and out. Django's session does the work, so these take the request it hangs on."""

from typing import Any

import structlog
from django.contrib.auth import authenticate, login, logout
from django.db import transaction

from accounts import signals
from accounts.models import User
from core.refusals import Refusal

log = structlog.get_logger(__name__)


def check_credentials(request: Any, *, email: str, password: str) -> User:
    """Return the user with this e-mail and password. Raises Refusal("login_failed"), whatever the reason."""
    user = authenticate(request, username=email, password=password)
    if user is None:
        raise Refusal(
            "login_failed",
            "This e-mail and password do not fit together. Check both. "
            "If you have just registered, follow the link in our letter first.",
        )
    return user


def log_in(
    request: Any, *, email: str, password: str, cart_code: str | None = None, wishlist_code: str | None = None
) -> User:
    """Start a session for the person and return them. Raises Refusal("login_failed").

    Sends `signed_in` after the commit with the guest's secret codes; a listener that fails never fails the log-in.
    """
    user = check_credentials(request, email=email, password=password)
    login(request, user)
    log.info("signed_in", user=user.pk)
    transaction.on_commit(
        lambda: signals.signed_in.send_robust(
            sender=User, user=user, request_cart_code=cart_code, request_wishlist_code=wishlist_code
        )
    )
    return user


def log_out(request: Any) -> None:
    """End the session. Logging out twice is fine."""
    logout(request)
