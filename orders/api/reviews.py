"""What buyers say about a product: anybody reads what was published, buyers write."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from catalog.flow import ReviewState
from catalog.models import Product, Review
from catalog.reviewing import BEST, LENGTHS, ON_A_PAGE, published_reviews, rating_of
from core.api.fields import InstantField
from core.api.serializers import StrictSerializer
from core.api.throttles import ReviewThrottle
from core.api.views import ApiViewSet
from orders.reviewing import review_purchase

EXAMPLE = OpenApiExample(
    "A review",
    {"rating": 4, "title": "Quiet and quick", "body": "The battery lasts a day.", "author_name": "Dara S."},
    request_only=True,
)


class ReviewQuery(StrictSerializer):
    """Which reviews."""

    after = serializers.CharField(
        max_length=10, required=False, help_text="Code of the last review that you have; the older ones follow."
    )


class ReviewSerializer(serializers.Serializer):
    """A review as everybody sees it."""

    code = serializers.CharField()
    rating = serializers.IntegerField(help_text=f"1 to {BEST} stars.")
    title = serializers.CharField()
    body = serializers.CharField()
    author_name = serializers.CharField()
    delivered_in = serializers.SerializerMethodField(help_text='The month in which it was delivered: "2026-10".')
    written_at = InstantField()

    def get_delivered_in(self, review: Review) -> str:
        return f"{review.bought_on:%Y-%m}"


class OwnReviewSerializer(ReviewSerializer):
    """A review as its author sees it."""

    state = serializers.ChoiceField(choices=ReviewState.choices, help_text="Shown to others once it is published.")


class StarsSerializer(serializers.Serializer):
    """How many reviews gave so many stars."""

    stars = serializers.IntegerField()
    count = serializers.IntegerField()


@extend_schema_serializer(many=False)
class ReviewPageSerializer(serializers.Serializer):
    """What a product's reviews come to, and some of them, newest first."""

    rating = serializers.DecimalField(max_digits=2, decimal_places=1, allow_null=True, help_text="The average.")
    count = serializers.IntegerField()
    distribution = StarsSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text=f"The older ones, {ON_A_PAGE} a page.")
    results = ReviewSerializer(many=True)


class WriteReviewSerializer(StrictSerializer):
    """A buyer's own words."""

    rating = serializers.IntegerField(min_value=1, max_value=BEST)
    title = serializers.CharField(max_length=LENGTHS["title"][1])
    body = serializers.CharField(max_length=LENGTHS["body"][1])
    author_name = serializers.CharField(max_length=LENGTHS["author_name"][1], help_text="As it is shown to others.")

    def to_internal_value(self, data: Any) -> Any:
        """Refuse 2.5, "4" and true: REST framework would read them as whole numbers."""
        if isinstance(data, dict) and "rating" in data and type(data["rating"]) is not int:
            raise serializers.ValidationError({"rating": [f"A whole number from 1 to {BEST}."]}, code="invalid")
        return super().to_internal_value(data)


class ReviewViewSet(ApiViewSet):
    """Reviews of one product."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    reads_are_public = True
    queryset = Review.objects.none()
    serializer_class = ReviewSerializer
    pagination_class = None
    query_serializers = {"list": ReviewQuery}
    action_throttles = {"create": ReviewThrottle}

    @extend_schema(tags=["catalogue"], parameters=[ReviewQuery], responses={200: ReviewPageSerializer})
    def list(self, request: Request, slug: str) -> Response:
        """The published reviews of a product, newest first."""
        product = _find_product(slug)
        rating = rating_of(product)
        page = published_reviews(product, after=self.query.get("after", ""))
        body = {
            "rating": rating.average,
            "count": rating.count,
            "distribution": [{"stars": stars, "count": count} for stars, count in rating.distribution.items()],
            "next": replace_query_param(request.build_absolute_uri(), "after", page.after) if page.after else None,
            "results": page.reviews,
        }
        return Response(ReviewPageSerializer(body).data)

    @extend_schema(
        tags=["catalogue"],
        request=WriteReviewSerializer,
        responses={201: OwnReviewSerializer},
        examples=[EXAMPLE],
    )
    def create(self, request: Request, slug: str) -> Response:
        """Review a product that was delivered to you; a second review takes the place of the first."""
        product = _find_product(slug)
        review = review_purchase(product, by=request.user, **self.valid_body(WriteReviewSerializer))
        return Response(OwnReviewSerializer(review).data, status=status.HTTP_201_CREATED)


def _find_product(slug: str) -> Product:
    product = Product.objects.published().filter(slug=slug).first()
    if product is None:
        raise NotFound("There is no product with this slug.")
    return product
