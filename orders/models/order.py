"""An order and its lines: a snapshot of what the customer saw and agreed to."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Round

from carts.models import Cart
from catalog.models import Hold, Variant
from core import clock
from core.money import MONEY_DIGITS
from core.timeline import TimelineEvent, event_values
from orders.flow import ORDER_FLOW, CancelReason, OrderState
from orders.querysets import OrderQuerySet
from payments.models import Bill, Payment


class Order(models.Model):
    """What must reach a customer. Whether it is paid is read from its bills."""

    flow = ORDER_FLOW

    code = models.CharField(max_length=12, unique=True)
    cart = models.OneToOneField(Cart, models.PROTECT, null=True, blank=True, related_name="order")
    placement_key = models.CharField(
        max_length=80, unique=True, editable=False, help_text="The client's key: one order a key."
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="orders")
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=20, blank=True)
    shipping_address = models.JSONField(help_text="Copy of the address at the time of ordering.")
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=OrderState, default=OrderState.PENDING)
    cancel_reason = models.CharField(max_length=10, choices=CancelReason, blank=True)
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, blank=True, related_name="order")
    currency = models.CharField(max_length=3)
    goods_total = models.DecimalField(**MONEY_DIGITS)
    shipping_total = models.DecimalField(**MONEY_DIGITS)
    discount_total = models.DecimalField(**MONEY_DIGITS, default=0)
    tax_total = models.DecimalField(
        **MONEY_DIGITS, help_text="Contained in the total, or added to it: see prices_include_tax."
    )
    total = models.DecimalField(**MONEY_DIGITS)
    prices_include_tax = models.BooleanField()
    shipping_tax = models.DecimalField(**MONEY_DIGITS, default=0)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    tax_name = models.CharField(max_length=40, blank=True)
    shipping_method = models.CharField(max_length=40)
    shipping_name = models.CharField(max_length=80)
    is_pickup = models.BooleanField(default=False)
    payment_method = models.CharField(max_length=20, choices=Payment.Method)
    placed_at = models.DateTimeField(default=clock.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("mark_paid_order", "Can say that money for an order has arrived"),
            ("pack_order", "Can start packing orders"),
            ("dispatch_order", "Can send orders"),
            ("cancel_order", "Can cancel orders"),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(fields=["email", "-id"], name="order_by_email"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=OrderState.values), name="order_state_known"),
            # SQLite reckons with floats; rounded, its sums are those of the other engines.
            models.CheckConstraint(
                condition=models.Q(
                    prices_include_tax=True,
                    total=Round(models.F("goods_total") + models.F("shipping_total") - models.F("discount_total"), 2),
                )
                | models.Q(
                    prices_include_tax=False,
                    total=Round(
                        models.F("goods_total")
                        + models.F("shipping_total")
                        - models.F("discount_total")
                        + models.F("tax_total"),
                        2,
                    ),
                ),
                name="order_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def record(self, **event: Any) -> None:
        """Write one row of the order's timeline."""
        OrderEvent.objects.create(order=self, **event_values(**event))


class OrderEvent(TimelineEvent):
    """Something that happened to an order."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events")

    class Meta(TimelineEvent.Meta):
        indexes = [models.Index(fields=["order", "at"], name="order_events")]


class OrderLine(models.Model):
    """What was promised: name, price and tax as they were, whatever the catalogue says later."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+")
    sku = models.CharField("SKU", max_length=40)
    name = models.CharField(max_length=330)
    grade = models.CharField(max_length=1, choices=Variant.Grade)
    options = models.CharField(max_length=300, blank=True, help_text="The chosen configuration in words.")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(**MONEY_DIGITS)
    discount = models.DecimalField(**MONEY_DIGITS, default=0)
    tax = models.DecimalField(**MONEY_DIGITS)
    total = models.DecimalField(**MONEY_DIGITS, help_text="Quantity × unit price − discount.")
    due_now = models.DecimalField(**MONEY_DIGITS, help_text="The part of it that the placed bill asks for.")
    rental_months = models.PositiveSmallIntegerField(null=True, blank=True)
    monthly_price = models.DecimalField(**MONEY_DIGITS, null=True, blank=True)

    class Meta:
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class OrderBill(models.Model):
    """Why an order has a bill."""

    class Reason(models.TextChoices):
        PLACED = "placed", "Order placed"
        CHANGED = "changed", "Order changed"

    order = models.ForeignKey(Order, models.PROTECT, related_name="order_bills")
    bill = models.OneToOneField(Bill, models.PROTECT, related_name="order_bill")
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.PLACED)

    def __str__(self) -> str:
        return f"{self.order_id}: {self.reason}"
