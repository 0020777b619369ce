"""The product page. It reads the truth, never the read model; only the similar products beside it come from there."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from carts.baskets import MAX_QUANTITY
from carts.models import ShippingMethod
from carts.quoting import shipping_methods_for, shipping_price, tax_at
from catalog.fingerprint import UNITS_SHOWN, page_facts
from catalog.models import Category, Listing, Product, Unit, Variant
from catalog.pictures import Pictures, address, has_photos, pictures_of, unit_has_photos
from catalog.promises import return_promise, warranty_terms
from catalog.reviewing import has_reviews
from catalog.similar import similar_to
from core import clock
from core.caching import keep
from core.compiled import CompiledQuery, slot
from core.money import ZERO
from core.versions import CATEGORIES, EVERY_LIST, SHOP, list_of, versions_of
from storefront.browsing import trail_links, trail_of
from storefront.choices import Axis, axes_of, choose_offer, short_line, spec_rows
from storefront.delivery import expected_days, usual_method
from storefront.heads import PageHead, absolute
from storefront.kept_pages import kept_page, may_be_kept
from storefront.opinions import opinions_of
from storefront.recently_viewed import remembers_viewed
from storefront.renting import facts_for_programs, renting_of
from storefront.structured_data import Delivery, OfferFacts, breadcrumbs, product_data

# Pixels: photos for search engines, and for those who share the page.
LARGE, SHARED = 1600, 960
_OFFERS = CompiledQuery(
    lambda: (
        Variant.objects.filter(product__slug=slot("slug"), product__category__is_visible=True, is_offered=True)
        .with_available()
        .annotate(has_photos=has_photos("product"), has_reviews=has_reviews("product"))
        .select_related("product__brand", "product__category__parent__parent")
    )
)
_PRODUCT = CompiledQuery(
    lambda: (
        Product.objects.filter(slug=slot("slug"), category__is_visible=True)
        .annotate(has_photos=has_photos("pk"), has_reviews=has_reviews("pk"))
        .select_related("brand", "category__parent__parent")
    )
)
_UNITS = CompiledQuery(
    lambda: (
        Unit.objects.available()
        .filter(variant=slot("variant"))
        .annotate(photos=unit_has_photos())
        .order_by("id")[:UNITS_SHOWN]
    )
)


@require_safe
@remembers_viewed
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """One product with its grades and options; `?offer=SKU` chooses among them. A retired one answers 410.

    Its blocks are kept for visitors without an account under the facts that they were made of (catalog.fingerprint).
    """
    facts = page_facts(slug) if may_be_kept(request) and _is_plain(request) else None
    if facts is None:
        return _made_anew(request, slug)
    versions_of(request).learn(facts.versions)
    made: list[bool] = []

    def context(asker: HttpRequest) -> dict[str, Any]:
        product, offers = _find(slug)
        if product is None:
            raise Http404
        context = _context(asker, product, offers, units_of=facts.units_of)
        made.append(facts.agree(context["offers"], context["current"], context["units"]))
        return context

    return kept_page(
        request,
        "catalog/product.html",
        facts.key,
        clock.today(),
        shows=[name for name in facts.versions if name != EVERY_LIST],
        context=context,
        may_keep=lambda: all(made),
    )


def _is_plain(request: HttpRequest) -> bool:
    """Tell whether the address asks for the product or one of its offers and for nothing else."""
    return request.GET.keys() <= {"offer"} and len(request.GET.getlist("offer")) <= 1


def _made_anew(request: HttpRequest, slug: str) -> HttpResponse:
    product, offers = _find(slug.lower())
    if product is None:
        raise Http404
    if product.slug != slug:
        return redirect(product, permanent=True)
    if product.status == Product.Status.RETIRED:
        return _gone(request, product)
    return render(request, "catalog/product.html", _context(request, product, offers, units_of=_units))


def _find(slug: str) -> tuple[Product | None, list[Variant]]:
    """Return a product that shoppers may see and what is offered of it. One query, two when nothing is."""
    offers = _OFFERS.objects(slug=slug)
    if not offers:
        return _PRODUCT.first(slug=slug), []
    product = offers[0].product
    product.has_photos, product.has_reviews = offers[0].has_photos, offers[0].has_reviews
    for offer in offers:
        offer.product = product
    return product, offers


def _context(
    request: HttpRequest, product: Product, offers: list[Variant], *, units_of: Callable[[Variant], list[Unit]]
) -> dict[str, Any]:
    current = choose_offer(offers, request.GET.get("offer", ""))
    category = product.category
    options = current.options if current else {}
    facts = {**product.specs, **options}
    grades, *axes = axes_of(offers, current, category) if current is not None else [Axis("", "", [])]
    units = units_of(current) if current else []
    pictures = _pictures(product, units)
    context = {
        "product": product,
        "category": category,
        "trail": trail_of(category),
        "offers": offers,
        "current": current,
        "grades": grades.choices,
        "axes": axes,
        "units": units,
        "photos": pictures.of_product,
        "unit_photos": pictures.of_units,
        "facts": facts,
        "short_line": short_line(category, product.specs, options),
        "spec_rows": spec_rows(category, product.specs, options),
        "most": _most(current) if current else 0,
        "warranty_terms": warranty_terms(product.warranty_months),
        "returns": return_promise(),
        "similar": _similar(request, product, current, facts),
        **_delivery(request, current),
        **opinions_of(request, product, offers, current),
    }
    delivered_on = context["delivery_days"][1] if context["delivery_days"] else clock.today()
    context["renting"] = renting_of(request, offers, current, on=delivered_on)
    context["head"] = _head(offers, context)
    return context


def _similar(request: HttpRequest, product: Product, offer: Variant | None, facts: Mapping[str, Any]) -> list[Listing]:
    """Return what is like it, from the cache as long as its department's list stays as it is."""
    price = offer.price if offer is not None else None
    versions = versions_of(request).of(CATEGORIES, list_of(product.category.slug))
    key = (product.pk, price, sorted(facts.items(), key=itemgetter(0)))
    return keep("similar", *key, versions=versions, build=lambda: similar_to(product, price=price, specs=facts))


def _gone(request: HttpRequest, product: Product) -> HttpResponse:
    """Tell that a product is no longer sold, and what is on the shelf instead."""
    last = product.variants.order_by("price", "id").filter(price__isnull=False).first()
    similar = similar_to(
        product, price=last.price if last else None, specs={**product.specs, **(last or Variant()).options}
    )
    context = {"product": product, "trail": trail_of(product.category), "similar": similar}
    return render(request, "catalog/gone.html", context, status=HTTPStatus.GONE)


def _units(offer: Variant) -> list[Unit]:
    """Return the units that an order would take first."""
    return _UNITS.objects(variant=offer.pk)


def _pictures(product: Product, units: list[Unit]) -> Pictures:
    """Return the photos of the model and of these units; one query, and none where there are no photos."""
    pictured = [unit.pk for unit in units if unit.photos]
    return pictures_of(product.pk, pictured) if product.has_photos or pictured else Pictures()


def _most(offer: Variant) -> int:
    """Return how many of the offer one order can take now."""
    if not offer.can_be_bought:
        return 0
    return min(offer.available, offer.max_per_order or MAX_QUANTITY, MAX_QUANTITY)


def _delivery(request: HttpRequest, offer: Variant | None) -> dict[str, object]:
    """Return the usual way of shipping at home: what it costs for this offer and when it arrives.

    Ways of shipping and taxes come from the cache until staff change one. Cart and checkout read them each time.
    """
    methods, tax = keep(
        "delivery",
        versions=versions_of(request).of(SHOP),
        build=lambda: (shipping_methods_for(settings.SHOP_COUNTRY), tax_at(None)),
    )
    method = usual_method(methods)
    goods = offer.price if offer is not None and offer.price is not None else ZERO
    price = shipping_price(method, goods)
    return {
        "delivery": method,
        "delivery_price": price,
        "delivery_days": expected_days(method, ordered_on=clock.today()) if method else None,
        "has_pickup": any(m.kind == ShippingMethod.Kind.PICKUP for m in methods if m != method),
        "tax": tax,
        "total": goods + price,
    }


def _head(offers: list[Variant], context: dict) -> PageHead:
    """Return the head with the product's facts for programs: every offer, and the unit that the chosen one leads to."""
    product, category, current = context["product"], context["category"], context["current"]
    method: ShippingMethod | None = context["delivery"]
    facts = [
        OfferFacts(
            variant=offer,
            available=offer.available,
            options=_told(category, {}, offer.options),
            delivery=Delivery(
                shipping_price(method, offer.price or ZERO), method.days_min, method.days_max, settings.SHOP_COUNTRY
            )
            if method
            else None,
            unit=context["units"][0] if offer == current and context["units"] else None,
            leases=facts_for_programs(context["renting"].plans.get(offer.pk, ()), settings.SHOP_CURRENCY),
        )
        for offer in offers
    ]
    data = product_data(
        product,
        facts,
        specs=_told(category, product.specs, {}),
        axes=[axis.label for axis in context["axes"]],
        currency=settings.SHOP_CURRENCY,
        images=[absolute(address(shown, width=LARGE)) for shown in context["photos"]],
    )
    path = product.get_absolute_url()
    crumbs = breadcrumbs([*trail_links(context["trail"]), (product.full_name, path)])
    first = next(iter(context["photos"]), None)
    return PageHead(
        path=path,
        kind="product",
        image=absolute(address(first, width=SHARED)) if first else "",
        image_alt=first["alt"] if first else "",
        data=(data, crumbs),
    )


def _told(category: Category, specs: dict, options: dict) -> list[tuple[str, str]]:
    """Return (label, value in words) of what is recorded."""
    return [(label, value) for label, value, _ in spec_rows(category, specs, options) if value]
