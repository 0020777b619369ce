"""What the customers' order endpoints take and give."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.countries import country_code, validate_country
from accounts.models import email_key
from accounts.validators import validate_one_line, validate_phone
from carts.models import ShippingMethod
from catalog.models import Variant
from core.api.fields import InstantField, MoneyField
from core.api.queries import PageQuery
from core.api.serializers import StrictSerializer
from orders.cancellation import can_be_cancelled
from orders.flow import CancelReason, OrderState, ShipmentState
from orders.models import Order
from orders.paying import payment_methods_for
from payments.flow import BillState
from payments.models import Bill, Payment

CODE_LENGTH = 12
TOKEN_LENGTH = 200


def _line(max_length: int, **options: Any) -> serializers.CharField:
    options.setdefault("validators", [validate_one_line])
    return serializers.CharField(max_length=max_length, **options)


def _optional_line(max_length: int, **options: Any) -> serializers.CharField:
    return _line(max_length, required=False, allow_blank=True, default="", **options)


class PostalAddressSerializer(StrictSerializer):
    """Where the order goes. Picking up needs only `full_name`."""

    full_name = _line(120)
    line1 = _optional_line(200)
    line2 = _optional_line(200)
    city = _optional_line(100)
    region = _optional_line(100)
    postal_code = _optional_line(20)
    country = _optional_line(2, help_text="ISO 3166 code, such as KH.")
    phone = _optional_line(20)

    def validate_country(self, value: str) -> str:
        return country_code(value) if value else ""

    def validate_phone(self, value: str) -> str:
        if value:
            validate_phone(value)
        return value


class PlaceOrderSerializer(StrictSerializer):
    """An order for everything in the cart. Prices, totals and states of the client are never believed.

    `expected_total` is only compared: when the order would cost more, nothing is ordered.
    """

    email = serializers.EmailField(
        max_length=254, required=False, help_text="Guests must give it; an account's own e-mail is used."
    )
    phone = _optional_line(20, validators=[validate_phone], help_text="Without it the address's own phone counts.")
    shipping_address = PostalAddressSerializer(required=False)
    address = serializers.CharField(
        max_length=CODE_LENGTH, required=False, help_text="Code of an address in the caller's address book, instead."
    )
    shipping_method = serializers.SlugRelatedField(slug_field="code", queryset=ShippingMethod.objects.all())
    payment_method = serializers.ChoiceField(choices=Payment.Method.choices)
    expected_total = MoneyField(help_text="The total that the customer has seen.")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = self.context["request"].user
        if ("address" in attrs) == ("shipping_address" in attrs):
            raise serializers.ValidationError({"shipping_address": "Send either shipping_address or address."})
        if user.is_authenticated:
            if email_key(attrs.setdefault("email", user.email)) != user.email:
                raise serializers.ValidationError({"email": "An order of an account uses the account's e-mail."})
        elif "email" not in attrs:
            raise serializers.ValidationError({"email": "A guest must give an e-mail address."}, code="required")
        elif "address" in attrs:
            raise serializers.ValidationError({"address": "Only accounts have an address book."})
        return attrs


class CancelSerializer(StrictSerializer):
    """Why the order is called off, in the customer's own words."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class LookupSerializer(StrictSerializer):
    """An order's code and the e-mail it was placed with."""

    code = serializers.CharField(max_length=20)
    email = serializers.EmailField(max_length=254)


class OrderListQuery(PageQuery):
    """Filters of the caller's own orders."""

    state = serializers.ChoiceField(choices=OrderState.choices, required=False)


class ShippingQuery(StrictSerializer):
    """The country to ship to."""

    country = serializers.CharField(
        max_length=2, required=False, validators=[validate_country], help_text="ISO 3166 code; without it the shop's."
    )


class TokenQuery(StrictSerializer):
    """The signed token of a guest's link."""

    token = serializers.CharField(
        max_length=TOKEN_LENGTH, required=False, help_text="Or send it in the X-Order-Token header."
    )


class PaymentMethodSerializer(serializers.Serializer):
    """A way of paying: its code for programs, its name for people."""

    code = serializers.ChoiceField(choices=Payment.Method.choices, source="value")
    name = serializers.CharField(source="label")


class ShippingMethodSerializer(serializers.Serializer):
    """A way of shipping and the ways of paying that go with it."""

    code = serializers.SlugField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ShippingMethod.Kind.choices)
    price = MoneyField(read_only=True)
    free_over = MoneyField(read_only=True, allow_null=True, help_text="Free from this sum of goods on.")
    currency = serializers.SerializerMethodField()
    days_min = serializers.IntegerField(help_text="Working days, at least.")
    days_max = serializers.IntegerField(help_text="Working days, at most.")
    payment_methods = serializers.SerializerMethodField()

    def get_currency(self, method: ShippingMethod) -> str:
        return settings.SHOP_CURRENCY

    @extend_schema_field(PaymentMethodSerializer(many=True))
    def get_payment_methods(self, method: ShippingMethod) -> list[dict[str, str]]:
        return PaymentMethodSerializer(payment_methods_for(method, has_rent=False), many=True).data


class OrderLineSerializer(serializers.Serializer):
    """What was promised, at the price of the order."""

    line = serializers.IntegerField(source="position")
    sku = serializers.CharField()
    name = serializers.CharField()
    grade = serializers.ChoiceField(choices=Variant.Grade.choices)
    options = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField(read_only=True)
    discount = MoneyField(read_only=True)
    tax = MoneyField(read_only=True)
    total = MoneyField(read_only=True)
    due_now = MoneyField(read_only=True)
    rental_months = serializers.IntegerField(allow_null=True)
    monthly_price = MoneyField(read_only=True, allow_null=True)


class ShipmentSerializer(serializers.Serializer):
    """A parcel, or a pick-up at the counter."""

    code = serializers.CharField()
    state = serializers.ChoiceField(choices=ShipmentState.choices)
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    tracking_url = serializers.CharField()
    dispatched_at = InstantField()
    delivered_at = InstantField(allow_null=True)


class BillSerializer(serializers.Serializer):
    """What is to be paid. `code` is the reference for a bank transfer."""

    code = serializers.CharField()
    state = serializers.ChoiceField(choices=BillState.choices)
    amount = MoneyField(read_only=True)
    currency = serializers.CharField()
    due_at = InstantField(allow_null=True)
    settled_at = InstantField(allow_null=True)
    instructions = serializers.SerializerMethodField(help_text="How to pay, when it is by bank transfer.")

    def get_instructions(self, bill: Bill) -> str:
        is_transfer = self.context.get("payment_method") == Payment.Method.BANK_TRANSFER
        return settings.BANK_TRANSFER_INSTRUCTIONS if is_transfer and bill.state == BillState.OPEN else ""


class OrderSummarySerializer(serializers.Serializer):
    """An order in a list."""

    code = serializers.CharField()
    state = serializers.ChoiceField(choices=OrderState.choices)
    is_paid = serializers.SerializerMethodField()
    currency = serializers.CharField()
    total = MoneyField(read_only=True)
    payment_method = serializers.ChoiceField(choices=Payment.Method.choices)
    placed_at = InstantField()
    confirmed_at = InstantField(allow_null=True)

    def get_is_paid(self, order: Order) -> bool:
        return all(row.bill.state == BillState.SETTLED for row in order.order_bills.all())


class OrderSerializer(OrderSummarySerializer):
    """An order with everything its customer may know."""

    cancel_reason = serializers.ChoiceField(choices=[("", "Not cancelled"), *CancelReason.choices])
    can_be_cancelled = serializers.SerializerMethodField()
    email = serializers.EmailField()
    phone = serializers.CharField()
    shipping_address = PostalAddressSerializer()
    note = serializers.CharField()
    shipping_method = serializers.CharField()
    shipping_name = serializers.CharField()
    is_pickup = serializers.BooleanField()
    prices_include_tax = serializers.BooleanField()
    goods_total = MoneyField(read_only=True)
    shipping_total = MoneyField(read_only=True)
    discount_total = MoneyField(read_only=True)
    tax_name = serializers.CharField()
    tax_rate = serializers.DecimalField(max_digits=6, decimal_places=3, help_text="Per cent.")
    tax_total = MoneyField(read_only=True)
    lines = OrderLineSerializer(many=True)
    bills = serializers.SerializerMethodField()
    shipments = ShipmentSerializer(many=True)

    def get_can_be_cancelled(self, order: Order) -> bool:
        return can_be_cancelled(order, reason=CancelReason.CUSTOMER)

    @extend_schema_field(BillSerializer(many=True))
    def get_bills(self, order: Order) -> list[dict[str, Any]]:
        bills = [row.bill for row in order.order_bills.all()]
        return BillSerializer(bills, many=True, context={"payment_method": order.payment_method}).data


class PlacedOrderSerializer(OrderSerializer):
    """A new order. `token` opens a guest's order for 24 hours; an account's is null."""

    token = serializers.SerializerMethodField()

    def get_token(self, order: Order) -> str | None:
        return self.context.get("token")
