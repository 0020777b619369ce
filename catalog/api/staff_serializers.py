"""What the catalogue's staff endpoints take: goods, prices and stock."""

from typing import Any

from rest_framework import serializers

from accounts.validators import validate_one_line
from catalog.models import Category, Product, Unit, Variant
from catalog.receiving import MAX_UNITS_AT_ONCE, SERIAL_MAX_LENGTH
from core.api.fields import MoneyField
from core.api.serializers import StrictSerializer


class WriteProductSerializer(StrictSerializer):
    """A product's own columns. Its address (slug) and identity are made by the shop and stay."""

    category = serializers.SlugRelatedField(slug_field="slug", queryset=Category.objects.all())
    brand = serializers.CharField(
        max_length=80,
        required=False,
        allow_null=True,
        validators=[validate_one_line],
        help_text="The maker's name; a new one is added when your role lets you.",
    )
    name = serializers.CharField(max_length=250, validators=[validate_one_line])
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    specs = serializers.DictField(required=False, help_text="Spec key to value, in the category's units.")
    warranty_months = serializers.IntegerField(min_value=0, max_value=120, required=False)
    box_contents = serializers.ListField(
        child=serializers.CharField(max_length=200, validators=[validate_one_line]), max_length=40, required=False
    )
    not_in_box = serializers.ListField(
        child=serializers.CharField(max_length=200, validators=[validate_one_line]), max_length=40, required=False
    )
    status = serializers.ChoiceField(choices=Product.Status.choices, required=False)


class ChangeVariantSerializer(StrictSerializer):
    """What may change about a variant. Its grade and options are what it is: another choice is another variant."""

    price = MoneyField(allow_null=True, required=False, help_text="Null: can be found but not bought.")
    list_price = MoneyField(allow_null=True, required=False, help_text="Former or new price, above the price.")
    max_per_order = serializers.IntegerField(min_value=1, max_value=99, allow_null=True, required=False)
    is_offered = serializers.BooleanField(required=False)


class CreateVariantSerializer(ChangeVariantSerializer):
    """A new variant of a product. Without a `sku` the shop makes one."""

    product = serializers.SlugRelatedField(slug_field="slug", queryset=Product.objects.all())
    sku = serializers.RegexField(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z", required=False)
    grade = serializers.ChoiceField(choices=Variant.Grade.choices, required=False)
    options = serializers.DictField(required=False, help_text="Variant axis to value, in the category's units.")


class ReceiveSerializer(StrictSerializer):
    """Units that have come in: their serial numbers, or how many there are without any."""

    serials = serializers.ListField(
        child=serializers.CharField(max_length=SERIAL_MAX_LENGTH),
        max_length=MAX_UNITS_AT_ONCE,
        required=False,
        default=list,
    )
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_UNITS_AT_ONCE, required=False)
    bin = serializers.CharField(
        max_length=20, required=False, allow_blank=True, default="", validators=[validate_one_line]
    )
    cost = MoneyField(required=False, allow_null=True, default=None, help_text="What the shop paid for each.")
    on_sale = serializers.BooleanField(
        required=False, default=False, help_text="True: tested already, put them on the shelf at once."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["serials"]) == ("quantity" in attrs):
            raise serializers.ValidationError({"serials": "Send either serials or a quantity."}, code="required")
        return attrs


class ReceivedUnitSerializer(serializers.Serializer):
    """A unit as it was received."""

    serial = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=Unit._meta.get_field("state").choices)
    bin = serializers.CharField()


class ReceivedSerializer(serializers.Serializer):
    """What came in, and how many of the variant can be taken now."""

    sku = serializers.CharField()
    received = serializers.IntegerField()
    available = serializers.IntegerField()
    units = ReceivedUnitSerializer(many=True)
