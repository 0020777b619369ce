"""What we write to people who watch an offer. One function a letter; each writes a row of the outbox."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.conf import settings

from catalog.models import Watch
from catalog.wording import options_text
from core import clock
from core.money import amount_text
from notifications.models import Email
from notifications.outbox import queue_email


def confirm_watch(watch: Watch) -> Email:
    """Ask whoever reads this mailbox whether they want the letter; once a day, however often somebody asks."""
    return _letter("confirm_watch", watch, clock.today().isoformat(), confirm_url=_page("confirm", watch))


def back_in_stock(watch: Watch) -> Email:
    """The offer can be bought again. A watch is told once."""
    return _letter("back_in_stock", watch, "", unsubscribe_url=stop_url(watch))


def price_drop(watch: Watch, *, before: Decimal) -> Email:
    """The offer costs less than `before`, the price that the reader knows (in the shop's currency)."""
    return _letter(
        "price_drop",
        watch,
        str(watch.told_times + 1),
        unsubscribe_url=stop_url(watch),
        before=amount_text(before, settings.SHOP_CURRENCY),
    )


def stop_url(watch: Watch) -> str:
    """Return the address that stops the watch: the secret in it is the authority."""
    return _page("stop", watch)


def _page(name: str, watch: Watch) -> str:
    return f"{settings.SITE_URL}/letters/{name}/{watch.code}/"


def _letter(kind: str, watch: Watch, occasion: str, *, unsubscribe_url: str = "", **facts: Any) -> Email:
    variant = watch.variant
    context = {
        "watch": watch,
        "name": variant.product.full_name,
        "grade": variant.get_grade_display(),
        "options": options_text(variant, variant.product.category),
        "price": amount_text(variant.price, settings.SHOP_CURRENCY),
        "link": f"{settings.SITE_URL}{variant.product.get_absolute_url()}?offer={quote(variant.sku)}",
        "unsubscribe_url": unsubscribe_url,
        **facts,
    }
    return queue_email(
        kind=kind,
        to=watch.email,
        context=context,
        dedupe_key=f"{kind}:{watch.pk}:{occasion}",
        unsubscribe_url=unsubscribe_url,
    )
