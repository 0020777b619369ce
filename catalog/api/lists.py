"""Lists of products over the API: the read model's pages, with a client's mistakes named instead of dropped."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from catalog.browsing import (
    BEST,
    NEWEST,
    PAGE_SIZE,
    PER_GB,
    SORTS,
    FacetGroup,
    FacetValue,
    ListingPage,
    browse,
    read_filters,
)
from catalog.filters import EVERYTHING, OTHER_PARAMETERS, Filters
from catalog.models import Category, Listing, Product, Variant
from catalog.scope import find_category
from catalog.searching import search
from core.api.errors import InvalidRequest
from core.api.fields import MoneyField
from core.api.queries import PageQuery, read_query
from core.versions import ReadVersions

FACETS, AFTER = "facets", "after"
SWITCHES = {"true": "1", "false": ""}
LONGEST_QUERY = 200


class ProductListQuery(PageQuery):
    """How to list products. Beside these, every facet of the category is a filter by its key.

    A list facet such as `ram_gb` takes several values (`ram_gb=8&ram_gb=16`: one must hold), a number also
    `ram_gb_min` and `ram_gb_max`. All filters must hold for one and the same variant.
    """

    q = serializers.CharField(max_length=LONGEST_QUERY, required=False, allow_blank=True, help_text="Words to find.")
    category = serializers.SlugField(required=False, help_text="Slug of a category; what lies below it counts in.")
    sort = serializers.ChoiceField(choices=[*SORTS, PER_GB], required=False)
    after = serializers.SlugField(
        required=False,
        allow_blank=True,
        help_text="To read a whole list, newest first: empty to begin, then follow `next`. It goes on behind the "
        "product with this slug; what is added meanwhile neither shifts nor repeats anything.",
    )
    facets = serializers.BooleanField(required=False, help_text="false leaves the facets out of the answer.")


class ProductFilters(serializers.Serializer):
    """The filters that every list knows, for the OpenAPI document; catalog.filters reads them."""

    brand = serializers.ListField(child=serializers.SlugField(), required=False, help_text="Slugs of makers.")
    grade = serializers.ListField(child=serializers.ChoiceField(choices=Variant.Grade.choices), required=False)
    price_min = serializers.DecimalField(max_digits=12, decimal_places=2, required=False)
    price_max = serializers.DecimalField(max_digits=12, decimal_places=2, required=False)
    in_stock = serializers.BooleanField(required=False)
    all = serializers.BooleanField(required=False, help_text="Also what cannot be bought now.")


class ListedProductSerializer(serializers.Serializer):
    """A product as a card shows it: its best matching variant. The product itself has the present truth."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    category = serializers.SlugField(source="category.slug")
    grade = serializers.ChoiceField(choices=Variant.Grade.choices)
    spec_line = serializers.CharField()
    price = MoneyField(read_only=True, allow_null=True)
    list_price = MoneyField(read_only=True, allow_null=True)
    currency = serializers.SerializerMethodField()
    available = serializers.IntegerField()
    rating = serializers.DecimalField(max_digits=2, decimal_places=1, allow_null=True, help_text="Of its reviews.")
    reviews = serializers.IntegerField(help_text="How many were published.")

    def get_currency(self, row: Listing) -> str:
        return settings.SHOP_CURRENCY

    def to_representation(self, row: Listing) -> dict[str, Any]:
        """Return the row as the fields above would, at a fifth of their time: a list has hundreds of them."""
        return {
            "slug": row.slug,
            "name": row.name,
            "category": row.category.slug,
            "grade": row.grade,
            "spec_line": row.spec_line,
            "price": _amount_text(row.price),
            "list_price": _amount_text(row.list_price),
            "currency": settings.SHOP_CURRENCY,
            "available": row.available,
            "rating": None if row.rating is None else f"{row.rating:.1f}",
            "reviews": row.reviews,
        }


class FacetValueSerializer(serializers.Serializer):
    """A value to filter by and how many products the list would have with it."""

    value = serializers.CharField()
    label = serializers.CharField()
    count = serializers.IntegerField()
    selected = serializers.BooleanField()

    def to_representation(self, value: FacetValue) -> dict[str, Any]:
        """Return the value as the fields above would (see ListedProductSerializer)."""
        return {"value": value.value, "label": value.label, "count": value.count, "selected": value.selected}


class FacetSerializer(serializers.Serializer):
    """A filter that goes with this list."""

    key = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.ChoiceField(choices=["choice", "number"])
    unit = serializers.CharField(allow_blank=True)
    least = serializers.SerializerMethodField(help_text="A number's least value in this list, in the unit.")
    greatest = serializers.SerializerMethodField(help_text="A number's greatest value in this list, in the unit.")
    values = FacetValueSerializer(many=True)

    def get_least(self, facet: FacetGroup) -> str | None:
        return _number_text(facet.extent[0])

    def get_greatest(self, facet: FacetGroup) -> str | None:
        return _number_text(facet.extent[1])


class CategoryCountSerializer(serializers.Serializer):
    """A category one step below and how many products of the list lie in it."""

    slug = serializers.SlugField(source="category.slug")
    name = serializers.CharField(source="category.name")
    count = serializers.IntegerField()


@extend_schema_serializer(many=False)
class ProductPageSerializer(serializers.Serializer):
    """One page of products with the filters that go with it."""

    count = serializers.IntegerField(help_text="All products of the list, exactly.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    sort = serializers.CharField()
    sorts = serializers.ListField(child=serializers.CharField(), help_text="What this list can be sorted by.")
    results = ListedProductSerializer(many=True)
    facets = FacetSerializer(many=True)
    categories = CategoryCountSerializer(many=True)


def product_page(request: Request, *, versions: ReadVersions) -> dict[str, Any]:
    """Return the page of products that the query parameters ask for.

    Raises InvalidRequest naming every parameter that is unknown or wrong, NotFound past the last page.
    """
    query = read_query(ProductListQuery, request, only=(*OTHER_PARAMETERS, FACETS, AFTER))
    if AFTER in query:
        query |= _walk(query, request)
    category = _category(query.get("category"), versions)
    filters = _filters(category, request)
    options = {
        "filters": filters,
        "older_than": query.get("older_than"),
        "sort": query.get("sort", BEST),
        "page": query.get("page", 1),
        "page_size": query.get("page_size", PAGE_SIZE),
        "with_facets": query.get(FACETS, True),
        "versions": versions,
    }
    words = query.get("q", "").strip()
    if words:
        del options["older_than"]
        listing = search(words, category=category, **options).listing
    else:
        listing = browse(category, **options)
    _refuse(listing.ignored)
    if query.get("sort", listing.sort) != listing.sort:
        raise _wrong("sort", f"This list can be sorted by {', '.join(listing.sorts)}.")
    if listing.page > listing.pages:
        raise NotFound(f"This list has {listing.pages} pages.", code="page_not_found")
    return _body(request, listing, walks=AFTER in query)


def _walk(query: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return what the parameter `after` asks for. Raises InvalidRequest beside what has another order or no place."""
    for name in ("page", "q", EVERYTHING):
        if name in request.query_params:
            raise _wrong(AFTER, f"A list that is read with `after` takes no `{name}`.")
    if query.get("sort", NEWEST) != NEWEST:
        raise _wrong(AFTER, f"A list that is read with `after` is sorted by {NEWEST}.")
    slug = query[AFTER]
    last = Product.objects.filter(slug=slug).values_list("pk", flat=True).first() if slug else None
    if slug and last is None:
        raise _wrong(AFTER, "There is no product with this slug.")
    return {"sort": NEWEST, "older_than": last}


def _body(request: Request, listing: ListingPage, *, walks: bool) -> dict[str, Any]:
    here = request.build_absolute_uri()
    following = replace_query_param(here, "page", listing.page + 1) if listing.page < listing.pages else None
    if walks:
        is_whole = len(listing.rows) == listing.page_size
        following = replace_query_param(here, AFTER, listing.rows[-1].slug) if is_whole else None
    previous = None
    if listing.page > 1:
        before = listing.page - 1
        previous = remove_query_param(here, "page") if before == 1 else replace_query_param(here, "page", before)
    page = {
        "count": listing.total,
        "next": following,
        "previous": previous,
        "sort": listing.sort,
        "sorts": listing.sorts,
        "results": listing.rows,
        "facets": listing.facets,
        "categories": listing.categories,
    }
    return ProductPageSerializer(page).data


def _category(slug: str | None, versions: ReadVersions) -> Category | None:
    if slug is None:
        return None
    category = find_category(slug, versions=versions)
    if category is None or category.slug != slug:
        raise _wrong("category", "There is no category with this slug.")
    return category


def _filters(category: Category | None, request: Request) -> Filters:
    params = {name: values for name, values in request.query_params.lists() if name not in (FACETS, AFTER, "format")}
    for switch in ("in_stock", EVERYTHING):
        if switch in params:
            params[switch] = [SWITCHES.get(value, value) for value in params[switch]]
    filters = read_filters(category, params)
    _refuse(filters.ignored)
    return filters


def _refuse(ignored: tuple[str, ...]) -> None:
    """A list page drops what it cannot understand; a program must hear of it."""
    if ignored:
        raise InvalidRequest(
            [
                {
                    "parameter": text.partition("=")[0],
                    "code": "unknown_value" if "=" in text else "unknown_parameter",
                    "detail": f"This list knows no {text}."[:200],
                }
                for text in ignored
            ]
        )


def _amount_text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _number_text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def _wrong(parameter: str, detail: str) -> InvalidRequest:
    return InvalidRequest([{"parameter": parameter, "code": "invalid", "detail": detail}])
