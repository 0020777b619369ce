"""Parcels in the admin: where they are, and what becomes of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock
from core.admin import ReadOnlyInline, StaffAdmin
from core.admin_deeds import DeedButtons
from orders.admin.deeds import SHIPMENT_DEEDS
from orders.flow import ShipmentState
from orders.models import Allocation, Shipment

UNCOLLECTED_AFTER = timedelta(days=2)


def uncollected() -> QuerySet[Shipment]:
    """Return pick-ups that have lain at the counter for more than two days."""
    return Shipment.objects.at_the_counter().filter(dispatched_at__lt=clock.now() - UNCOLLECTED_AFTER)


class WhereFilter(admin.SimpleListFilter):
    """Where the parcel is now."""

    title = "where it is"
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("on_its_way", "On its way"),
            ("counter", "At the counter"),
            ("uncollected", "At the counter for over 2 days"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> QuerySet[Shipment]:
        reads = {
            "on_its_way": Shipment.objects.on_its_way,
            "counter": Shipment.objects.at_the_counter,
            "uncollected": uncollected,
        }
        read = reads.get(self.value() or "")
        return queryset.filter(pk__in=read()) if read else queryset


class ContentsInline(ReadOnlyInline):
    model = Allocation
    verbose_name_plural = "contents"
    fields = ("name", "sku", "unit_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        return super().get_queryset(request).select_related("line", "unit")

    @admin.display(description="name")
    def name(self, allocation: Allocation) -> str:
        """What it is called on the order."""
        return allocation.line.name

    @admin.display(description="SKU")
    def sku(self, allocation: Allocation) -> str:
        """Its SKU on the order."""
        return allocation.line.sku

    @admin.display(description="unit")
    def unit_link(self, allocation: Allocation) -> SafeString:
        """The physical item."""
        url = reverse("admin:catalog_unit_change", args=[allocation.unit_id])
        return format_html('<a href="{}">{}</a>', url, allocation.unit)


@admin.register(Shipment)
class ShipmentAdmin(DeedButtons, StaffAdmin):
    """Made by dispatching an order. Carrier and tracking may be corrected while the parcel is on its way."""

    deeds = SHIPMENT_DEEDS
    list_display = ["code", "order", "state", "carrier", "tracking_number", "dispatched_at", "delivered_at"]
    list_filter = [WhereFilter, "state", "carrier"]
    list_select_related = ["order"]
    search_fields = ["=code", "=tracking_number", "=order__code", "order__email"]
    ordering = ["-id"]
    inlines = [ContentsInline]
    fields = [
        ("code", "state"),
        "order_link",
        "carrier",
        "tracking_number",
        "tracking_url",
        ("dispatched_at", "delivered_at"),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Shipment | None = None) -> Sequence[str]:
        fixed = ["code", "state", "order_link", "dispatched_at", "delivered_at"]
        if obj is not None and obj.state != ShipmentState.DISPATCHED:
            fixed += ["carrier", "tracking_number", "tracking_url"]
        return fixed

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        return super().get_queryset(request).select_related("order")

    @admin.display(description="order")
    def order_link(self, shipment: Shipment) -> SafeString:
        """The order it belongs to."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[shipment.order_id]), shipment.order
        )

    def next_action(self, shipment: Shipment) -> str:
        if shipment.state == ShipmentState.DISPATCHED:
            return "confirm the delivery when it has arrived."
        return ""

    def save_model(self, request: HttpRequest, obj: Shipment, form: Any, change: bool) -> None:
        """Correct the parcel's facts and tell the order's timeline."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            facts = {name: getattr(obj, name) for name in form.changed_data}
            obj.record(kind="corrected", by=request.user, **facts)
