"""What staff set in the admin. Each setting is known by its name; a shop that never set it uses the default."""

from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings

from core.db import atomic_retry
from core.models import AuditEntry, ShopSetting
from core.timeline import event_values
from core.versions import SHOP, raise_versions


def shop_settings() -> dict[str, Any]:
    """Return everything that staff have set, by name. One query."""
    return dict(ShopSetting.objects.values_list("name", "value"))


def shop_name() -> str:
    """Return the shop's name: what staff set, else SHOP_NAME of the environment. One query."""
    found = ShopSetting.objects.filter(name="shop_name").values_list("value", flat=True).first()
    return found or settings.SHOP_NAME


def sender() -> str:
    """Return the From line of letters: DEFAULT_FROM_EMAIL, under the name that staff gave the shop. One query."""
    words, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((shop_name(), address)) if words == settings.SHOP_NAME else settings.DEFAULT_FROM_EMAIL


@atomic_retry
def save_shop_settings(values: Mapping[str, Any], *, by: Any) -> None:
    """Store settings that the caller has checked; None goes back to the default. Changes are on record."""
    before = shop_settings()
    changed = {name: value for name, value in values.items() if before.get(name) != value}
    for name, value in sorted(changed.items()):
        if value is None:
            ShopSetting.objects.filter(name=name).delete()
        else:
            ShopSetting.objects.update_or_create(name=name, defaults={"value": value})
    if changed:
        AuditEntry.objects.create(
            model="core.shopsetting",
            object_code="shop",
            **event_values(
                kind="changed", by=by, **{name: [before.get(name), value] for name, value in changed.items()}
            ),
        )
        raise_versions([SHOP])
