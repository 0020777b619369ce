"""The cart: look, add, change. Guests and accounts alike."""

from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from carts.baskets import add_to_cart, change_plan, dismiss_notices, find_cart, plan_of, set_quantity
from carts.models import Cart
from carts.quoting import Quote, quote, shipping_methods_for
from catalog.models import RentalPlan, Variant
from catalog.pictures import give_pictures
from core import clock
from core.compiled import CompiledQuery, slot
from core.refusals import Refusal
from rentals.offers import published_plans
from rentals.rules.schedule import add_months
from storefront.delivery import usual_method
from storefront.forms.cart import AddForm, LineForm, TermForm
from storefront.secret_cookies import CART

_OFFER = CompiledQuery(lambda: Variant.objects.filter(sku=slot("sku")).select_related("product__brand"))


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The cart with its totals and an estimate for delivery."""
    cart = find_cart(user=request.user, code=CART.code(request))
    return render(request, "cart/page.html", _priced(request, cart))


@never_cache
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put an offer into the cart, opening one for a visitor who has none."""
    form = AddForm(request.POST)
    if not form.is_valid():
        return _back_with(request, form.cleaned_data.get("sku", ""), " ".join(_sentences(form)))
    variant = _OFFER.first(sku=form.cleaned_data["sku"])
    if variant is None:
        raise Http404
    try:
        _cart, new_code = add_to_cart(
            variant,
            user=request.user,
            code=CART.code(request),
            quantity=form.cleaned_data["quantity"],
            rental_plan=plan_of(variant, form.cleaned_data["months"]),
        )
    except Refusal as refusal:
        return _back_with(request, variant.sku, refusal.message)
    messages.success(request, _("%(name)s is in your cart.") % {"name": variant.product.full_name})
    response = redirect("storefront:cart")
    if new_code is not None:
        CART.remember(response, request, new_code)
    return response


@never_cache
@require_POST
def change(request: HttpRequest, item_code: str) -> HttpResponse:
    """Change a line's quantity; the answer is the cart, in place when htmx asked for it."""
    cart = find_cart(user=request.user, code=CART.code(request))
    if cart is None:
        raise Http404
    form = LineForm(request.POST)
    problem = ""
    if not form.is_valid():
        problem = " ".join(_sentences(form))
    else:
        try:
            set_quantity(cart, item_code, quantity=form.wanted())
        except Refusal as refusal:
            if refusal.code == "line_unknown":
                raise Http404 from refusal
            problem = refusal.message
    if request.htmx:
        return render(request, "cart/changed.html", _priced(request, cart) | {"problem": problem})
    if problem:
        messages.error(request, problem)
    return redirect("storefront:cart")


@never_cache
@require_POST
def change_term(request: HttpRequest, item_code: str) -> HttpResponse:
    """Rent a line for another term, or buy it instead."""
    cart = find_cart(user=request.user, code=CART.code(request))
    item = cart.items.select_related("variant").filter(code=item_code).first() if cart is not None else None
    if item is None:
        raise Http404
    form = TermForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(_sentences(form)))
        return redirect("storefront:cart")
    try:
        change_plan(cart, item_code, rental_plan=plan_of(item.variant, form.wanted()))
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("storefront:cart")


@never_cache
@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    """The visitor has read what bringing two carts together changed."""
    cart = find_cart(user=request.user, code=CART.code(request))
    if cart is None:
        raise Http404
    dismiss_notices(cart)
    return redirect("storefront:cart")


def _priced(request: HttpRequest, cart: Cart | None) -> dict[str, object]:
    """Price the cart for the shop's own country, with the usual way of shipping as the estimate."""
    methods = shipping_methods_for(settings.SHOP_COUNTRY) if cart is not None else []
    priced = quote(cart, address=None, shipping_method=usual_method(methods))
    request.things_in_cart = priced.item_count
    give_pictures(line.variant for line in priced.lines)
    return {"quote": priced, "cart": cart, "problem": "", "terms": _terms(priced), "next_month": _next_month()}


def _terms(priced: Quote) -> dict[int, list[RentalPlan]]:
    """Return the plans that rented lines can change to, by variant. No query without rented lines."""
    found: dict[int, list[RentalPlan]] = {}
    rented = {line.variant.pk: line.variant for line in priced.rented}
    for plan in published_plans(rented.values()) if rented else ():
        found.setdefault(plan.variant_id, []).append(plan)
    return found


def _next_month() -> date:
    """Return when the second payment of what is ordered today would fall due, until delivery has set the day."""
    return add_months(clock.today(), 1)


def _sentences(form: AddForm | LineForm | TermForm) -> list[str]:
    return [str(error) for errors in form.errors.values() for error in errors]


def _back_with(request: HttpRequest, sku: str, sentence: str) -> HttpResponseRedirect:
    """Say why nothing was added, on the page of the product when the form named one, else in the cart."""
    messages.error(request, sentence)
    variant = Variant.objects.filter(sku=sku).select_related("product").first()
    if variant is None:
        return redirect("storefront:cart")
    return redirect(f"{variant.product.get_absolute_url()}?{urlencode({'offer': sku})}")
