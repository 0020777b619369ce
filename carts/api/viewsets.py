"""The cart over the API: an account's own, or a guest's by the secret in X-Cart-Code."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from carts.api.serializers import AddItemSerializer, CartQuery, CartSerializer, ChangeItemSerializer
from carts.baskets import add_item, add_to_cart, dismiss_notices, find_cart, merge_carts, plan_of, set_quantity
from carts.models import Cart
from carts.quoting import quote
from catalog.api.refusals import naming_skus
from catalog.models import Variant
from core.api.errors import InvalidRequest
from core.api.views import ApiViewSet
from core.refusals import Refusal

CODE_HEADER = "X-Cart-Code"
LONGEST_CODE = 64
CART_CODE = OpenApiParameter(
    CODE_HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A guest's secret cart code. Accounts need none: their token finds their cart.",
)
NOT_YOURS = "There is no cart with this code. Leave the header out and a new cart is opened."
RENT_EXAMPLE = OpenApiExample("A laptop to rent", {"sku": "LAP-3F9A2C71D04B", "months": 12}, request_only=True)
ADD_EXAMPLE = OpenApiExample("Two laptops", {"sku": "LAP-3F9A2C71D04B", "quantity": 2}, request_only=True)


def cart_code(request: Request) -> str | None:
    """Return the secret cart code that the request brings, None without one. Raises InvalidRequest."""
    return secret_code(request, CODE_HEADER)


def secret_code(request: Request, header: str) -> str | None:
    """Return a guest's secret from `header`, None without one. Raises InvalidRequest for what cannot be ours."""
    code = request.headers.get(header, "")
    if len(code) > LONGEST_CODE or not code.isascii():
        detail = f"This is no {header.split('-')[1].lower()} code."
        raise InvalidRequest([{"header": header, "code": "invalid", "detail": detail}])
    return code or None


def cart_of(request: Request) -> Cart | None:
    """Return the caller's cart, None when they have none yet. A guest's code that opens no cart is 404."""
    code = cart_code(request)
    cart = find_cart(user=request.user, code=code)
    if cart is None and code is not None and not request.user.is_authenticated:
        raise NotFound(NOT_YOURS, code="cart_not_found")
    return cart


class CartViewSet(ApiViewSet):
    """The caller's one cart."""

    permission_classes = [AllowAny]
    serializer_class = CartSerializer
    pagination_class = None
    queryset = Cart.objects.none()
    query_serializers = {"show": CartQuery}

    @extend_schema(tags=["cart"], operation_id="cart_show", parameters=[CART_CODE, CartQuery], responses=CartSerializer)
    def show(self, request: Request) -> Response:
        """The cart at today's prices. Without a cart yet: an empty one."""
        return self._priced(cart_of(request))

    @extend_schema(
        tags=["cart"],
        operation_id="cart_items_add",
        parameters=[CART_CODE],
        request=AddItemSerializer,
        responses={201: CartSerializer},
        examples=[ADD_EXAMPLE, RENT_EXAMPLE],
    )
    def add(self, request: Request) -> Response:
        """Put more of a variant into the cart. A guest without a code gets a new cart and its code, told this once."""
        given = self.valid_body(AddItemSerializer)
        variant = _variant(given["sku"])
        cart, new_code = cart_of(request), None
        with naming_skus():
            chosen = {"quantity": given["quantity"], "rental_plan": plan_of(variant, given["months"])}
            if cart is None:
                cart, new_code = add_to_cart(variant, user=request.user, code=None, **chosen)
            else:
                add_item(cart, variant, **chosen)
        return self._priced(cart, new_code=new_code, status=status.HTTP_201_CREATED)

    @extend_schema(
        tags=["cart"],
        operation_id="cart_items_change",
        parameters=[CART_CODE],
        request=ChangeItemSerializer,
        responses=CartSerializer,
    )
    def change(self, request: Request, item_code: str) -> Response:
        """Set the quantity of a line; 0 removes it."""
        given = self.valid_body(ChangeItemSerializer)
        return self._with_quantity(request, item_code, given["quantity"])

    @extend_schema(
        tags=["cart"], operation_id="cart_items_remove", parameters=[CART_CODE], request=None, responses=CartSerializer
    )
    def remove(self, request: Request, item_code: str) -> Response:
        """Take a line out of the cart."""
        return self._with_quantity(request, item_code, 0)

    @extend_schema(
        tags=["cart"],
        operation_id="cart_notices_dismiss",
        parameters=[CART_CODE],
        request=None,
        responses={204: OpenApiResponse(description="The notices are gone.")},
    )
    def dismiss(self, request: Request) -> Response:
        """The customer has read what bringing two carts together changed."""
        cart = cart_of(request)
        if cart is not None:
            dismiss_notices(cart)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _with_quantity(self, request: Request, item_code: str, quantity: int) -> Response:
        cart = cart_of(request)
        if cart is None:
            raise NotFound("You have no cart yet.", code="cart_not_found")
        try:
            with naming_skus():
                set_quantity(cart, item_code, quantity=quantity)
        except Refusal as refusal:
            if refusal.code == "line_unknown":
                raise NotFound(refusal.message, code=refusal.code) from refusal
            raise
        return self._priced(cart)

    def _priced(self, cart: Cart | None, *, new_code: str | None = None, status: int = status.HTTP_200_OK) -> Response:
        address = {"country": self.query.get("country", "").upper(), "region": self.query.get("region", "")}
        method = self.query.get("shipping_method")
        return priced_cart(cart, address=address, method=method, new_code=new_code, status=status)


class CartMergeViewSet(ApiViewSet):
    """Bring a guest's cart into the account's."""

    permission_classes = [IsAuthenticated]
    serializer_class = CartSerializer
    pagination_class = None
    queryset = Cart.objects.none()

    @extend_schema(
        tags=["cart"],
        operation_id="cart_merge",
        parameters=[OpenApiParameter(CODE_HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, required=True)],
        request=None,
        responses=CartSerializer,
    )
    def merge(self, request: Request) -> Response:
        """Join the guest's cart with this code to the account's. `notices` say what did not fit; the code is spent."""
        code = cart_code(request)
        if code is None:
            detail = "Send the guest's cart code in the X-Cart-Code header."
            raise InvalidRequest([{"header": CODE_HEADER, "code": "required", "detail": detail}])
        guest_cart = find_cart(user=None, code=code)
        if guest_cart is None:
            raise NotFound("There is no guest's cart with this code.", code="cart_not_found")
        return priced_cart(merge_carts(guest_cart, request.user))


def priced_cart(
    cart: Cart | None,
    *,
    address: dict[str, str] | None = None,
    method: Any = None,
    new_code: str | None = None,
    status: int = status.HTTP_200_OK,
) -> Response:
    """Answer with the cart at today's prices; a new guest's code goes into the body and the X-Cart-Code header."""
    priced = quote(cart, address=address, shipping_method=method)
    body = CartSerializer(priced, context={"cart": cart, "new_code": new_code}).data
    return Response(body, status=status, headers={CODE_HEADER: new_code} if new_code else {})


def _variant(sku: str) -> Variant:
    variant = Variant.objects.select_related("product__category").filter(sku=sku).first()
    if variant is None or not variant.product.category.is_visible:
        raise NotFound("There is no article with this SKU.", code="sku_unknown")
    return variant
