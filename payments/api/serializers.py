"""What the API tells of saved cards."""

from rest_framework import serializers

from core import clock
from payments.models import SavedMethod


class SavedCardSerializer(serializers.ModelSerializer):
    """A card that its owner lets the shop keep. The shop never sees its number."""

    id = serializers.CharField(source="method_id", read_only=True)
    is_default = serializers.BooleanField(read_only=True, help_text="Later charges use this card.")
    expires_soon = serializers.SerializerMethodField(help_text="It ends this month or within the next two.")
    is_expired = serializers.SerializerMethodField()

    class Meta:
        model = SavedMethod
        fields = [
            "id",
            "brand",
            "last4",
            "expires_month",
            "expires_year",
            "is_default",
            "expires_soon",
            "is_expired",
            "saved_at",
        ]
        read_only_fields = fields

    def get_expires_soon(self, card: SavedMethod) -> bool:
        return card.ends_soon(clock.today())

    def get_is_expired(self, card: SavedMethod) -> bool:
        return card.is_over(clock.today())
