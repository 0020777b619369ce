"""The catalogue over the API: anybody reads, staff whose role lets them write."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.lists import ProductFilters, ProductListQuery, ProductPageSerializer, product_page
from catalog.api.serializers import (
    MOST_UNITS,
    CategoryNodeSerializer,
    CategorySerializer,
    ProductSerializer,
    SoldVariantSerializer,
)
from catalog.api.staff_serializers import (
    ChangeVariantSerializer,
    CreateVariantSerializer,
    ReceivedSerializer,
    ReceiveSerializer,
    WriteProductSerializer,
)
from catalog.editing import save_brand, save_product, save_variant
from catalog.fingerprint import AnswerFacts, product_facts, variant_facts
from catalog.identity import brand_key
from catalog.models import Brand, Category, Product, Unit, Variant
from catalog.pictures import Picture, pictures_of
from catalog.price_history import lowest_prices_beside_sales
from catalog.receiving import put_on_sale, receive_units
from catalog.reviewing import Rating, rating_of
from catalog.scope import Scope, find_category, open_scope
from core import clock
from core.api.conditional import answer_unless_known
from core.api.permissions import ReadOnly, StaffWithModelPermission
from core.api.views import ApiViewSet
from core.caching import keep
from core.refusals import Refusal
from core.versions import CATEGORIES, EVERY_LIST, list_of, versions_of

ReadOrStaff: type[BasePermission] = ReadOnly | StaffWithModelPermission  # type: ignore[assignment]
PRODUCT_EXAMPLE = OpenApiExample(
    "A laptop",
    {
        "category": "laptops",
        "brand": "Lenovo",
        "name": "ThinkPad T14 Gen 3",
        "description": "A 14-inch business laptop.",
        "specs": {"cpu": "Core i5-1245U", "screen_size_in": 14},
        "warranty_months": 12,
    },
    request_only=True,
)
VARIANT_EXAMPLE = OpenApiExample(
    "16 GB, grade A",
    {
        "product": "lenovo-thinkpad-t14-gen-3-1f0c9a77",
        "grade": "A",
        "options": {"ram_gb": 16, "storage_gb": 512},
        "price": "585.00",
        "list_price": "649.00",
    },
    request_only=True,
)
STOCK_EXAMPLE = OpenApiExample(
    "Two machines", {"serials": ["PF17HWU7", "PF16UD5G"], "bin": "A-06", "on_sale": True}, request_only=True
)


class CategoryViewSet(ApiViewSet):
    """The departments of the shop."""

    permission_classes = [ReadOnly]
    reads_are_public = True
    queryset = Category.objects.none()
    serializer_class = CategorySerializer
    pagination_class = None
    lookup_field = "slug"

    @extend_schema(tags=["catalogue"], responses=CategoryNodeSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The tree of categories with the number of products in each."""
        read = versions_of(request)

        def body() -> Any:
            scope = open_scope(None, versions=read)
            return CategoryNodeSerializer(list(_nodes(scope, scope.children())), many=True).data

        return answer_unless_known(request, read.of(CATEGORIES, EVERY_LIST), body)

    @extend_schema(tags=["catalogue"])
    def retrieve(self, request: Request, slug: str) -> Response:
        """One category and what its goods are described by."""
        read = versions_of(request)

        def body() -> Any:
            category = find_category(slug, versions=read)
            if category is None or category.slug != slug:
                raise NotFound("There is no category with this slug.")
            return CategorySerializer(category).data

        return answer_unless_known(request, read.of(CATEGORIES), body)


class ProductViewSet(ApiViewSet):
    """Single products: read by anybody, written by staff."""

    permission_classes = [ReadOrStaff]
    reads_are_public = True
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    pagination_class = None
    lookup_field = "slug"
    query_serializers = {"list": None}

    def facts_for_strangers(self, request: HttpRequest, **address: str) -> object:
        """Return the versions of a list, or the facts of one product."""
        if not address:
            return _list_facts(request)
        facts = product_facts(address["slug"])
        return facts and (facts.key, False)

    @extend_schema(
        tags=["catalogue"],
        parameters=[ProductListQuery, ProductFilters],
        responses={200: ProductPageSerializer},
    )
    def list(self, request: Request) -> Response:
        """A page of products, found by words and filters, with counts for every further filter."""
        read = versions_of(request)
        return answer_unless_known(request, _list_facts(request), lambda: product_page(request, versions=read))

    @extend_schema(tags=["catalogue"])
    def retrieve(self, request: Request, slug: str) -> Response:
        """One product: its facts with units, and its variants with price and the number available now."""
        sees_all = _sees_all(request)

        def body() -> Any:
            return _read_body(request, slug, facts, sees_all=sees_all)

        facts = product_facts(slug)
        if facts is None or sees_all:
            return answer_unless_known(request, facts and (facts.key, sees_all), body)
        made: list[dict[str, Any]] = []

        def made_of_facts() -> bool:
            # Units leave the shelf and come back: what was made while one was away must not be kept.
            return all(facts.stock[one["sku"]] == one["available"] for one in made[0]["variants"])

        def build() -> Any:
            made.append(body())
            return made[0]

        def kept() -> Any:
            key = (slug, get_language(), facts.key)
            return keep("product", *key, versions=[], build=build, may_keep=made_of_facts)

        return answer_unless_known(request, (facts.key, sees_all), kept)

    @extend_schema(
        tags=["catalogue for staff"],
        request=WriteProductSerializer,
        responses={201: ProductSerializer},
        examples=[PRODUCT_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """Add a product. The shop makes its slug."""
        values = self._values(request, self.valid_body(WriteProductSerializer))
        with _in_api_words("specs"):
            product = save_product(None, by=request.user, values=values)
        return Response(_product_body(product, all_variants=True), status=status.HTTP_201_CREATED)

    @extend_schema(tags=["catalogue for staff"], request=WriteProductSerializer, responses=ProductSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Change a product; what is not named stays. Its slug stays too, so links keep working."""
        product = _find_product(request, slug)
        values = self._values(request, self.valid_body(WriteProductSerializer, partial=True))
        with _in_api_words("specs"):
            product = save_product(product, by=request.user, values=values)
        return Response(_product_body(product, all_variants=True))

    def _values(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        """Put the maker's row in the place of its name."""
        if "brand" not in given:
            return given
        name = given["brand"]
        return {**given, "brand": _brand(name, by=request.user) if name else None}


class VariantViewSet(ApiViewSet):
    """Variants by SKU."""

    permission_classes = [ReadOrStaff]
    reads_are_public = True
    staff_permissions = {"receive": "catalog.receive_unit"}
    queryset = Variant.objects.all()
    serializer_class = SoldVariantSerializer
    pagination_class = None
    lookup_field = "sku"

    def facts_for_strangers(self, request: HttpRequest, **address: str) -> object:
        """Return the facts of one variant."""
        facts = variant_facts(address["sku"])
        return facts and (facts.key, False)

    @extend_schema(tags=["catalogue"])
    def retrieve(self, request: Request, sku: str) -> Response:
        """One variant as it is now."""
        sees_all = _sees_all(request)
        facts = variant_facts(sku)
        return answer_unless_known(
            request, facts and (facts.key, sees_all), lambda: _variant_body(_find_variant(request, sku))
        )

    @extend_schema(
        tags=["catalogue for staff"],
        request=CreateVariantSerializer,
        responses={201: SoldVariantSerializer},
        examples=[VARIANT_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """Add a variant to a product."""
        with _in_api_words("options"):
            variant = save_variant(None, by=request.user, values=self.valid_body(CreateVariantSerializer))
        return Response(_variant_body(_find_variant(request, variant.sku)), status=status.HTTP_201_CREATED)

    @extend_schema(tags=["catalogue for staff"], request=ChangeVariantSerializer, responses=SoldVariantSerializer)
    def partial_update(self, request: Request, sku: str) -> Response:
        """Change a variant's price or whether it is on offer."""
        variant = _find_variant(request, sku)
        save_variant(variant, by=request.user, values=self.valid_body(ChangeVariantSerializer, partial=True))
        return Response(_variant_body(_find_variant(request, sku)))

    @extend_schema(
        tags=["catalogue for staff"],
        request=ReceiveSerializer,
        responses={201: ReceivedSerializer},
        examples=[STOCK_EXAMPLE],
    )
    def receive(self, request: Request, sku: str) -> Response:
        """Receive units: one for each serial number, or a quantity. They wait for testing unless `on_sale` is true."""
        variant = _find_variant(request, sku)
        given = self.valid_body(ReceiveSerializer)
        if given["on_sale"] and not request.user.has_perm("catalog.shelve_unit"):
            raise PermissionDenied("Your role receives units but does not put them on sale. Nothing was received.")
        units = receive_units(
            variant,
            by=request.user,
            serials=given["serials"],
            quantity=given.get("quantity", 0),
            bin=given["bin"],
            cost=given["cost"],
        )
        if given["on_sale"]:
            put_on_sale(units, by=request.user, reason="received over the API, tested already")
        rows = Unit.objects.filter(pk__in=[unit.pk for unit in units]).order_by("pk")
        body = {
            "sku": variant.sku,
            "received": len(units),
            "available": Unit.objects.available().filter(variant=variant).count(),
            "units": rows,
        }
        return Response(ReceivedSerializer(body).data, status=status.HTTP_201_CREATED)


def _nodes(scope: Scope, categories: Sequence[Category]) -> Iterator[dict[str, Any]]:
    for category in categories:
        below = [one for one in scope.categories.values() if one.parent_id == category.pk and one.is_visible]
        yield {
            "slug": category.slug,
            "path": category.path,
            "name": category.name,
            "products": scope.total_below(category.pk, scope.own_counts),
            "children": list(_nodes(scope, below)),
        }


def _sees_all(request: Request) -> bool:
    """Tell whether the caller is staff who may look at retired goods and withdrawn offers too."""
    user = request.user
    is_inside = user.is_authenticated and user.is_staff and getattr(user, "has_second_factor", False)
    return bool(is_inside and user.has_perm("catalog.view_product"))


def _find_product(request: Request, slug: str) -> Product:
    products = Product.objects.all() if _sees_all(request) else Product.objects.published()
    product = products.select_related("category", "brand").filter(slug=slug).first()
    if product is None:
        raise NotFound("There is no product with this slug.")
    return product


def _find_variant(request: Request, sku: str) -> Variant:
    variants = Variant.objects.all()
    if not _sees_all(request):
        variants = variants.filter(
            is_offered=True, product__status=Product.Status.ACTIVE, product__category__is_visible=True
        )
    found = variants.filter(sku=sku).select_related("product__category", "product__brand").with_available().first()
    if found is None:
        raise NotFound("There is no article with this SKU.")
    return found


def _read_body(request: Request, slug: str, facts: AnswerFacts | None, *, sees_all: bool) -> dict[str, Any]:
    """Read a product by its variants, with what its facts have told already; one without variants by itself."""
    variants = Variant.objects.filter(product__slug=slug).select_related("product__category", "product__brand")
    shown = variants if sees_all else variants.published()
    offered = list(shown.with_available().order_by("price", "id")) if facts is not None else []
    if facts is None or not offered:
        return _product_body(_find_product(request, slug), all_variants=sees_all)
    product = offered[0].product
    photos = pictures_of(product.pk).of_product if facts.has_photos else []
    return _body_of(product, offered, rating=facts.rating, photos=photos)


def _list_facts(request: HttpRequest | Request) -> object:
    category = request.GET.get("category")
    narrow = category and "q" not in request.GET
    return versions_of(request).of(CATEGORIES, list_of(category[:60]) if narrow else EVERY_LIST)


def _product_body(product: Product, *, all_variants: bool) -> dict[str, Any]:
    variants = product.variants.with_available().order_by("price", "id")
    offered = list(variants if all_variants else variants.filter(is_offered=True))
    return _body_of(product, offered, rating=rating_of(product), photos=pictures_of(product.pk).of_product)


def _body_of(
    product: Product, offered: Sequence[Variant], *, rating: Rating, photos: Sequence[Picture]
) -> dict[str, Any]:
    context = {
        **_variant_context(product.category, offered),
        "variants": offered,
        "rating": rating,
        "photos": photos,
    }
    return ProductSerializer(product, context=context).data


def _variant_body(variant: Variant) -> dict[str, Any]:
    context = _variant_context(variant.product.category, [variant])
    return SoldVariantSerializer(variant, context=context).data


def _variant_context(category: Category, variants: Sequence[Variant]) -> dict[str, Any]:
    return {
        "category": category,
        "units": _described_units(variants),
        "lowest_prices": lowest_prices_beside_sales(variants, now=clock.now()),
    }


def _described_units(variants: Sequence[Variant]) -> dict[int, list[Unit]]:
    """Return the units on the shelf about which something is on record, by variant id."""
    described = Q(battery_health_percent__isnull=False) | Q(tested_on__isnull=False)
    described |= ~Q(grade_notes="") | ~Q(replaced_parts="")
    found: dict[int, list[Unit]] = {}
    units = Unit.objects.available().filter(described, variant__in=variants).order_by("id")
    for unit in units:
        rows = found.setdefault(unit.variant_id, [])
        if len(rows) < MOST_UNITS:
            rows.append(unit)
    return found


def _brand(name: str, *, by: Any) -> Brand:
    """Return the maker of this name, made when it is new and the caller may add makers."""
    brand = Brand.objects.filter(key=brand_key(name)).first()
    if brand is not None:
        return brand
    if not by.has_perm("catalog.add_brand"):
        raise serializers.ValidationError({"brand": ["There is no maker of this name, and your role adds none."]})
    return save_brand(None, by=by, values={"name": name})


@contextmanager
def _in_api_words(nested: str) -> Iterator[None]:
    """Let a refusal point into the body (spec keys lie under `nested`) and name a product by its slug."""
    try:
        yield
    except Refusal as refusal:
        columns = {field.name for model in (Product, Variant) for field in model._meta.fields}
        fields = refusal.facts.get("fields")
        if isinstance(fields, dict):
            under = {key: words for key, words in fields.items() if key not in columns}
            refusal.facts["fields"] = {key: words for key, words in fields.items() if key in columns} | (
                {nested: under} if under else {}
            )
        if "product" in refusal.facts:
            refusal.facts["product"] = Product.objects.values_list("slug", flat=True).get(pk=refusal.facts["product"])
        raise
