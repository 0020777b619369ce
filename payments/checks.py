"""System checks: settings of providers that could never be used, or not for long."""

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from core import clock
from payments.providers.khqr.config import complaint_about_payee
from payments.providers.registry import PROVIDERS, provider_named


@register
def the_khqr_payee_can_be_named(app_configs: list[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A code that cannot bear the shop's account or name would make KHQR disappear from the checkout, silently."""
    if not settings.KHQR_ACCOUNT:
        return []
    complaint = complaint_about_payee()
    if not complaint:
        return []
    return [
        Error(
            f"No KHQR code can be made for this shop: {complaint}",
            hint="Correct KHQR_ACCOUNT, KHQR_MERCHANT_NAME (without it: SHOP_NAME) and the other KHQR_ settings.",
            id="payments.E001",
        )
    ]


@register(deploy=True)
def nothing_ends_soon(app_configs: list[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Say before a release what a provider needs soon."""
    words = [words for name in PROVIDERS for words in provider_named(name).alarms(clock.now())]
    return [checks.Warning(one, id="payments.W001") for one in words]
