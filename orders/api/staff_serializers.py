"""What the staff's order endpoints take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import email_key
from accounts.validators import validate_one_line
from core.api.fields import MoneyField
from core.api.queries import PageQuery
from core.api.serializers import StrictSerializer
from orders.api.serializers import CODE_LENGTH, OrderLineSerializer, OrderSerializer, OrderSummarySerializer
from orders.flow import OrderState
from orders.models import OrderLine

MOST_SERIALS = 99


class StaffOrderQuery(PageQuery):
    """Filters of all orders."""

    state = serializers.ChoiceField(choices=OrderState.choices, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    code = serializers.CharField(max_length=CODE_LENGTH, required=False)

    def validate_email(self, value: str) -> str:
        return email_key(value)


class MarkPaidSerializer(StrictSerializer):
    """Money that has arrived. The same reference and amount again changes nothing."""

    amount = MoneyField(help_text="What arrived, in the order's currency.")
    reference = serializers.CharField(
        max_length=100, validators=[validate_one_line], help_text="The bank's reference or the receipt number."
    )


class ScannedSerializer(StrictSerializer):
    """The serial numbers packed for one line."""

    line = serializers.IntegerField(min_value=1, max_value=1000, help_text="The line's number in the order.")
    serials = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MOST_SERIALS)


class DispatchSerializer(StrictSerializer):
    """A parcel leaves. Units without a serial number need no entry in `lines`."""

    carrier = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", validators=[validate_one_line]
    )
    tracking_number = serializers.CharField(
        max_length=80, required=False, allow_blank=True, default="", validators=[validate_one_line]
    )
    tracking_url = serializers.URLField(max_length=200, required=False, allow_blank=True, default="")
    lines = ScannedSerializer(many=True, required=False, default=list)

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        numbers = [entry["line"] for entry in lines]
        if len(set(numbers)) != len(numbers):
            raise serializers.ValidationError("Give each line once, with all its serial numbers.", code="repeated")
        return lines


class ReturnSerializer(StrictSerializer):
    """Why a parcel came back."""

    reason = serializers.CharField(max_length=300, validators=[validate_one_line])


class PromisedUnitSerializer(serializers.Serializer):
    """An item kept for a line: what to fetch and from where, or what was sent."""

    serial = serializers.CharField(source="unit.serial", allow_null=True)
    bin = serializers.CharField(source="unit.bin")
    shipment = serializers.CharField(source="shipment.code", default=None, allow_null=True)


class StaffOrderLineSerializer(OrderLineSerializer):
    """A line with the items promised to it."""

    units = serializers.SerializerMethodField()

    @extend_schema_field(PromisedUnitSerializer(many=True))
    def get_units(self, line: OrderLine) -> list[dict[str, Any]]:
        return PromisedUnitSerializer(line.allocations.all(), many=True).data


class StaffOrderSummarySerializer(OrderSummarySerializer):
    """An order in the staff's list."""

    email = serializers.EmailField()
    is_pickup = serializers.BooleanField()
    shipping_name = serializers.CharField()


class StaffOrderSerializer(OrderSerializer):
    """An order with what staff need to pack it."""

    lines = StaffOrderLineSerializer(many=True)
