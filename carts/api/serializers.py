"""What the cart endpoints take and give."""

from rest_framework import serializers

from accounts.countries import validate_country
from carts.baskets import MAX_QUANTITY
from carts.models import ShippingMethod, WishlistItem
from carts.quoting import Quote, QuoteLine
from catalog.models import RentalPlan, Variant
from catalog.wording import options_text
from core.api.fields import InstantField, MoneyField
from core.api.serializers import StrictSerializer


class CartQuery(StrictSerializer):
    """Where the cart would go and how, so that shipping and tax are counted in."""

    country = serializers.CharField(
        max_length=2, required=False, validators=[validate_country], help_text="ISO 3166 code; without it the shop's."
    )
    region = serializers.CharField(max_length=100, required=False, help_text="Province or state, for the tax.")
    shipping_method = serializers.SlugRelatedField(
        slug_field="code",
        queryset=ShippingMethod.objects.filter(is_active=True),
        required=False,
        help_text="Code of a way of shipping; without it shipping counts as 0.00.",
    )


class AddItemSerializer(StrictSerializer):
    """One variant and how many more of it."""

    sku = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    months = serializers.ChoiceField(
        choices=RentalPlan.Months.choices,
        required=False,
        allow_null=True,
        default=None,
        help_text="Rent it to own for so many months; without it, it is bought.",
    )


class ChangeItemSerializer(StrictSerializer):
    """The new quantity of a line; 0 removes it."""

    quantity = serializers.IntegerField(min_value=0, max_value=MAX_QUANTITY)


class RentSerializer(serializers.Serializer):
    """The rental plan of a line."""

    months = serializers.IntegerField()
    monthly_price = MoneyField(read_only=True)


class CartLineSerializer(serializers.Serializer):
    """One line of a cart at today's price."""

    code = serializers.CharField(source="item_code", help_text="Names the line in cart/items/{code}/.")
    sku = serializers.CharField(source="variant.sku")
    name = serializers.CharField(source="variant.product.full_name")
    product = serializers.SlugField(source="variant.product.slug")
    grade = serializers.ChoiceField(choices=Variant.Grade.choices, source="variant.grade")
    options = serializers.SerializerMethodField(help_text="The chosen configuration in words.")
    quantity = serializers.IntegerField()
    available = serializers.IntegerField(help_text="How many could be taken now.")
    unit_price = MoneyField(read_only=True)
    total = MoneyField(read_only=True)
    due_now = MoneyField(read_only=True)
    rent = RentSerializer(source="rental_plan", allow_null=True)
    problem = serializers.ChoiceField(
        choices=["", "sold_out", "not_for_sale", "plan_not_available"],
        help_text="Why this line cannot be ordered as it stands, or empty.",
    )

    def get_options(self, line: QuoteLine) -> str:
        return options_text(line.variant, line.variant.product.category)


class CartSerializer(serializers.Serializer):
    """A cart and what it costs now. `total` is the `expected_total` of an order to the same place by the same way."""

    code = serializers.SerializerMethodField(
        help_text="A guest's secret, told once, when the cart is opened. Send it as X-Cart-Code."
    )
    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    items = CartLineSerializer(many=True, source="lines")
    item_count = serializers.IntegerField()
    shipping_method = serializers.SlugField(source="shipping_method.code", default=None, allow_null=True)
    goods_total = MoneyField(read_only=True)
    shipping_total = MoneyField(read_only=True)
    discount_total = MoneyField(read_only=True)
    tax_name = serializers.CharField(source="tax.name")
    tax_percent = serializers.DecimalField(max_digits=6, decimal_places=3, source="tax.percent")
    tax_total = MoneyField(read_only=True)
    total = MoneyField(read_only=True, help_text="To be paid with the order: everything bought, and first rents.")
    monthly = MoneyField(read_only=True, help_text="Rent that falls due a month later, all terms together.")
    total_in_the_end = MoneyField(read_only=True, help_text="Everything, until all of it belongs to the customer.")
    has_problems = serializers.BooleanField()
    notices = serializers.SerializerMethodField(help_text="What bringing two carts together had to change.")

    def get_code(self, priced: Quote) -> str | None:
        return self.context.get("new_code")

    def get_notices(self, priced: Quote) -> list[str]:
        cart = self.context.get("cart")
        return cart.notices if cart is not None else []


class KeepSerializer(StrictSerializer):
    """What to keep on the list."""

    sku = serializers.CharField(max_length=40)


class WishSerializer(serializers.Serializer):
    """One offer on a list, as it stands today."""

    sku = serializers.CharField(source="variant.sku")
    name = serializers.CharField(source="variant.product.full_name")
    product = serializers.SlugField(source="variant.product.slug")
    grade = serializers.ChoiceField(choices=Variant.Grade.choices, source="variant.grade")
    options = serializers.SerializerMethodField(help_text="The configuration in words.")
    price = MoneyField(read_only=True, source="variant.price", allow_null=True)
    available = serializers.IntegerField(help_text="How many could be taken now.")
    can_be_bought = serializers.BooleanField(
        source="variant.can_be_bought", help_text="It has a price and is on offer; stock is another question."
    )

    def get_options(self, wish: WishlistItem) -> str:
        return options_text(wish.variant, wish.variant.product.category)


class OwnWishSerializer(WishSerializer):
    """One offer on the caller's own list."""

    price_when_kept = MoneyField(read_only=True, source="price_seen", allow_null=True)
    kept_at = InstantField(source="added_at")


class SharedWishlistSerializer(serializers.Serializer):
    """A list that somebody shares. It says nothing about its owner, nor when what was kept at which price."""

    currency = serializers.CharField()
    items = WishSerializer(many=True)


class WishlistSerializer(serializers.Serializer):
    """The caller's list, newest first; at most 200 things."""

    code = serializers.CharField(
        allow_null=True, help_text="A guest's secret, told once, when the list is opened. Send it as X-Wishlist-Code."
    )
    currency = serializers.CharField()
    share_code = serializers.CharField(
        allow_null=True, help_text="Opens wishlist/shared/{share_code}/; null: nobody's."
    )
    share_url = serializers.URLField(allow_null=True, help_text="The page of the shared list.")
    items = OwnWishSerializer(many=True)
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="What bringing two lists together had to leave out."
    )
