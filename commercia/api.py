"""The one table of the API's addresses, under /api/."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from accounts.api.viewsets import AddressViewSet
from carts.api.viewsets import CartMergeViewSet, CartViewSet
from carts.api.wishlists import SharedWishlistViewSet, WishlistMergeViewSet, WishlistViewSet
from catalog.api.viewsets import CategoryViewSet, ProductViewSet, VariantViewSet
from core.api.problems import json_error
from orders.api.payments import PaymentViewSet
from orders.api.proofs import ProofViewSet
from orders.api.refunds import RefundViewSet
from orders.api.reviews import ReviewViewSet
from orders.api.staff import StaffOrderViewSet, StaffShipmentViewSet
from orders.api.viewsets import OrderViewSet, ShippingMethodViewSet
from payments.api.viewsets import SavedCardViewSet
from rentals.api.viewsets import AgreementViewSet, RentalQuoteViewSet


class CodeConverter(StringConverter):
    """A public code: capital letters and digits."""

    regex = "[0-9A-Z]{1,12}"


class SkuConverter(StringConverter):
    """A SKU: any 40 characters without a slash."""

    regex = "[^/]{1,40}"


register_converter(CodeConverter, "code")
register_converter(SkuConverter, "sku")


@csrf_exempt
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer an address that the API does not have."""
    hint = "" if request.path.endswith("/") else " Addresses of the API end with a slash."
    return json_error(request, 404, "not_found", f"The API has no such address.{hint}")


own = SimpleRouter()
own.register("addresses", AddressViewSet, basename="address")
own.register("cards", SavedCardViewSet, basename="card")

catalogue: list[URLPattern] = [
    path("categories/", CategoryViewSet.as_view({"get": "list"}), name="categories"),
    path("categories/<slug:slug>/", CategoryViewSet.as_view({"get": "retrieve"}), name="category"),
    path("products/", ProductViewSet.as_view({"get": "list", "post": "create"}), name="products"),
    path(
        "products/<slug:slug>/", ProductViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="product"
    ),
    path(
        "products/<slug:slug>/reviews/",
        ReviewViewSet.as_view({"get": "list", "post": "create"}),
        name="product-reviews",
    ),
    path("variants/", VariantViewSet.as_view({"post": "create"}), name="variants"),
    path("variants/<sku:sku>/", VariantViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="variant"),
    path("variants/<sku:sku>/stock/", VariantViewSet.as_view({"post": "receive"}), name="variant-stock"),
]
cart: list[URLPattern] = [
    path("cart/", CartViewSet.as_view({"get": "show"}), name="cart"),
    path("cart/items/", CartViewSet.as_view({"post": "add"}), name="cart-items"),
    path("cart/items/<str:item_code>/", CartViewSet.as_view({"patch": "change", "delete": "remove"}), name="cart-item"),
    path("cart/merge/", CartMergeViewSet.as_view({"post": "merge"}), name="cart-merge"),
    path("cart/notices/", CartViewSet.as_view({"delete": "dismiss"}), name="cart-notices"),
]
wishlist: list[URLPattern] = [
    path("wishlist/", WishlistViewSet.as_view({"get": "show"}), name="wishlist"),
    path("wishlist/items/", WishlistViewSet.as_view({"post": "add"}), name="wishlist-items"),
    path("wishlist/items/<sku:sku>/", WishlistViewSet.as_view({"delete": "remove"}), name="wishlist-item"),
    path("wishlist/items/<sku:sku>/move-to-cart/", WishlistViewSet.as_view({"post": "move"}), name="wishlist-move"),
    path("wishlist/share/", WishlistViewSet.as_view({"post": "share", "delete": "unshare"}), name="wishlist-share"),
    path("wishlist/shared/<str:share_code>/", SharedWishlistViewSet.as_view({"get": "show"}), name="wishlist-shared"),
    path("wishlist/merge/", WishlistMergeViewSet.as_view({"post": "merge"}), name="wishlist-merge"),
    path("wishlist/notices/", WishlistViewSet.as_view({"delete": "dismiss"}), name="wishlist-notices"),
]
orders: list[URLPattern] = [
    path("shipping-methods/", ShippingMethodViewSet.as_view({"get": "list"}), name="shipping-methods"),
    path("orders/", OrderViewSet.as_view({"get": "list", "post": "create"}), name="orders"),
    path("orders/lookup/", OrderViewSet.as_view({"post": "look_up"}), name="order-lookup"),
    path("orders/<code:code>/", OrderViewSet.as_view({"get": "retrieve"}), name="order"),
    path("orders/<code:code>/payments/", PaymentViewSet.as_view({"post": "create"}), name="order-payments"),
    path("orders/<code:code>/refunds/", RefundViewSet.as_view({"get": "show", "post": "create"}), name="order-refunds"),
    path("orders/<code:code>/proofs/", ProofViewSet.as_view({"get": "list", "post": "create"}), name="order-proofs"),
    path("payments/<str:key>/", PaymentViewSet.as_view({"get": "retrieve"}), name="payment"),
    path("orders/<code:code>/cancel/", OrderViewSet.as_view({"post": "cancel"}), name="order-cancel"),
]
rentals: list[URLPattern] = [
    path("variants/<sku:sku>/rental-quote/", RentalQuoteViewSet.as_view({"get": "retrieve"}), name="rental-quote"),
    path("agreements/", AgreementViewSet.as_view({"get": "list"}), name="agreements"),
    path("agreements/<code:code>/", AgreementViewSet.as_view({"get": "retrieve"}), name="agreement"),
    path("agreements/<code:code>/signature/", AgreementViewSet.as_view({"post": "sign"}), name="agreement-signature"),
    path(
        "agreements/<code:code>/instalments/",
        AgreementViewSet.as_view({"get": "instalments"}),
        name="agreement-instalments",
    ),
    path("agreements/<code:code>/contract/", AgreementViewSet.as_view({"get": "contract"}), name="agreement-contract"),
    path(
        "agreements/<code:code>/statement/", AgreementViewSet.as_view({"get": "statement"}), name="agreement-statement"
    ),
]
staff: list[URLPattern] = [
    path("staff/orders/", StaffOrderViewSet.as_view({"get": "list"}), name="staff-orders"),
    path("staff/orders/<code:code>/", StaffOrderViewSet.as_view({"get": "retrieve"}), name="staff-order"),
    path("staff/orders/<code:code>/mark-paid/", StaffOrderViewSet.as_view({"post": "mark_paid"}), name="mark-paid"),
    path("staff/orders/<code:code>/pack/", StaffOrderViewSet.as_view({"post": "pack"}), name="pack"),
    path("staff/orders/<code:code>/dispatch/", StaffOrderViewSet.as_view({"post": "dispatch_parcel"}), name="dispatch"),
    path("staff/orders/<code:code>/cancel/", StaffOrderViewSet.as_view({"post": "cancel"}), name="staff-cancel"),
    path("staff/shipments/<code:code>/deliver/", StaffShipmentViewSet.as_view({"post": "deliver"}), name="deliver"),
    path("staff/shipments/<code:code>/return/", StaffShipmentViewSet.as_view({"post": "take_back"}), name="take-back"),
]
version_1: list[URLPattern | URLResolver] = [*catalogue, *cart, *wishlist, *orders, *rentals, *staff, *own.urls]

urlpatterns = [
    path("v1/", include((version_1, "api"))),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    path("", unknown_address),
    path("<path:rest>", unknown_address),
]
