"""Every page of the shop in every state that a person may meet: one list for the browser tests and for the pictures.

A state is reached by a `Visit`: a browser page, and the stage (storefront.tests.stage) that it looks at.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.test import RequestFactory

from accounts.links import reset_token, uid_of
from accounts.models import User
from accounts.tests.factories import PASSWORD
from accounts.tests.signing import session_of
from carts.baskets import add_item, open_cart
from carts.wishlists import add_wish, open_wishlist, share
from catalog.models import Variant
from orders.guest_access import order_token
from storefront.compare_cookie import SEPARATOR
from storefront.tests.stage import Stage
from storefront.views.pages import bad_request, broken

GUEST = {
    "E-mail": "sokha@example.com",
    "Full name": "Sokha Chan",
    "Phone": "012 345 678",
    "Street and house": "No. 14, Street 310",
    "City or district": "BKK1",
    "Province or state": "Phnom Penh",
}


@dataclass
class Visit:
    """One visitor's browser page, in a context of its own, at the shop at `base`."""

    page: Any
    base: str
    stage: Stage

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def show(self, path: str, html: bytes) -> None:
        """Show a page that the shop only sends when something is broken."""
        self.page.route(f"**{path}", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        self.goto(path)

    def log_in(self, user: User) -> None:
        self._cookie("sessionid", session_of(user))

    def fill_cart(self, *lines: tuple[Variant, int], user: User | None = None) -> None:
        cart, code = open_cart(user=user, code=None)
        cart.items.all().delete()
        for variant, quantity in lines:
            add_item(cart, variant, quantity=quantity)
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


LAPTOPS = "/c/computers/laptops/"
plain(
    "finding",
    (
        ("home", "/"),
        ("department-of-departments", "/c/computers/"),
        ("department", LAPTOPS),
        ("department-filtered", f"{LAPTOPS}?grade=A&ram_gb=16"),
        ("department-nothing-matches", f"{LAPTOPS}?grade=C&price_max=100&ram_gb=16"),
        ("department-unknown-filter", f"{LAPTOPS}?flavour=mint&grade=A"),
        ("department-page-past-the-end", f"{LAPTOPS}?page=99"),
        ("search", "/search/?q=laptop"),
        ("search-start", "/search/"),
        ("search-nothing", "/search/?q=zebra+crossing"),
        ("search-long-word", "/search/?q=" + "W" * 90),
    ),
)


@state("finding")
def department_empty(visit: Visit) -> None:
    visit.goto(visit.stage.empty_department.get_absolute_url())


@state("finding")
def department_filters_open(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 740})  # a desk shows them without being asked
    visit.goto(LAPTOPS)
    visit.page.locator("summary.open").click()


@state("finding")
def suggestions_open(visit: Visit) -> None:
    visit.goto("/")
    visit.page.locator("#q").press_sequentially("elite")
    visit.page.locator("#suggestions").wait_for(state="visible")


@state("finding")
def home_seen_before(visit: Visit) -> None:
    visit.goto(visit.stage.full.get_absolute_url())
    visit.goto(visit.stage.part.get_absolute_url())
    visit.keep(visit.stage.good)
    visit.goto("/")


@state("product")
def product_with_everything(visit: Visit) -> None:
    visit.goto(f"{visit.stage.full.get_absolute_url()}?offer={visit.stage.excellent.sku}")


@state("product")
def product_other_grade(visit: Visit) -> None:
    visit.goto(f"{visit.stage.full.get_absolute_url()}?offer={visit.stage.good.sku}")


@state("product")
def product_sold_out_grade(visit: Visit) -> None:
    visit.goto(f"{visit.stage.full.get_absolute_url()}?offer={visit.stage.fair.sku}")


@state("product")
def product_kept_and_compared(visit: Visit) -> None:
    visit.keep(visit.stage.good)
    visit.compare(visit.stage.good, visit.stage.excellent)
    visit.goto(f"{visit.stage.full.get_absolute_url()}?offer={visit.stage.good.sku}")


for _what in ("last_one", "sold_out", "unpriced", "longest", "part", "retired"):
    state("product", f"product-{_what.replace('_', '-')}")(
        lambda visit, what=_what: visit.goto(getattr(visit.stage, what).get_absolute_url())
    )


@state("choosing")
def list_empty(visit: Visit) -> None:
    visit.goto("/wishlist/")


@state("choosing")
def list_full(visit: Visit) -> None:
    stage = visit.stage
    visit.keep(stage.excellent, stage.fair, *stage.longest.variants.all(), *stage.part.variants.all())
    visit.goto("/wishlist/")


@state("choosing")
def list_shared(visit: Visit) -> None:
    visit.goto(visit.keep(visit.stage.excellent, visit.stage.fair, *visit.stage.longest.variants.all()))


@state("choosing")
def compare_nothing(visit: Visit) -> None:
    visit.goto("/compare/")


@state("choosing")
def compare_two(visit: Visit) -> None:
    visit.compare(visit.stage.excellent, visit.stage.good)
    visit.goto("/compare/")


@state("choosing")
def compare_four(visit: Visit) -> None:
    visit.compare(
        visit.stage.excellent,
        *visit.stage.longest.variants.all(),
        *visit.stage.unpriced.variants.all(),
        *visit.stage.part.variants.all(),
    )
    visit.goto("/compare/")


@state("buying")
def cart_empty(visit: Visit) -> None:
    visit.goto("/cart/")


def _full_cart(visit: Visit, user: User | None = None) -> None:
    stage = visit.stage
    visit.fill_cart((stage.good, 1), (stage.longest.variants.get(), 1), (stage.part.variants.get(), 3), user=user)


@state("buying")
def cart_full(visit: Visit) -> None:
    _full_cart(visit)
    visit.goto("/cart/")


@state("buying")
def cart_with_a_problem(visit: Visit) -> None:
    changing = Variant.objects.filter(pk=visit.stage.changing.pk)
    changing.update(is_offered=True)
    visit.fill_cart((visit.stage.good, 1), (changing.get(), 1))
    changing.update(is_offered=False)
    visit.goto("/cart/")
    changing.update(is_offered=True)


@state("buying")
def checkout_guest(visit: Visit) -> None:
    _full_cart(visit)
    visit.goto("/checkout/")


@state("buying")
def checkout_errors(visit: Visit) -> None:
    _full_cart(visit)
    visit.goto("/checkout/")
    visit.fill({"E-mail": "sokha@"})
    visit.press("Place order")
    visit.page.locator(".errors").wait_for()


@state("buying")
def checkout_refused(visit: Visit) -> None:
    changing = Variant.objects.filter(pk=visit.stage.changing.pk)
    changing.update(price="18.00")
    visit.fill_cart((changing.get(), 1))
    visit.goto("/checkout/")
    visit.fill(GUEST)
    changing.update(price="21.00")
    visit.press("Place order")
    visit.page.locator(".errors").wait_for()


@state("buying")
def checkout_account(visit: Visit) -> None:
    visit.log_in(visit.stage.dara)
    _full_cart(visit, visit.stage.dara)
    visit.goto("/checkout/")


@state("orders")
def order_of_a_guest(visit: Visit) -> None:
    visit.goto(f"/orders/view/{order_token(visit.stage.orders['guest'])}/")


for _name in ("pending", "paid", "sent", "delivered", "paid_in_cash", "cancelled"):

    @state("orders", f"order-{_name.replace('_', '-')}")
    def _order(visit: Visit, name: str = _name) -> None:
        visit.log_in(visit.stage.dara)
        visit.goto(f"/orders/{visit.stage.orders[name].code}/")


plain("orders", (("order-look-up", "/orders/find/"), ("order-look-up-sent", "/orders/find/sent/")))
plain("orders", (("order-link-spent", "/orders/view/nothing/"),))


@state("orders")
def order_look_up_errors(visit: Visit) -> None:
    visit.goto("/orders/find/")
    visit.press("Send")
    visit.page.locator(".errors").wait_for()


plain(
    "account",
    (
        ("account-log-in", "/account/login/"),
        ("account-register", "/account/register/"),
        ("account-check-mail", "/account/check-mail/"),
        ("account-verify-spent", "/account/verify/a.b/"),
        ("account-forgotten", "/account/password/forgotten/"),
        ("account-forgotten-sent", "/account/password/forgotten/sent/"),
        ("account-reset-spent", "/account/password/reset/a/b/"),
    ),
)


@state("account")
def account_log_in_refused(visit: Visit) -> None:
    visit.goto("/account/login/")
    visit.fill({"E-mail": visit.stage.dara.email, "Password": PASSWORD[::-1]})
    visit.press("Log in")
    visit.page.locator(".errors").wait_for()


@state("account")
def account_register_errors(visit: Visit) -> None:
    visit.goto("/account/register/")
    visit.fill({"E-mail": "dara@"})
    visit.page.get_by_role("main").locator("button[type=submit]").first.click()
    visit.page.locator(".errors").wait_for()


@state("account")
def account_reset(visit: Visit) -> None:
    visit.goto(f"/account/password/reset/{uid_of(visit.stage.newcomer)}/{reset_token(visit.stage.newcomer)}/")


for _user in ("dara", "newcomer"):
    for _page, _path in (("overview", "/account/"), ("addresses", "/account/addresses/"), ("orders", "/orders/")):

        @state("account", f"account-of-{_user}-{_page}")
        def _own(visit: Visit, user: str = _user, path: str = _path) -> None:
            visit.log_in(getattr(visit.stage, user))
            visit.goto(path)


for _page in ("profile", "password", "addresses/new"):

    @state("account", f"account-{_page.replace('/', '-')}")
    def _form(visit: Visit, page: str = _page) -> None:
        visit.log_in(visit.stage.dara)
        visit.goto(f"/account/{page}/")


@state("account")
def account_address_errors(visit: Visit) -> None:
    visit.log_in(visit.stage.dara)
    visit.goto("/account/addresses/new/")
    visit.page.get_by_role("main").locator("button[type=submit]").first.click()
    visit.page.locator(".errors").wait_for()


plain(
    "texts",
    (
        (f"about-{slug}", f"/about/{slug}/")
        for slug in ("grades", "shipping", "returns", "warranty", "privacy", "terms", "questions", "contact")
    ),
)
plain("errors", (("error-404", "/nothing/"),))


@state("errors", "error-403-of-a-form")
def _stale_form(visit: Visit) -> None:
    visit.goto(visit.stage.part.get_absolute_url())
    visit.page.context.clear_cookies()
    visit.press("Add to cart")
    visit.page.wait_for_url("**/cart/add/")


@state("errors", "error-400")
def _bad_request(visit: Visit) -> None:
    visit.show("/shown/400/", bad_request(RequestFactory().get("/"), ValueError()).content)


@state("errors", "error-500")
def _server_error(visit: Visit) -> None:
    visit.show("/shown/500/", broken(RequestFactory().get("/")).content)


@state("staff")
def admin_home(visit: Visit) -> None:
    visit.log_in(visit.stage.staff)
    visit.goto("/admin/")
