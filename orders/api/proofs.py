"""Show the picture of a bank transfer over the API. It pays nothing; staff look for the money."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import InstantField
from core.api.parsers import PictureParser
from core.api.serializers import StrictSerializer
from core.api.throttles import CheckoutThrottle
from core.api.views import ApiViewSet
from core.refusals import Refusal
from orders.api.serializers import TokenQuery
from orders.api.viewsets import NO_ORDER, ORDER_TOKEN, TOKEN_HEADER
from orders.guest_access import order_from_token
from orders.models import Order
from orders.transfer_proofs import show_transfer
from payments.flow import ProofState
from payments.models import PaymentProof


class NewProofSerializer(StrictSerializer):
    """One picture: JPEG, PNG, WebP or AVIF, at most 5 MB and 25 megapixels."""

    picture = serializers.FileField()


class ProofSerializer(serializers.Serializer):
    """What became of a picture. It is shown to nobody but staff."""

    id = serializers.CharField(source="code")
    state = serializers.ChoiceField(choices=ProofState.choices)
    uploaded_at = InstantField()
    reason = serializers.CharField(help_text="Why it was rejected; empty otherwise.")


class ProofViewSet(ApiViewSet):
    """Pictures of transfers for the caller's own orders. Anybody else's order is 404."""

    permission_classes = [AllowAny]
    queryset = PaymentProof.objects.none()
    serializer_class = ProofSerializer
    pagination_class = None
    parser_classes = [PictureParser]
    query_serializers = {"list": TokenQuery, "create": TokenQuery}
    action_throttles = {"create": CheckoutThrottle}

    @extend_schema(tags=["orders"], parameters=[TokenQuery, ORDER_TOKEN], responses=ProofSerializer(many=True))
    def list(self, request: Request, code: str) -> Response:
        """The pictures that were sent for an order, the oldest first."""
        order = self._order(request, code)
        proofs = PaymentProof.objects.filter(bill__order_bill__order=order).order_by("id")
        return Response(ProofSerializer(proofs, many=True).data)

    @extend_schema(
        tags=["orders"],
        parameters=[TokenQuery, ORDER_TOKEN],
        request={"multipart/form-data": NewProofSerializer},
        responses={201: ProofSerializer},
    )
    def create(self, request: Request, code: str) -> Response:
        """Send a picture of the transfer; the same picture again is the same proof. Five for an order are enough."""
        order = self._order(request, code)
        given = self.valid_body(NewProofSerializer)
        by = request.user if request.user.is_authenticated else None
        proof = show_transfer(order, upload=given["picture"], by=by)
        return Response(ProofSerializer(proof).data, status=status.HTTP_201_CREATED)

    def _order(self, request: Request, code: str) -> Order:
        found = self._orders(request).filter(code=code).first()
        if found is None:
            raise NotFound(NO_ORDER)
        return found

    def _orders(self, request: Request) -> QuerySet[Order]:
        """Return the orders of the account, or the one that a guest's token opens."""
        token = request.headers.get(TOKEN_HEADER) or self.query.get("token")
        if not token:
            return Order.objects.visible_to(request.user)
        try:
            return Order.objects.filter(pk=order_from_token(token).pk)
        except Refusal as refusal:
            raise NotFound(refusal.message, code=refusal.code) from refusal
