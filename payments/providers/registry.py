"""The providers this shop knows. A new one is a new module and one line here."""

from collections.abc import Mapping
from functools import cache

from django.utils.module_loading import import_string

from payments.providers.port import Provider

# A class is imported when it is first needed: libraries of providers that a shop does not use cost nothing.
PROVIDERS: Mapping[str, str] = {
    "stripe": "payments.providers.stripe.provider.StripeProvider",
    "khqr": "payments.providers.khqr.provider.KhqrProvider",
}
PROVIDER_OF: Mapping[str, str] = {
    "card": "stripe",
    "khqr": "khqr",
    "khqr_riel": "khqr",
    "bank_transfer": "manual",
    "cash_on_delivery": "manual",
    "pay_at_pickup": "manual",
}


@cache
def provider_named(name: str) -> Provider:
    """Return the provider called `name`. Raises KeyError for "manual", which is people and not a program."""
    return import_string(PROVIDERS[name])()


def is_remote(name: str) -> bool:
    """Tell whether a program of a provider collects the money, rather than our staff."""
    return name in PROVIDERS


def is_offered(method: str) -> bool:
    """Tell whether `method` is one of a provider whose settings are complete."""
    name = PROVIDER_OF[method]
    return is_remote(name) and provider_named(name).is_configured(method)
