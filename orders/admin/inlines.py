"""What belongs to an order, as plain tables on its page."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from core.admin import ReadOnlyInline, TimelineInline, money_column
from core.money import amount_text
from orders.models import Allocation, OrderBill, OrderEvent, OrderLine, Shipment


def unit_links(allocations: list[Allocation]) -> SafeString | str:
    """Return the serial numbers (or unit numbers) of allocations, each a link to its unit, and where the unit lies."""
    if not allocations:
        return "–"
    return format_html_join(
        ", ",
        '<a href="{}">{}</a>{}',
        (
            (
                reverse("admin:catalog_unit_change", args=[allocation.unit_id]),
                allocation.unit,
                f" ({allocation.unit.bin})" if allocation.unit.bin else "",
            )
            for allocation in allocations
        ),
    )


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    verbose_name_plural = "lines"
    fields = ("quantity", "item", "sku", "units", "unit_price_text", "total_text")
    unit_price_text = money_column("unit_price", "price")
    total_text = money_column("total")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return super().get_queryset(request).prefetch_related("allocations__unit")

    @admin.display(description="item")
    def item(self, line: OrderLine) -> SafeString:
        """Name, grade and configuration as the customer saw them, and the plan of what is rented."""
        facts = [line.get_grade_display(), line.options]
        if line.rental_months:
            facts.append(f"rented for {line.rental_months} months")
        if line.discount:
            facts.append(f"{line.discount} off")
        return format_html("{}<br><small>{}</small>", line.name, " · ".join(fact for fact in facts if fact))

    @admin.display(description="units")
    def units(self, line: OrderLine) -> SafeString | str:
        """The units promised or sent; those that were released again are not shown."""
        return unit_links([promise for promise in line.allocations.all() if promise.released_at is None])


class ShipmentInline(ReadOnlyInline):
    model = Shipment
    fields = ("code", "state", "carrier", "tracking", "dispatched_at", "delivered_at")
    show_change_link = True

    @admin.display(description="tracking")
    def tracking(self, shipment: Shipment) -> SafeString | str:
        """The number, as a link when the carrier has a page for it."""
        if not shipment.tracking_url:
            return shipment.tracking_number or "–"
        words = shipment.tracking_number or "follow the parcel"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', shipment.tracking_url, words)


class OrderBillInline(ReadOnlyInline):
    model = OrderBill
    verbose_name_plural = "bills and payments"
    fields = ("bill_link", "reason", "state", "amount", "due", "payments")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderBill]:
        return super().get_queryset(request).select_related("bill").prefetch_related("bill__payments")

    @admin.display(description="bill")
    def bill_link(self, link: OrderBill) -> SafeString:
        """The reference that the customer prints on the transfer."""
        return format_html('<a href="{}">{}</a>', reverse("admin:payments_bill_change", args=[link.bill_id]), link.bill)

    @admin.display(description="state")
    def state(self, link: OrderBill) -> str:
        """Whether it is paid."""
        return link.bill.get_state_display()

    @admin.display(description="amount")
    def amount(self, link: OrderBill) -> str:
        """What it asks for."""
        return amount_text(link.bill.amount, link.bill.currency)

    @admin.display(description="due")
    def due(self, link: OrderBill) -> str:
        """Until when, in the shop's zone."""
        return date_format(localtime(link.bill.due_at), "DATETIME_FORMAT") if link.bill.due_at else "–"

    @admin.display(description="payments")
    def payments(self, link: OrderBill) -> SafeString | str:
        """Each try: how, what came of it, and the bank's reference."""
        tries = link.bill.payments.all()
        if not tries:
            return "–"
        return format_html_join(
            "; ",
            '<a href="{}">{}</a>: {}, {}{}',
            (
                (
                    reverse("admin:payments_payment_change", args=[payment.pk]),
                    payment.key,
                    payment.get_method_display(),
                    f"{amount_text(payment.captured_amount, payment.currency)} received"
                    if payment.captured_amount
                    else payment.get_state_display().lower(),
                    f" ({payment.reference})" if payment.reference else "",
                )
                for payment in tries
            ),
        )


class OrderEventInline(TimelineInline):
    model = OrderEvent
