"""Refunds over the API, for staff and partners whose role lets them give money back."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.validators import validate_one_line
from core.api.fields import InstantField, MoneyField
from core.api.permissions import StaffWithModelPermission
from core.api.serializers import StrictSerializer
from core.api.views import ApiViewSet, idempotency_key
from core.codes import token_hash
from core.idempotency import answer_once
from core.refusals import Refusal
from orders.api.viewsets import IDEMPOTENCY_KEY, NO_ORDER
from orders.models import Order, RefundLine
from orders.refund_parts import amount_left, parts_of
from orders.refunding import refund_order
from payments.flow import RefundState
from payments.models import Refund

MOST_LINES = 200
EXAMPLE = OpenApiExample(
    "One piece of the first line, and the shipping",
    {
        "lines": [{"line": 1, "quantity": 1}],
        "shipping": True,
        "reason": "arrived with a broken hinge",
        "expected_remaining": "602.50",
    },
    request_only=True,
)


class PiecesSerializer(StrictSerializer):
    """How many pieces of a line go back."""

    line = serializers.IntegerField(min_value=1, max_value=1000, help_text="The line's number in the order.")
    quantity = serializers.IntegerField(min_value=1, max_value=1000)


class StartRefundSerializer(StrictSerializer):
    """What goes back: `lines`, or an `amount` spread over all of them; with the shipping or without."""

    lines = PiecesSerializer(many=True, required=False, max_length=MOST_LINES)
    amount = MoneyField(
        required=False, help_text="In the order's currency. All that is left, with `shipping`: the rest."
    )
    shipping = serializers.BooleanField(
        required=False, default=False, help_text="With `lines`: all that is left of it. With `amount`: its part."
    )
    reason = serializers.CharField(max_length=300, validators=[validate_one_line])
    expected_remaining = MoneyField(help_text="`remaining` as you saw it; another one is 409 `remaining_changed`.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "amount" in given and "lines" in given:
            raise serializers.ValidationError("Give lines or an amount, not both.", code="ambiguous")
        numbers = [entry["line"] for entry in given.get("lines", [])]
        if len(set(numbers)) != len(numbers):
            raise serializers.ValidationError({"lines": ["Give each line once."]}, code="repeated")
        return given


class RefundShareSerializer(serializers.Serializer):
    """The part of a refund that one line has."""

    line = serializers.IntegerField(source="line.position")
    quantity = serializers.IntegerField()
    net = MoneyField(read_only=True)
    tax = MoneyField(read_only=True)
    shipping = MoneyField(read_only=True)


class RefundSerializer(serializers.Serializer):
    """Money of one payment on its way back."""

    id = serializers.CharField(source="key")
    state = serializers.ChoiceField(choices=RefundState.choices)
    amount = MoneyField(read_only=True)
    currency = serializers.CharField()
    by_hand = serializers.BooleanField(help_text="Staff send it by bank; no provider can.")
    reason = serializers.CharField()
    failure_reason = serializers.CharField()
    reference = serializers.CharField(allow_null=True)
    requested_at = InstantField()
    finished_at = InstantField(allow_null=True)
    lines = RefundShareSerializer(many=True)


class LineLeftSerializer(serializers.Serializer):
    """What can still go back of a line."""

    line = serializers.IntegerField()
    quantity = serializers.IntegerField()
    goods = MoneyField(read_only=True)
    shipping = MoneyField(read_only=True)


class OrderRefundsSerializer(serializers.Serializer):
    """The refunds of an order and what is left."""

    currency = serializers.CharField()
    remaining = MoneyField(read_only=True, help_text="Send it back as `expected_remaining`.")
    lines = LineLeftSerializer(many=True)
    refunds = RefundSerializer(many=True)


class RefundViewSet(ApiViewSet):
    """Refunds of any order, for staff whose role grants them."""

    permission_classes = [StaffWithModelPermission]
    staff_permissions = {"show": "payments.view_refund", "create": "payments.refund_payment"}
    queryset = Refund.objects.all()
    serializer_class = OrderRefundsSerializer
    pagination_class = None

    @extend_schema(tags=["staff"], responses=OrderRefundsSerializer)
    def show(self, request: Request, code: str) -> Response:
        """What has gone back of an order, and what still can."""
        return Response(_refunds_of(_order(code)))

    @extend_schema(
        tags=["staff"],
        parameters=[IDEMPOTENCY_KEY],
        request=StartRefundSerializer,
        responses={201: OrderRefundsSerializer},
        examples=[EXAMPLE],
    )
    def create(self, request: Request, code: str) -> Response:
        """Give money of an order back. Above the shop's limit it is `proposed` until a second person approves.

        409 `remaining_changed`: somebody refunded meanwhile; `facts` say what was `shown` and what is `remaining`.
        """
        key = idempotency_key(request)
        order = _order(code)
        given = self.valid_body(StartRefundSerializer)

        def refund() -> tuple[int, Any]:
            refund_order(order, by=request.user, **_wish(order, given))
            return status.HTTP_201_CREATED, _refunds_of(order)

        answer_status, body = answer_once(f"refunds:order:{order.pk}", token_hash(key), request.data, refund)
        return Response(body, status=answer_status)


def _order(code: str) -> Order:
    order = Order.objects.filter(code=code).first()
    if order is None:
        raise NotFound(NO_ORDER)
    return order


def _wish(order: Order, given: dict[str, Any]) -> dict[str, Any]:
    """Turn line numbers into what the deed takes. Raises Refusal("line_unknown")."""
    ids = dict(order.lines.values_list("position", "pk"))
    for entry in given.get("lines", []):
        if entry["line"] not in ids:
            raise Refusal("line_unknown", f"This order has no line {entry['line']}.", line=entry["line"])
    return {
        "pieces": {ids[entry["line"]]: entry["quantity"] for entry in given.get("lines", [])},
        "amount": given.get("amount"),
        "shipping": given["shipping"],
        "reason": given["reason"],
        "expected_remaining": given["expected_remaining"],
    }


def _refunds_of(order: Order) -> Any:
    """Return the answer of both operations."""
    parts = parts_of(order)
    shares = Prefetch("lines", RefundLine.objects.select_related("line").order_by("line__position"))
    refunds = Refund.objects.filter(payment__bill__order_bill__order=order).prefetch_related(shares)
    facts = {
        "currency": order.currency,
        "remaining": amount_left(order, parts),
        "lines": [
            {
                "line": number,
                "quantity": part.quantity_left,
                "goods": part.goods_left,
                "shipping": part.shipping_left,
            }
            for number, part in enumerate(parts, start=1)
        ],
        "refunds": refunds.order_by("pk"),
    }
    return OrderRefundsSerializer(facts).data
