"""People who wait for an offer, for tests."""

from typing import Any

from accounts.tests.factories import make_user
from catalog.models import Variant, Watch
from catalog.tests.factories import make_variant
from catalog.watching import watch_offer
from notifications.models import Email

BACK, DROP = Watch.Kind.BACK_IN_STOCK, Watch.Kind.PRICE_DROP


def letters() -> list[tuple[str, str]]:
    """Return kind and recipient of every letter, oldest first."""
    return list(Email.objects.order_by("pk").values_list("kind", "to"))


def start(variant: Variant | None = None, *, kind: str = BACK, user: Any = None) -> Watch:
    """Return an active watch of an account."""
    user = user or make_user()
    variant = variant or make_variant()
    assert watch_offer(variant, kind=kind, email="", by=user) is True
    return Watch.objects.get(variant=variant, kind=kind, user=user)


def withdraw(variant: Variant, how: str) -> None:
    """Take an offer away: "not offered", "no price", "retired" (its product) or "hidden" (its department)."""
    product = variant.product
    if how == "not offered":
        Variant.objects.filter(pk=variant.pk).update(is_offered=False)
    elif how == "no price":
        Variant.objects.filter(pk=variant.pk).update(price=None)
    elif how == "retired":
        product.status = "retired"
        product.save()
    elif how == "hidden":
        product.category.is_visible = False
        product.category.save()
