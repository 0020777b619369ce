"""The Jinja2 environment of the storefront: what every template may call."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from jinja2 import Environment, StrictUndefined

from catalog import pictures
from catalog.promises import return_promise
from catalog.wording import options_text
from core.money import amount_text
from storefront import browsing, illustrations, words
from storefront.heads import usual_head
from storefront.sayings import say


def environment(**options: Any) -> Environment:
    """Build the environment that renders every storefront page. Django's backend turns autoescape on."""
    options.update(undefined=StrictUndefined, extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    env = Environment(**options)  # noqa: S701  (autoescape comes in with the options)
    env.install_gettext_callables(gettext, words.plural, newstyle=False)  # type: ignore[attr-defined]
    env.globals.update(
        _=say,
        static=asset,
        url=url,
        language=get_language,
        money=money,
        shop_currency=settings.SHOP_CURRENCY,
        draw=illustrations.draw,
        describe=illustrations.describe,
        words=words,
        trail_links=browsing.trail_links,
        usual_head=usual_head,
        number_text=browsing.number_text,
        said=browsing.said,
        wants_range=browsing.wants_range,
        options_text=options_text,
        return_promise=return_promise,
        photo_srcset=pictures.srcset,
        photo_address=pictures.address,
    )
    return env


# A page of cards asks for a hundred addresses, and Django finds each anew. They do not change while a process runs.
@lru_cache(maxsize=8192)
def _path_of(name: str, args: tuple[object, ...], kwargs: tuple[tuple[str, object], ...]) -> str:
    return reverse(f"storefront:{name}", args=args, kwargs=dict(kwargs))


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """Return the address of a static file."""
    return static(name)


def url(name: str, *args: object, **kwargs: object) -> str:
    """Return the path of a storefront page by its name."""
    return _path_of(name, args, tuple(kwargs.items()))


def money(amount: Decimal, code: str | None = None) -> str:
    """Write an amount with its currency; the shop's own when `code` is not given."""
    return amount_text(amount, code or settings.SHOP_CURRENCY)
