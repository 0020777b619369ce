"""The stripe client as this shop uses it, and what its errors say about the money."""

from collections.abc import Callable
from functools import cache
from typing import Any

import stripe
import structlog
from django.conf import settings

from payments.providers.port import Unknown, forbid_open_transaction

log = structlog.get_logger(__name__)
# One call may take so long (seconds); with the client's own retries a shopper waits at most about half a minute.
PATIENCE = 10
RETRIES = 2


class OutsideTransactions(stripe.RequestsClient):
    """HTTP that refuses to hold a database transaction open while a stranger's server thinks."""

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        """Send one request. Raises RuntimeError inside a transaction."""
        forbid_open_transaction()
        return super().request(method, url, headers, post_data)


def client() -> stripe.StripeClient:
    """Return the client for the key in the settings; STRIPE_API_BASE leads it to a stand-in."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else {},
        max_network_retries=RETRIES,
        http_client=OutsideTransactions(timeout=PATIENCE),
    )


def is_live() -> bool:
    """Tell whether the key moves real money."""
    return "_live_" in settings.STRIPE_SECRET_KEY


def ask(call: Callable[[], Any]) -> Any:
    """Return the answer of `call`, or `Unknown` for every error that does not tell how the money stands.

    Errors that are an answer go on to the caller: CardError, and InvalidRequestError (Stripe's own JSON 400 or 404).
    """
    try:
        return call()
    except (stripe.CardError, stripe.InvalidRequestError):
        raise
    except (stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError) as error:
        if isinstance(error, stripe.IdempotencyError) and error.code == "idempotency_key_in_use":
            return Unknown(reason="the same request is on its way")
        log.error("stripe_refuses_us", status=error.http_status, error=type(error).__name__)
        return Unknown(reason=f"Stripe refuses our request: {type(error).__name__}", is_alarm=True)
    except stripe.StripeError as error:
        # A dropped connection, a gateway's page, too many requests: it may or may not have acted.
        log.warning("stripe_gave_no_answer", status=error.http_status, error=type(error).__name__)
        is_alarm = error.http_status in {401, 403}
        return Unknown(reason=f"no answer from Stripe ({error.http_status or 'no connection'})", is_alarm=is_alarm)


def fetch(call: Callable[[], Any]) -> Any:
    """Return the object that `call` reads, or `Unknown`; one that Stripe does not have is `Unknown(is_missing)`.

    It must be there, so either our row or our key is wrong: nobody may conclude that nothing was paid.
    """
    try:
        return ask(call)
    except stripe.InvalidRequestError as error:
        log.error("stripe_does_not_know", status=error.http_status, code=error.code)
        return Unknown(reason=f"Stripe does not know it: {error.code}", is_alarm=True, is_missing=True)
