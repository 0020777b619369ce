"""What every storefront page shows around its own content. Nothing is read before a template asks for it."""

from functools import cache as remember
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Sum
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.utils.functional import SimpleLazyObject

from carts.flow import CartState
from carts.models import CartItem
from catalog.scope import kept_tree
from core.caching import keep
from core.codes import token_hash
from core.compiled import CompiledQuery, slot
from core.shop_settings import shop_settings
from core.versions import SHOP, ReadVersions, versions_of
from storefront.branding import COLOURS
from storefront.models import TextPage
from storefront.sayings import sayer
from storefront.secret_cookies import CART

_QUANTITIES = CompiledQuery(
    lambda: (
        CartItem.objects.filter(cart__code_hash=slot("code_hash"), cart__state=CartState.ACTIVE, cart__active_user=None)
        .order_by()
        .values_list("quantity")
    )
)


class ShopFacts:
    """The shop as its pages name it: what the environment says and what staff have set and published.

    The first question costs one query for the version; what staff wrote lies in the cache under it.
    """

    # What the name was the last time this process asked, for pages that must work without a database.
    last_name: ClassVar[str] = settings.SHOP_NAME

    def __init__(self, versions: ReadVersions | None = None) -> None:
        self.versions = versions or ReadVersions()

    @property
    def email(self) -> str:
        """Where people write to."""
        return settings.SHOP_EMAIL

    @property
    def currency(self) -> str:
        """The code of the currency that every price is in."""
        return settings.SHOP_CURRENCY

    @property
    def prices_include_tax(self) -> bool:
        """Whether the prices on the pages hold the tax already."""
        return settings.PRICES_INCLUDE_TAX

    @property
    def pickup_address(self) -> str:
        """Where people find the counter; empty when there is none."""
        return settings.PICKUP_ADDRESS

    @cached_property
    def version(self) -> int:
        """The version of everything that staff set and write."""
        return dict(self.versions.of(SHOP))[SHOP]

    @cached_property
    def written(self) -> dict[str, Any]:
        """What staff have set, by name, and the published pages in the footer's order."""

        def read() -> dict[str, Any]:
            shown = TextPage.objects.filter(is_published=True).values("slug", "title", "place")
            return {"settings": shop_settings(), "pages": list(shown)}

        written = keep("shop", versions=self.versions.of(SHOP), build=read)
        ShopFacts.last_name = written["settings"].get("shop_name") or settings.SHOP_NAME
        return written

    @property
    def name(self) -> str:
        """What staff called it, else SHOP_NAME of the environment."""
        return self.chosen.get("shop_name") or settings.SHOP_NAME

    @property
    def chosen(self) -> dict[str, Any]:
        """What staff have set, by name."""
        return self.written["settings"]

    @property
    def note(self) -> str:
        """The line on top of every page that staff wrote; "" for the built-in one."""
        return self.chosen.get("note_text", "")

    @property
    def has_colours(self) -> bool:
        """Whether staff chose an accent, so that pages need the style sheet for it."""
        return not self.chosen.keys().isdisjoint(COLOURS)

    @property
    def logo(self) -> dict[str, Any] | None:
        """Address, width and height of the logo that staff uploaded."""
        return self._picture("logo")

    @property
    def icon(self) -> dict[str, Any] | None:
        """Address, width and height of the icon that staff uploaded."""
        return self._picture("icon")

    def _picture(self, part: str) -> dict[str, Any] | None:
        kept = self.chosen.get(part)
        return kept and {**kept, "url": default_storage.url(kept["name"])}

    def pages(self, *places: str) -> list[dict[str, str]]:
        """Return slug and title of the published pages in these places of the footer, one place after the other."""
        return [row for place in places for row in self.written["pages"] if row["place"] == place]

    def has_page(self, slug: str) -> bool:
        """Tell whether there is a published page under /about/<slug>/."""
        return any(row["slug"] == slug for row in self.written["pages"])


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the shop's own facts, the departments and how many things lie in the visitor's cart."""
    return {
        "shop": ShopFacts(versions_of(request)),
        "departments": lambda: departments(versions_of(request)),
        "cart_count": remember(lambda: count_in_cart(request)),
        # Once a page: Django would mask the token anew for each form, and look the language up for each word.
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),
        "_": sayer(),
    }


def departments(versions: ReadVersions) -> list[dict[str, str]]:
    """The visible top categories in the shop's order: name and href. From the kept tree that lists need as well."""
    found = (one for one in kept_tree(versions).values() if one.parent_id is None and one.is_visible)
    return [{"name": category.name, "href": category.get_absolute_url()} for category in found]


def count_in_cart(request: HttpRequest) -> int:
    """How many things the visitor's cart holds; a visitor without a cart costs no query.

    A view that has just priced the cart leaves the number on the request.
    """
    known = getattr(request, "things_in_cart", None)
    if known is not None:
        return known
    if request.user.is_authenticated:
        return CartItem.objects.filter(cart__active_user=request.user).aggregate(n=Sum("quantity"))["n"] or 0
    if code := CART.code(request):
        return sum(quantity for (quantity,) in _QUANTITIES.rows(code_hash=token_hash(code)))
    return 0
