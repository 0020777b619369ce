"""Log in and out. Django's session does the work, so these take the request it hangs on."""

from contextlib import suppress
from typing import Any

import structlog
from django.contrib.auth import authenticate, login, logout
from django.db import transaction

from accounts import signals
from accounts.models import User, email_key
from core.callers import caller_address
from core.refusals import Refusal, TooManyTries
from core.tallies import count_try, forget_tries, refuse_if_used_up

log = structlog.get_logger(__name__)

# Wrong log-ins within a quarter of an hour: at one account from one address, and at all accounts from one address.
ACCOUNT_TRIES, ADDRESS_TRIES, TRY_SECONDS = 10, 100, 15 * 60
TOO_MANY = (
    "There were too many wrong log-ins from here. Wait {minutes}, then try again. "
    "If you have forgotten your password, ask for a new one: that works at once."
)


def check_credentials(request: Any, *, email: str, password: str) -> User:
    """Return the user with this e-mail and password. Raises Refusal("login_failed"), whatever the reason.

    Wrong tries are counted by account and address together, and by address over all accounts: who guesses from one
    address is shut out there (TooManyTries), and the person elsewhere does not feel it. Unknown e-mails count alike.
    """
    address, account = caller_address(request), email_key(email)
    refuse_if_used_up("login from", address, most=ADDRESS_TRIES, words=TOO_MANY)
    count_try("login", account, address, most=ACCOUNT_TRIES, seconds=TRY_SECONDS, words=TOO_MANY)
    user = authenticate(request, username=email, password=password)
    if user is None:
        with suppress(TooManyTries):
            count_try("login from", address, most=ADDRESS_TRIES, seconds=TRY_SECONDS)
        raise Refusal(
            "login_failed",
            "This e-mail and password do not fit together. Check both. "
            "If you have just registered, follow the link in our letter first.",
        )
    forget_tries("login", account, address)
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
