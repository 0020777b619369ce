"""The caller's saved cards over the API."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.permissions import IsAuthenticated

from core.api.views import ApiViewSet
from payments.api.serializers import SavedCardSerializer
from payments.models import SavedMethod
from payments.saved_cards import remove_card


@extend_schema_view(
    list=extend_schema(
        tags=["payments"],
        description="The caller's saved cards, the default one first. A card is saved by paying with `saves_card`.",
    ),
    destroy=extend_schema(
        tags=["payments"],
        description="Let the shop and the card processor keep the card no longer. It can be charged no more.",
    ),
)
class SavedCardViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, ApiViewSet):
    """The caller's own cards; anybody else's card is 404."""

    serializer_class = SavedCardSerializer
    permission_classes = [IsAuthenticated]
    queryset = SavedMethod.objects.none()
    lookup_field = "method_id"
    lookup_value_regex = "[0-9A-Za-z_]{1,255}"

    def get_queryset(self) -> QuerySet[SavedMethod]:
        return SavedMethod.objects.of(self.request.user)

    def perform_destroy(self, instance: SavedMethod) -> None:
        remove_card(instance, by=self.request.user)
