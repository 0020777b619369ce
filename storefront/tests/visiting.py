"""How a state of a page is reached: a visitor with a browser page, and the list of states that others add to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.tests.signing import session_of
from carts.baskets import add_item, open_cart
from carts.wishlists import add_wish, open_wishlist, share
from catalog.models import RentalPlan, Variant
from sandbox.tests.running import RunningSandbox
from storefront.compare_cookie import SEPARATOR
from storefront.tests.stage import Stage


@dataclass
class Visit:
    """One visitor's browser page, in a context of its own, at the shop at `base`, which pays at `sandbox`."""

    page: Any
    base: str
    stage: Stage
    sandbox: RunningSandbox | None = None

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def show(self, path: str, html: bytes) -> None:
        """Show a page that the shop only sends when something is broken."""
        self.page.route(f"**{path}", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        self.goto(path)

    def log_in(self, user: User) -> None:
        self._cookie("sessionid", session_of(user))

    def fill_cart(
        self, *lines: tuple[Variant, int], user: User | None = None, rented: Sequence[RentalPlan] = ()
    ) -> None:
        cart, code = open_cart(user=user, code=None)
        cart.items.all().delete()
        for variant, quantity in lines:
            add_item(cart, variant, quantity=quantity)
        for plan in rented:
            add_item(cart, plan.variant, quantity=1, rental_plan=plan)
        if code:
            self._cookie("cart", code)

    def keep(self, *variants: Variant) -> str:
        """Put things on a guest's list; return the path under which others see it."""
        wishlist, code = open_wishlist(user=None, code=None)
        for variant in variants:
            add_wish(wishlist, variant)
        self._cookie("wishlist", code)
        return f"/wishlist/shared/{share(wishlist)}/"

    def compare(self, *variants: Variant) -> None:
        self._cookie("compare", SEPARATOR.join(variant.sku for variant in variants))

    def fill(self, values: dict[str, str]) -> None:
        for label, value in values.items():
            self.page.get_by_label(label, exact=True).fill(value)

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name).first.click()

    def _cookie(self, name: str, value: str) -> None:
        self.page.context.add_cookies([{"name": name, "value": value, "url": self.base}])


@dataclass(frozen=True)
class State:
    """A page in one state, and how to get there."""

    name: str
    reach: Callable[[Visit], None]


STATES: dict[str, list[State]] = {}
Reach = Callable[[Visit], None]


def state(group: str, name: str = "") -> Callable[[Reach], Reach]:
    """Add the decorated function to the list, under its own name unless told another."""

    def added(reach: Reach) -> Reach:
        STATES.setdefault(group, []).append(State(name or reach.__name__.replace("_", "-"), reach))
        return reach

    return added


def plain(group: str, pages: Iterable[tuple[str, str]]) -> None:
    """Add pages that are reached by their address alone."""
    for name, path in pages:
        state(group, name)(lambda visit, path=path: visit.goto(path))
