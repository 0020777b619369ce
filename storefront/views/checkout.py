"""Checkout: one page, one button, one order however often the button is pressed."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from carts.baskets import find_cart
from carts.models import Cart, ShippingMethod
from carts.quoting import Quote, active_shipping_methods, quote, shipping_price
from catalog.pictures import give_pictures
from core import clock
from core.codes import secret_token
from core.refusals import Refusal
from orders.checkout import place_order
from orders.flow import OrderState
from orders.guest_access import order_token
from orders.models import Order
from orders.paying import ONLINE, payment_methods_for
from payments.models import Payment
from payments.providers.khqr.rates import riel_offer
from rentals.models import Agreement
from rentals.rules.schedule import add_months
from storefront.delivery import countries_reached, expected_days, usual_method
from storefront.forms.checkout import CheckoutForm, address_of
from storefront.secret_cookies import CART
from storefront.views.paying import address, lead_to_payment, may_keep_card

UPDATE = "update"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Show the form, price it again, or place the order."""
    if request.method == "POST" and (placed := _placed_before(request)) is not None:
        return _to_order(request, placed)
    cart = find_cart(user=request.user, code=CART.code(request))
    desk = Desk(request, cart)
    if not desk.quote.lines:
        messages.info(request, _("Your cart is empty, so there is nothing to order yet."))
        return redirect("storefront:cart")
    if request.method != "POST" or request.POST.get("do") == UPDATE:
        return desk.page()
    form = desk.form(bound=True)
    if not form.is_valid():
        return desk.page(form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    data = form.cleaned_data
    try:
        order = place_order(
            cart,
            by=request.user,
            email=form.email_address,
            phone=form.address()["phone"],
            shipping_address=form.address(),
            shipping_method=form.method,
            payment_method=data["payment_method"],
            expected_total=data["expected_total"],
            placement_key=data["placement_key"],
        )
    except Refusal as refusal:
        return Desk(request, cart).page(form=form, refusal=refusal, status=HTTPStatus.CONFLICT)
    return _to_order(request, order)


class Desk:
    """What lies on the checkout page for one request: the cart's price, the choices and the form."""

    def __init__(self, request: HttpRequest, cart: Cart | None) -> None:
        self.request, self.cart = request, cart
        self.values = request.POST if request.method == "POST" else {}
        user = request.user
        self.addresses = list(user.addresses.all()) if user.is_authenticated else []
        self.address = address_of(self._start(), {address.code: address for address in self.addresses})
        country = self.address["country"] or settings.SHOP_COUNTRY
        everywhere = active_shipping_methods()
        self.countries = countries_reached(everywhere, home=settings.SHOP_COUNTRY)
        self.methods = [method for method in everywhere if not method.countries or country in method.countries]
        chosen = next((m for m in self.methods if m.code == self.values.get("shipping_method")), None)
        self.method = chosen or usual_method(self.methods)
        self.quote: Quote = quote(cart, address={**self.address, "country": country}, shipping_method=self.method)
        request.things_in_cart = self.quote.item_count

    def form(self, *, bound: bool = False) -> CheckoutForm:
        """Return the form: bound to check it, else filled with what is known, and free of complaints."""
        user = self.request.user
        return CheckoutForm(
            self.request.POST if bound else None,
            initial=self._start(),
            methods=self.methods,
            countries=self.countries,
            addresses=self.addresses,
            known_email=user.email if user.is_authenticated else "",
        )

    def page(
        self, *, form: CheckoutForm | None = None, refusal: Refusal | None = None, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        """Show the page, with the complaints about `form` or what the shop refused."""
        ways = payment_methods_for(self.method, has_rent=self.quote.has_rent) if self.method else []
        wanted = self.values.get("payment_method")
        give_pictures(line.variant for line in self.quote.lines)
        context = {
            "form": form or self.form(),
            "quote": self.quote,
            "method": self.method,
            "offers": offers(self.methods, self.quote),
            "addresses": self.addresses,
            "chosen_address": self._start().get("saved_address", ""),
            "ways_to_pay": ways,
            "chosen_way": wanted if wanted in ways else next(iter(ways), None),
            "keeps_card": may_keep_card(self.request),
            "riel": riel_offer(self.quote.total) if Payment.Method.KHQR_RIEL in ways else None,
            "refusal": refusal,
            "must_sign_in": self.quote.has_rent and not _may_rent(self.request.user),
            "next_month": add_months(clock.today(), 1),
            "placement_key": self.values.get("placement_key") or secret_token(),
        }
        return render(self.request, "checkout/page.html", context, status=status)

    def _start(self) -> dict[str, Any]:
        """Return what the fields hold: what was sent, else the default address or the shop's own country."""
        if self.values:
            return self.values.dict()
        start: dict[str, Any] = {"country": settings.SHOP_COUNTRY}
        if self.addresses:
            start["saved_address"] = self.addresses[0].code
        return start


def _may_rent(user: Any) -> bool:
    """Tell whether this person has an account with a confirmed e-mail address."""
    return user.is_authenticated and user.has_verified_email


def offers(methods: Sequence[ShippingMethod], priced: Quote) -> list[dict[str, Any]]:
    """Return what the page says about each way of shipping: its price for these goods and the days it takes."""
    rows = []
    for method in methods:
        first, last = expected_days(method, ordered_on=clock.today())
        rows.append(
            {
                "method": method,
                "is_pickup": method.kind == ShippingMethod.Kind.PICKUP,
                "price": shipping_price(method, priced.goods_total),
                "first": first,
                "last": last,
            }
        )
    return rows


def _placed_before(request: HttpRequest) -> Order | None:
    """Return the order that this very form has placed already. Only its sender knows the key."""
    key = request.POST.get("placement_key", "")[:80]
    owner = request.user if request.user.is_authenticated else None
    return Order.objects.filter(placement_key=key, user=owner).first() if key else None


def _to_order(request: HttpRequest, order: Order) -> HttpResponse:
    """Lead to the payment, or to the order's page: an account by its code, a guest by a signed link.

    The cart's code is spent.
    """
    token = order_token(order) if order.user_id is None else ""
    agreement = Agreement.objects.of_order(order).to_sign().first() if order.user_id is not None else None
    if agreement is not None:
        response = redirect("storefront:sign_rental", code=agreement.code)
    elif order.state == OrderState.PENDING and order.payment_method in ONLINE:
        saves_card = may_keep_card(request) and order.user_id is not None
        response = lead_to_payment(request, order, token, method=order.payment_method, saves_card=saves_card)
    else:
        response = redirect(address(order, token))
    CART.forget(response)
    return response
