"""Renting over the API: what it costs, the customer's own agreements, their signature and papers."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Variant
from core import clock
from core.api.throttles import CheckoutThrottle
from core.api.views import ApiViewSet
from core.refusals import Refusal
from rentals.agreeing import agree
from rentals.api.serializers import (
    AgreementListQuery,
    AgreementSerializer,
    AgreementSummarySerializer,
    InstalmentSerializer,
    QuoteQuery,
    RentalQuoteSerializer,
    SignatureSerializer,
)
from rentals.disclosing import disclosure_of
from rentals.documents.contract import draw_up
from rentals.documents.statement import write_statement
from rentals.documents.vault import contract_of
from rentals.models import Agreement
from rentals.offers import offer_for, offers_of, published_plans
from rentals.overview import overview_of, overviews_of
from rentals.policies import current_policy

NO_AGREEMENT = "There is no such agreement of yours."
PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}
SIGNATURE = OpenApiExample(
    "A signature",
    {"name": "Sok Dara", "has_read": True, "contract_sha256": "9b1f" + "0" * 56 + "c07e"},
    request_only=True,
)


class RentalQuoteViewSet(ApiViewSet):
    """What machines are rented for."""

    permission_classes = [AllowAny]
    queryset = Variant.objects.none()
    serializer_class = RentalQuoteSerializer
    pagination_class = None
    query_serializers = {"retrieve": QuoteQuery}

    @extend_schema(
        tags=["rentals"], operation_id="rental_quote", parameters=[QuoteQuery], responses=RentalQuoteSerializer
    )
    def retrieve(self, request: Request, sku: str) -> Response:
        """The plans of a variant with every number of the calculator: payments, total, price of owning each month."""
        shown = Variant.objects.select_related("product").filter(product__category__is_visible=True)
        variant = shown.filter(sku=sku).first()
        if variant is None:
            raise NotFound("There is no article with this SKU.", code="sku_unknown")
        on = self.query.get("delivered_on") or clock.today()
        policy = current_policy().rules
        if "months" in self.query:
            plans = [offer_for(variant, months=self.query["months"], policy=policy, on=on)]
        else:
            published = published_plans([variant]) if variant.can_be_bought else []
            plans = offers_of(published, policy=policy, on=on)[variant.pk]
        return Response(RentalQuoteSerializer({"sku": variant.sku, "plans": plans}).data)


class AgreementViewSet(ApiViewSet):
    """The account's own rentals. Anybody else's is 404."""

    permission_classes = [IsAuthenticated]
    queryset = Agreement.objects.none()
    serializer_class = AgreementSerializer
    query_serializers = {"list": AgreementListQuery}
    action_throttles = {"sign": CheckoutThrottle, "contract": CheckoutThrottle, "statement": CheckoutThrottle}

    @extend_schema(tags=["rentals"], parameters=[AgreementListQuery], responses=AgreementSummarySerializer(many=True))
    def list(self, request: Request) -> Response:
        """The account's rentals, newest first."""
        agreements = Agreement.objects.visible_to(request.user).select_related("line__order").order_by("-id")
        if "state" in self.query:
            agreements = agreements.filter(state=self.query["state"])
        page = self.paginate_queryset(agreements)
        return self.get_paginated_response(AgreementSummarySerializer(overviews_of(page), many=True).data)

    @extend_schema(tags=["rentals"])
    def retrieve(self, request: Request, code: str) -> Response:
        """One rental: how it stands today, its schedule, and what was disclosed before its signature."""
        return self._told(self._agreement(request, code))

    @extend_schema(tags=["rentals"], responses=InstalmentSerializer(many=True))
    def instalments(self, request: Request, code: str) -> Response:
        """The schedule of a rental, payment by payment."""
        return Response(InstalmentSerializer(overview_of(self._agreement(request, code)).rows, many=True).data)

    @extend_schema(tags=["rentals"], request=SignatureSerializer, examples=[SIGNATURE])
    def sign(self, request: Request, code: str) -> Response:
        """Sign an agreement that was read. The last signature of an order lets it be paid."""
        agreement = self._agreement(request, code)
        given = self.valid_body(SignatureSerializer)
        agree(
            agreement,
            by=request.user,
            name=given["name"],
            ip=request.META.get("REMOTE_ADDR"),
            user_agent=request.headers.get("User-Agent", ""),
            read_sha256=given["contract_sha256"],
            has_read=given["has_read"],
        )
        return self._told(self._agreement(request, code))

    @extend_schema(tags=["rentals"], responses=PDF)
    def contract(self, request: Request, code: str) -> HttpResponse:
        """The contract as PDF/UA: the signed file, or before the signature the contract as it reads now."""
        try:
            return _pdf(contract_of(self._agreement(request, code)))
        except Refusal as refusal:
            raise NotFound(refusal.message, code=refusal.code) from refusal

    @extend_schema(tags=["rentals"], responses=PDF)
    def statement(self, request: Request, code: str) -> HttpResponse:
        """The statement as PDF/UA: how the rental stands, and every movement on its account."""
        return _pdf(write_statement(overview_of(self._agreement(request, code))))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Let whoever asks for a paper say that it shall be a PDF; refusals are JSON all the same."""
        if self.action in ("contract", "statement"):
            return JSONRenderer(), JSONRenderer.media_type
        return super().perform_content_negotiation(request, force)

    def _agreement(self, request: Request, code: str) -> Agreement:
        mine = Agreement.objects.visible_to(request.user).select_related("line__order", "policy")
        agreement = mine.filter(code=code).first()
        if agreement is None:
            raise NotFound(NO_AGREEMENT)
        return agreement

    def _told(self, agreement: Agreement) -> Response:
        context = {
            "disclosure": disclosure_of(agreement),
            "contract_sha256": agreement.contract_sha256 or draw_up(agreement).sha256,
        }
        return Response(AgreementSerializer(overview_of(agreement), context=context).data)


def _pdf(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="application/pdf")
