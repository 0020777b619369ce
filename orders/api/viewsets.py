"""Orders over the API, for customers: an account by its token, a guest by the signed token of a link."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.limits import count_asking
from carts.api.viewsets import CART_CODE, CODE_HEADER, cart_code, cart_of
from carts.models import ShippingMethod
from carts.quoting import shipping_methods_for
from catalog.api.refusals import naming_skus
from core.api.errors import InvalidRequest
from core.api.throttles import CheckoutThrottle, LookupThrottle
from core.api.views import ApiViewSet, idempotency_key
from core.codes import token_hash
from core.idempotency import answer_once
from core.refusals import Refusal
from orders.api.serializers import (
    CancelSerializer,
    LookupSerializer,
    OrderListQuery,
    OrderSerializer,
    OrderSummarySerializer,
    PlacedOrderSerializer,
    PlaceOrderSerializer,
    ShippingMethodSerializer,
    ShippingQuery,
    TokenQuery,
)
from orders.cancellation import cancel_order
from orders.checkout import ADDRESS_FIELDS, place_order
from orders.flow import CancelReason
from orders.guest_access import order_from_token, order_token, send_order_link
from orders.models import Order, OrderBill

TOKEN_HEADER = "X-Order-Token"  # noqa: S105  (the name of a header)
ORDER_TOKEN = OpenApiParameter(
    TOKEN_HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, description="A guest's signed order token."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="A fresh random value for each order; the same value again gives the first answer again.",
)
NO_ORDER = "There is no such order here. A guest's order opens with the token from its letter."
GUEST_ORDER = OpenApiExample(
    "A guest's order",
    {
        "email": "dara@example.com",
        "shipping_address": {
            "full_name": "Sok Dara",
            "line1": "12 Street 240",
            "city": "Phnom Penh",
            "region": "Phnom Penh",
            "country": "KH",
            "phone": "+855 12 345 678",
        },
        "shipping_method": "courier",
        "payment_method": "bank_transfer",
        "expected_total": "587.50",
    },
    request_only=True,
)

BILLS = Prefetch("order_bills", queryset=OrderBill.objects.select_related("bill").order_by("id"))


def with_details(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Fetch what OrderSerializer shows, in a fixed number of queries."""
    return orders.prefetch_related("lines", BILLS, "shipments")


class OrderViewSet(ApiViewSet):
    """The caller's own orders. Anybody else's order is 404."""

    permission_classes = [AllowAny]
    queryset = Order.objects.none()
    serializer_class = OrderSerializer
    lookup_field = "code"
    query_serializers = {"list": OrderListQuery, "retrieve": TokenQuery, "cancel": TokenQuery}
    action_throttles = {"create": CheckoutThrottle, "look_up": LookupThrottle}

    @extend_schema(tags=["orders"], parameters=[OrderListQuery], responses=OrderSummarySerializer(many=True))
    def list(self, request: Request) -> Response:
        """The account's orders, newest first."""
        if not request.user.is_authenticated:
            raise NotAuthenticated
        orders = Order.objects.visible_to(request.user).order_by("-id").prefetch_related(BILLS)
        if "state" in self.query:
            orders = orders.filter(state=self.query["state"])
        page = self.paginate_queryset(orders)
        return self.get_paginated_response(OrderSummarySerializer(page, many=True).data)

    @extend_schema(
        tags=["orders"],
        parameters=[IDEMPOTENCY_KEY, CART_CODE],
        request=PlaceOrderSerializer,
        responses={201: PlacedOrderSerializer},
        examples=[GUEST_ORDER],
    )
    def create(self, request: Request) -> Response:
        """Order everything in the cart, at the price the customer saw, once an Idempotency-Key."""
        key = idempotency_key(request)
        scope = _scope(request)
        given = self.valid_body(PlaceOrderSerializer)
        placement_key = f"api:{token_hash(f'{scope} {key}')}"
        answer_status, body = answer_once(
            scope, token_hash(key), request.data, lambda: self._place(request, given, placement_key)
        )
        location = request.build_absolute_uri(f"{request.path}{body['code']}/")
        return Response(body, status=answer_status, headers={"Location": location})

    @extend_schema(tags=["orders"], parameters=[TokenQuery, ORDER_TOKEN])
    def retrieve(self, request: Request, code: str) -> Response:
        """One order: the account's own, or a guest's by its token."""
        return Response(OrderSerializer(self._order(request, code)).data)

    @extend_schema(
        tags=["orders"],
        parameters=[TokenQuery, ORDER_TOKEN],
        request=CancelSerializer,
        responses=OrderSerializer,
    )
    def cancel(self, request: Request, code: str) -> Response:
        """Call the order off, as long as packing has not begun. Cancelling it again changes nothing."""
        order = self._order(request, code)
        given = self.valid_body(CancelSerializer)
        by = request.user if request.user.is_authenticated else None
        cancel_order(order, by=by, reason=CancelReason.CUSTOMER, note=given["note"])
        return Response(OrderSerializer(self._order(request, code)).data)

    @extend_schema(
        tags=["orders"],
        operation_id="orders_lookup",
        request=LookupSerializer,
        responses={202: OpenApiResponse(description="The same answer whether the order exists or not.")},
    )
    def look_up(self, request: Request) -> Response:
        """Ask for a letter with a fresh link to a guest's order."""
        given = self.valid_body(LookupSerializer)
        count_asking(request, "look up", given["email"])
        send_order_link(given["code"], given["email"])
        return Response(
            {"detail": "If code and e-mail belong together, a letter with a link is on its way."},
            status=status.HTTP_202_ACCEPTED,
        )

    def _place(self, request: Request, given: dict[str, Any], placement_key: str) -> tuple[int, Any]:
        """Place the order, or find the one that an interrupted request with this key has placed."""
        order = Order.objects.filter(placement_key=placement_key).first()
        if order is None:
            cart = cart_of(request)
            if cart is None:
                raise Refusal("cart_empty", "There is nothing in this cart.")
            address = _address(request, given)
            with naming_skus():
                order = place_order(
                    cart,
                    by=request.user if request.user.is_authenticated else None,
                    email=given["email"],
                    phone=given["phone"] or address.get("phone", ""),
                    shipping_address=address,
                    shipping_method=given["shipping_method"],
                    payment_method=given["payment_method"],
                    expected_total=given["expected_total"],
                    placement_key=placement_key,
                    note=given["note"],
                )
        token = order_token(order) if order.user_id is None else None
        order = with_details(Order.objects).get(pk=order.pk)
        return status.HTTP_201_CREATED, PlacedOrderSerializer(order, context={"token": token}).data

    def _order(self, request: Request, code: str) -> Order:
        token = request.headers.get(TOKEN_HEADER) or self.query.get("token")
        if token:
            try:
                found = order_from_token(token)
            except Refusal as refusal:
                raise NotFound(refusal.message, code=refusal.code) from refusal
            orders = Order.objects.filter(pk=found.pk)
        else:
            orders = Order.objects.visible_to(request.user)
        order = with_details(orders).filter(code=code).first()
        if order is None:
            raise NotFound(NO_ORDER)
        return order


class ShippingMethodViewSet(ApiViewSet):
    """Ways of shipping."""

    permission_classes = [AllowAny]
    queryset = ShippingMethod.objects.none()
    serializer_class = ShippingMethodSerializer
    pagination_class = None
    query_serializers = {"list": ShippingQuery}

    @extend_schema(tags=["orders"], parameters=[ShippingQuery], responses=ShippingMethodSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Ways of shipping to a country, each with the ways of paying that go with it."""
        methods = shipping_methods_for(self.query.get("country", settings.SHOP_COUNTRY).upper())
        return Response(ShippingMethodSerializer(methods, many=True).data)


def _scope(request: Request) -> str:
    """Return whose Idempotency-Key this is: the account's, or the guest's who knows the cart's secret."""
    if request.user.is_authenticated:
        return f"orders:user:{request.user.pk}"
    code = cart_code(request)
    if code is None:
        detail = "Send your cart's code in the X-Cart-Code header, or log in."
        raise InvalidRequest([{"header": CODE_HEADER, "code": "required", "detail": detail}])
    return f"orders:cart:{token_hash(code)}"


def _address(request: Request, given: dict[str, Any]) -> dict[str, str]:
    """Return the address that was spelled out, or the caller's own from the address book."""
    if "shipping_address" in given:
        return given["shipping_address"]
    address = request.user.addresses.filter(code=given["address"]).first()
    if address is None:
        raise NotFound("There is no address with this code in your address book.", code="address_not_found")
    return {name: getattr(address, name) for name in ADDRESS_FIELDS}
