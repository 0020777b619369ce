"""Paying over the API: begin at a provider, then ask how it stands."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import InstantField, MoneyField
from core.api.serializers import StrictSerializer
from core.api.throttles import CheckoutThrottle
from core.api.views import ApiViewSet, idempotency_key
from core.codes import token_hash
from core.idempotency import answer_once
from core.refusals import Refusal
from orders.api.serializers import TokenQuery
from orders.api.viewsets import IDEMPOTENCY_KEY, NO_ORDER, ORDER_TOKEN, TOKEN_HEADER
from orders.guest_access import order_from_token
from orders.models import Order
from orders.paying_online import pay_order
from payments.declines import advice
from payments.flow import LIVE, PaymentState
from payments.models import Payment
from payments.polling import check_when_due

NO_PAYMENT = "There is no such payment here."


class StartPaymentSerializer(StrictSerializer):
    """How the order shall be paid. The amount is what is still owed; no caller can choose it."""

    method = serializers.ChoiceField(choices=Payment.Method.choices)
    saves_card = serializers.BooleanField(
        default=False, help_text="The customer lets the shop keep the card for later charges; accounts only."
    )


class PaymentSerializer(serializers.Serializer):
    """An attempt to pay. While it is `checking`, nobody knows how it stands and nothing else can be paid."""

    id = serializers.CharField(source="key")
    state = serializers.ChoiceField(choices=PaymentState.choices)
    method = serializers.ChoiceField(choices=Payment.Method.choices)
    amount = MoneyField(read_only=True)
    currency = serializers.CharField()
    redirect_url = serializers.SerializerMethodField(help_text="Where the customer pays by card; null otherwise.")
    qr = serializers.SerializerMethodField(help_text="The text of the KHQR code; null otherwise.")
    deep_link = serializers.SerializerMethodField(help_text="Opens a banking app with the code; null without one.")
    charge_amount = serializers.SerializerMethodField(help_text="What the code asks for, when it is not `amount`.")
    charge_currency = serializers.SerializerMethodField()
    expires_at = InstantField(allow_null=True)
    failure_code = serializers.CharField()
    advice = serializers.SerializerMethodField(help_text="What a customer can do about a failure.")

    def get_redirect_url(self, payment: Payment) -> str | None:
        return payment.data.get("url") if payment.state in LIVE else None

    def get_qr(self, payment: Payment) -> str | None:
        return payment.data.get("qr") if payment.state in LIVE else None

    def get_deep_link(self, payment: Payment) -> str | None:
        return payment.data.get("deep_link") if payment.state in LIVE else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_charge_amount(self, payment: Payment) -> str | None:
        return None if payment.charge_amount is None else f"{payment.charge_amount:.2f}"

    def get_charge_currency(self, payment: Payment) -> str | None:
        return payment.charge_currency or None

    def get_advice(self, payment: Payment) -> str:
        return advice(payment.failure_code)


class PaymentViewSet(ApiViewSet):
    """Payments of the caller's own orders. Anybody else's is 404."""

    permission_classes = [AllowAny]
    queryset = Payment.objects.none()
    serializer_class = PaymentSerializer
    query_serializers = {"create": TokenQuery, "retrieve": TokenQuery}
    action_throttles = {"create": CheckoutThrottle}

    @extend_schema(
        tags=["orders"],
        parameters=[IDEMPOTENCY_KEY, TokenQuery, ORDER_TOKEN],
        request=StartPaymentSerializer,
        responses={201: PaymentSerializer},
    )
    def create(self, request: Request, code: str) -> Response:
        """Begin to pay an order, or go on with the payment that was begun in the same way.

        Another way of paying ends the first one. 409 `payment_is_checked`: wait until the last payment is known.
        """
        key = idempotency_key(request)
        order = self._orders(request).filter(code=code).first()
        if order is None:
            raise NotFound(NO_ORDER)
        given = self.valid_body(StartPaymentSerializer)
        by = request.user if request.user.is_authenticated else None

        def begin() -> tuple[int, Any]:
            payment = pay_order(order, method=given["method"], by=by, saves_card=given["saves_card"])
            return status.HTTP_201_CREATED, PaymentSerializer(payment).data

        answer_status, body = answer_once(f"payments:order:{order.pk}", token_hash(key), request.data, begin)
        return Response(body, status=answer_status)

    @extend_schema(tags=["orders"], parameters=[TokenQuery, ORDER_TOKEN])
    def retrieve(self, request: Request, key: str) -> Response:
        """How a payment stands. Ask every few seconds while it is `pending` or `checking`."""
        owned = self._orders(request)
        payment = Payment.objects.select_related("bill", "saved_method").filter(key=key[:40]).first()
        if payment is None or not owned.filter(order_bills__bill=payment.bill_id).exists():
            raise NotFound(NO_PAYMENT)
        if payment.state in LIVE:
            payment = check_when_due(payment)
        return Response(PaymentSerializer(payment).data)

    def _orders(self, request: Request) -> QuerySet[Order]:
        """Return the orders that the caller may pay: the account's, or the one that a guest's token opens."""
        token = request.headers.get(TOKEN_HEADER) or self.query.get("token")
        if not token:
            return Order.objects.visible_to(request.user)
        try:
            return Order.objects.filter(pk=order_from_token(token).pk)
        except Refusal as refusal:
            raise NotFound(refusal.message, code=refusal.code) from refusal
