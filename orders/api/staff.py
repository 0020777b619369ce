"""Orders over the API, for staff and partners whose role lets them fulfil: paid, packed, sent, delivered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.permissions import StaffWithModelPermission
from core.api.views import ApiViewSet
from core.refusals import Refusal
from orders.api.serializers import CancelSerializer, ShipmentSerializer
from orders.api.staff_serializers import (
    DispatchSerializer,
    MarkPaidSerializer,
    ReturnSerializer,
    StaffOrderQuery,
    StaffOrderSerializer,
    StaffOrderSummarySerializer,
)
from orders.api.viewsets import BILLS
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.fulfilment import confirm_delivery, dispatch, return_refused_shipment, start_packing
from orders.models import Allocation, Order, OrderLine, Shipment
from orders.payment_approval import mark_paid

DISPATCH_EXAMPLE = OpenApiExample(
    "One laptop by courier",
    {
        "carrier": "J&T",
        "tracking_number": "KH123456789",
        "lines": [{"line": 1, "serials": ["PF17HWU7"]}],
    },
    request_only=True,
)


class StaffOrderViewSet(ApiViewSet):
    """All orders, and the steps of fulfilling them."""

    permission_classes = [StaffWithModelPermission]
    staff_permissions = {
        "mark_paid": "orders.mark_paid_order",
        "pack": "orders.pack_order",
        "dispatch_parcel": "orders.dispatch_order",
        "cancel": "orders.cancel_order",
    }
    queryset = Order.objects.all()
    serializer_class = StaffOrderSerializer
    lookup_field = "code"
    query_serializers = {"list": StaffOrderQuery}

    @extend_schema(tags=["staff"], parameters=[StaffOrderQuery], responses=StaffOrderSummarySerializer(many=True))
    def list(self, request: Request) -> Response:
        """All orders, newest first."""
        filters = {name: self.query[name] for name in ("state", "email", "code") if name in self.query}
        orders = Order.objects.filter(**filters).order_by("-id").prefetch_related(BILLS)
        page = self.paginate_queryset(orders)
        return self.get_paginated_response(StaffOrderSummarySerializer(page, many=True).data)

    @extend_schema(tags=["staff"])
    def retrieve(self, request: Request, code: str) -> Response:
        """One order with the units promised to its lines and the bins they lie in."""
        return self._answer(code)

    @extend_schema(tags=["staff"], request=MarkPaidSerializer, responses=StaffOrderSerializer)
    def mark_paid(self, request: Request, code: str) -> Response:
        """Record money that has arrived for the order."""
        given = self.valid_body(MarkPaidSerializer)
        mark_paid(self._order(code), by=request.user, amount=given["amount"], reference=given["reference"])
        return self._answer(code)

    @extend_schema(tags=["staff"], request=None, responses=StaffOrderSerializer)
    def pack(self, request: Request, code: str) -> Response:
        """Take a confirmed order to the packing table."""
        start_packing([self._order(code)], by=request.user)
        return self._answer(code)

    @extend_schema(
        tags=["staff"],
        request=DispatchSerializer,
        responses={201: ShipmentSerializer},
        examples=[DISPATCH_EXAMPLE],
    )
    def dispatch_parcel(self, request: Request, code: str) -> Response:
        """Send everything the order still waits for, with the serial numbers that were packed."""
        given = self.valid_body(DispatchSerializer)
        order = self._order(code)
        lines = list(order.lines.order_by("position"))
        with _naming_lines(lines):
            serials = {_line_id(lines, entry["line"]): entry["serials"] for entry in given.pop("lines")}
            shipment = dispatch(order, by=request.user, serials=serials, **given)
        return Response(ShipmentSerializer(shipment).data, status=status.HTTP_201_CREATED)

    @extend_schema(tags=["staff"], request=CancelSerializer, responses=StaffOrderSerializer)
    def cancel(self, request: Request, code: str) -> Response:
        """Call an order off that has not left. Money that had arrived is listed to be given back."""
        given = self.valid_body(CancelSerializer)
        cancel_order(self._order(code), by=request.user, reason=CancelReason.STAFF, note=given["note"])
        return self._answer(code)

    def _order(self, code: str, orders: QuerySet[Order] | None = None) -> Order:
        order = (Order.objects.all() if orders is None else orders).filter(code=code).first()
        if order is None:
            raise NotFound("There is no order with this code.")
        return order

    def _answer(self, code: str) -> Response:
        promised = Allocation.objects.filter(released_at=None).select_related("unit", "shipment").order_by("id")
        lines = OrderLine.objects.prefetch_related(Prefetch("allocations", queryset=promised))
        orders = Order.objects.prefetch_related(Prefetch("lines", queryset=lines), BILLS, "shipments")
        return Response(StaffOrderSerializer(self._order(code, orders)).data)


class StaffShipmentViewSet(ApiViewSet):
    """Parcels on their way."""

    permission_classes = [StaffWithModelPermission]
    staff_permissions = {"deliver": "orders.deliver_shipment", "take_back": "orders.return_shipment"}
    queryset = Shipment.objects.all()
    serializer_class = ShipmentSerializer
    pagination_class = None
    lookup_field = "code"

    @extend_schema(tags=["staff"], request=None, responses=ShipmentSerializer)
    def deliver(self, request: Request, code: str) -> Response:
        """The parcel has arrived, or was handed over at the counter."""
        return Response(ShipmentSerializer(confirm_delivery(_shipment(code), by=request.user)).data)

    @extend_schema(tags=["staff"], request=ReturnSerializer, responses=ShipmentSerializer)
    def take_back(self, request: Request, code: str) -> Response:
        """The parcel was refused and came back."""
        given = self.valid_body(ReturnSerializer)
        shipment = return_refused_shipment(_shipment(code), by=request.user, reason=given["reason"])
        return Response(ShipmentSerializer(shipment).data)


def _shipment(code: str) -> Shipment:
    shipment = Shipment.objects.select_related("order").filter(code=code).first()
    if shipment is None:
        raise NotFound("There is no shipment with this code.")
    return shipment


def _line_id(lines: Sequence[OrderLine], number: int) -> int:
    """Return the key of the line with this number in the order. Raises Refusal("line_unknown")."""
    line = next((line for line in lines if line.position == number), None)
    if line is None:
        raise Refusal("line_unknown", f"This order has no line {number}.", line=number)
    return line.pk


@contextmanager
def _naming_lines(lines: Sequence[OrderLine]) -> Iterator[None]:
    """Let a refusal name a line by its number in the order instead of its primary key."""
    numbers: dict[Any, int] = {line.pk: line.position for line in lines}
    try:
        yield
    except Refusal as refusal:
        if refusal.code != "line_unknown" and "line" in refusal.facts:
            refusal.facts["line"] = numbers.get(refusal.facts["line"])
        raise
