"""The page of an order: what to do next on top, then everything about it, all of it read-only."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import MOST_AT_ONCE, DeedButtons
from core.money import ZERO, amount_text
from orders.admin.deeds import ORDER_DEEDS
from orders.admin.forms import amount_owed
from orders.admin.inlines import OrderBillInline, OrderEventInline, OrderLineInline, ShipmentInline
from orders.admin.refunds import dispute_words, refund_links
from orders.flow import OrderState
from orders.fulfilment import pick_list
from orders.models import Order, OrderBill
from payments.flow import BillState
from payments.models import Dispute

PICKABLE = (OrderState.CONFIRMED, OrderState.PACKING)


class DisputedFilter(admin.SimpleListFilter):
    """Whether a customer disputes, or has won back at the bank, money of the order."""

    title = "disputed"
    parameter_name = "disputed"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", "Now"), ("lost", "And lost")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        reads = {"open": Dispute.objects.open, "lost": Dispute.objects.lost}
        read = reads.get(self.value() or "")
        return queryset.filter(order_bills__bill__payments__disputes__in=read()).distinct() if read else queryset


@admin.register(Order)
class OrderAdmin(DeedButtons, ReadOnlyAdmin):
    """Orders are placed by customers and moved by deeds, so nothing here can be typed."""

    deeds = ORDER_DEEDS
    list_display = [
        "code",
        "placed_at",
        "state",
        "email",
        "total_text",
        "is_paid",
        "shipping_name",
    ]
    list_filter = ["state", "payment_method", "is_pickup", DisputedFilter, "cancel_reason", "placed_at"]
    search_fields = ["=code", "email", "phone", "=shipments__tracking_number", "=order_bills__bill__code"]
    search_help_text = "Order, e-mail, phone, tracking number or bill. The search on the home page also knows serials."
    ordering = ["-id"]
    actions = ["print_pick_list"]
    inlines = [OrderLineInline, OrderBillInline, ShipmentInline, OrderEventInline]
    fieldsets = [
        (None, {"fields": [("code", "state", "placed_at"), ("customer", "email", "phone"), "note"]}),
        ("Delivery", {"fields": [("shipping", "address")]}),
        (
            "Money",
            {
                "fields": [
                    ("goods_total_text", "shipping_total_text", "discount_total_text"),
                    ("tax", "total_text", "payment_method"),
                    "refunds",
                    "disputes",
                ]
            },
        ),
    ]
    total_text = money_column("total")
    goods_total_text = money_column("goods_total", "goods")
    shipping_total_text = money_column("shipping_total", "shipping")
    discount_total_text = money_column("discount_total", "discount")

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> Sequence[str]:
        money = ["goods_total_text", "shipping_total_text", "discount_total_text", "total_text"]
        return ["customer", "shipping", "address", "tax", "refunds", "disputes", *money]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Add `is_unpaid`: whether a bill of the order is still open."""
        unpaid = OrderBill.objects.filter(order=OuterRef("pk"), bill__state=BillState.OPEN)
        return super().get_queryset(request).annotate(is_unpaid=Exists(unpaid))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Order | None:
        """Bring the bills along: the next action and the buttons depend on them."""
        order = super().get_object(request, object_id, from_field)
        if order is not None:
            prefetch_related_objects([order], "user", "order_bills__bill__payments__disputes")
        return order

    @admin.display(description="paid", boolean=True)
    def is_paid(self, order: Order) -> bool | None:
        """Whether nothing is owed; unknown for a cancelled order, which owes nothing and may not have been paid."""
        return None if order.state == OrderState.CANCELLED else not order.is_unpaid  # type: ignore[attr-defined]

    @admin.display(description="customer")
    def customer(self, order: Order) -> SafeString | str:
        """The account, or that there is none."""
        if order.user is None:
            return "Guest"
        name = order.user.get_full_name() or order.user.email
        return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[order.user_id]), name)

    @admin.display(description="shipping")
    def shipping(self, order: Order) -> str:
        """The method's name at the time of ordering."""
        return order.shipping_name

    @admin.display(description="address")
    def address(self, order: Order) -> SafeString:
        """As it was when the order was placed."""
        names = ("full_name", "line1", "line2", "postal_code", "city", "region", "country", "phone")
        parts = [order.shipping_address.get(name) for name in names]
        return format_html_join("", "{}<br>", ((part,) for part in parts if part))

    @admin.display(description="tax")
    def tax(self, order: Order) -> str:
        """How much, of what, and whether it is contained in the total."""
        amount = amount_text(order.tax_total, order.currency)
        how = "contained in the total" if order.prices_include_tax else "added to the total"
        return f"{amount} {order.tax_name} {order.tax_rate.normalize():f} %, {how}"

    @admin.display(description="refunds")
    def refunds(self, order: Order) -> SafeString | str:
        """What has gone back or will, each with its lines."""
        return refund_links(order)

    @admin.display(description="disputes")
    def disputes(self, order: Order) -> str:
        """What the bank holds or took."""
        return dispute_words(order) or "–"

    def next_action(self, order: Order) -> str:
        return next_action_for(order)

    def bulk_total(self, orders: Sequence[Order]) -> str:
        if not orders:
            return ""
        return f"{amount_text(sum((order.total for order in orders), ZERO), orders[0].currency)} together"

    def links(self, request: HttpRequest, order: Order) -> Sequence[tuple[str, str]]:
        links = [("Receipt", f"/orders/{order.code}/receipt/")]
        if order.state in PICKABLE and self.has_pack_permission(request):
            links.append(("Pick list", reverse("admin:orders_order_pick_list", args=[order.pk])))
        return links

    def has_pack_permission(self, request: HttpRequest) -> bool:
        """Who packs may print pick lists."""
        return request.user.has_perm("orders.pack_order")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pick_list_view)
        return [path("<int:object_id>/pick-list/", view, name="orders_order_pick_list"), *super().get_urls()]

    def pick_list_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The pick list of one order."""
        if not self.has_pack_permission(request) or not self.has_view_permission(request):
            raise PermissionDenied
        order = self.get_object(request, str(object_id))
        if order is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        return self._show_pick_list(request, [order])

    @admin.action(description="Print the pick list", permissions=["pack"])
    def print_pick_list(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        """What to fetch for the chosen orders, in the order of the shelves."""
        orders = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(orders) > MOST_AT_ONCE:
            self.message_user(request, f"Choose at most {MOST_AT_ONCE} orders for one pick list.", messages.ERROR)
            return None
        return self._show_pick_list(request, orders)

    def _show_pick_list(self, request: HttpRequest, orders: Sequence[Order]) -> HttpResponse:
        ready = [order for order in orders if order.state in PICKABLE]
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Pick list",
            "subtitle": None,
            "orders": ready,
            "others": [order for order in orders if order not in ready],
            "picks": pick_list(ready),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/orders/order/pick_list.html", context)


def next_action_for(order: Order) -> str:
    """Say what staff do with this order now. Reads the bills and disputes on `order`."""
    disputed = dispute_words(order)
    return f"{disputed}. Now: {_next_step(order)}" if disputed else _next_step(order)


def _next_step(order: Order) -> str:
    owed = amount_owed(order)
    owed_words = amount_text(owed, order.currency)
    if order.state == OrderState.PENDING:
        return _wait_for_money(order, owed_words)
    if order.state == OrderState.CONFIRMED:
        return "fetch the items (pick list) and start packing."
    if order.state == OrderState.PACKING:
        where = "lay it ready at the counter" if order.is_pickup else "send it"
        return f"scan the serial numbers and {where}."
    if order.state == OrderState.SHIPPED:
        where = "it lies at the counter" if order.is_pickup else "it is on its way"
        money = f" and {owed_words} is paid" if owed else ""
        return f"{where}; confirm the delivery when the customer has it{money}."
    if order.state == OrderState.DELIVERED:
        return f"{owed_words} is still to be paid." if owed else "nothing, the order is delivered."
    return f"nothing, the order is off: {order.get_cancel_reason_display().lower()}."


def _wait_for_money(order: Order, owed: str) -> str:
    bill = next((link.bill for link in order.order_bills.all() if link.bill.state == BillState.OPEN), None)
    reference = f" with reference {bill.code}" if bill else ""
    until = f" until {date_format(localtime(bill.due_at), 'j F Y, H:i')}" if bill and bill.due_at else ""
    method = order.get_payment_method_display().lower()
    return f"wait for {owed} by {method}{reference}{until}, then mark the order as paid."
