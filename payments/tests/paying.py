"""A running stand-in for Stripe for tests of the shop, and shoppers who pay on its page."""

import pytest

from payments.models import Payment
from sandbox.tests.running import KEY, SECRET, RunningSandbox
from sandbox.tests.selling import CARD, VISA

WHERE = {
    "return_url": "http://testserver/orders/back/",
    "cancel_url": "http://testserver/orders/",
    "description": "Order X",
}


@pytest.fixture(scope="session")
def _sandbox_process():
    running = RunningSandbox("--lock-patience", "1")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(_sandbox_process, settings):
    """A sandbox that knows nothing yet, and settings that lead the shop to it."""
    _sandbox_process.reset()
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    settings.STRIPE_API_BASE = _sandbox_process.url
    return _sandbox_process


def pay(sandbox, payment: Payment, number: str = VISA):
    """Pay on the hosted page of an attempt; return what the page answers."""
    return sandbox.post(payment.data["url"], **CARD, number=number)


def own_calls(sandbox, path: str, method: str = "POST") -> list[dict]:
    """Return the calls that reached the sandbox at `path`."""
    return [call for call in sandbox.control("GET", "calls") if (call["method"], call["path"]) == (method, path)]
