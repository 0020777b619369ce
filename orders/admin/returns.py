"""Machines that come back, in the admin: receive them, inspect them. Settling with the customer follows by itself."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock
from core.admin import ReadOnlyAdmin, money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.refusals import Refusal
from orders.flow import ReturnState
from orders.models import Return
from orders.returning import inspect_return, receive_return


class ReceiveForm(DeedForm):
    """When it left the customer: rent ends on that day, not on the day it came."""

    taken_on = forms.DateField(
        label="Day the carrier took it",
        help_text="From the carrier's label or scan; today when it was brought to the counter.",
        widget=admin.widgets.AdminDateWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taken_on"].initial = clock.today()

    def field_of(self, refusal: Refusal) -> str | None:
        """The day is all that is asked."""
        return "taken_on" if refusal.code == "day_impossible" else None


class InspectForm(DeedForm):
    """What was found, and what damage beyond normal wear costs."""

    findings = forms.CharField(
        max_length=500,
        label="What did you find?",
        help_text="The customer may ask for it. For example: complete, normal wear, starts and charges.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words what you found."},
    )
    damage = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        label="Damage beyond normal wear",
        help_text="What it costs to put right. Empty: none. Normal wear is never charged.",
    )
    market_value = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        label="What the machine was worth before",
        help_text="Needed with a damage: the customer never pays more than this, nor than buying it out.",
    )

    def field_of(self, refusal: Refusal) -> str | None:
        """Refusals stand at the field they speak of."""
        return {
            "findings_missing": "findings",
            "amount_impossible": "damage",
            "market_value_missing": "market_value",
        }.get(refusal.code)


def _receive(returned: Return, *, by: Any, taken_on: date) -> str:
    receive_return(returned, by=by, taken_on=taken_on)
    return "Received. Inspect it next: the customer's money waits for that."


def _inspect(returned: Return, *, by: Any, findings: str, damage: Decimal | None, market_value: Decimal | None) -> str:
    inspect_return(returned, by=by, findings=findings, damage=damage, market_value=market_value)
    return "Inspected. The customer has been told what it comes to; the unit is in testing."


@admin.register(Return)
class ReturnAdmin(DeedButtons, ReadOnlyAdmin):
    """Announced by customers. A unit that came back goes to the test bench, never straight to the shelf."""

    deeds = (
        Deed(
            name="receive",
            label="It is here",
            permission="orders.receive_return",
            run=_receive,
            offered=lambda returned: returned.state == ReturnState.ASKED,
            form=ReceiveForm,
            is_main=True,
        ),
        Deed(
            name="inspect",
            label="Inspected",
            permission="orders.inspect_return",
            run=_inspect,
            offered=lambda returned: returned.state == ReturnState.RECEIVED,
            form=InspectForm,
            question="Compare the serial number with the machine in front of you before you go on.",
            is_main=True,
        ),
    )
    list_display = ["code", "state", "machine", "serial", "customer", "asked_at", "taken_on"]
    list_filter = ["state", "asked_at"]
    list_select_related = ["allocation__line__order", "allocation__unit"]
    search_fields = ["=code", "=allocation__unit__serial", "=allocation__line__order__code"]
    search_help_text = "Return, serial number or order."
    ordering = ["-id"]
    fields = [
        ("code", "state"),
        ("order_link", "machine", "serial", "customer"),
        ("asked_at", "reason"),
        ("taken_on", "received_at", "inspected_at"),
        ("findings", "damage_text", "market_value_text"),
    ]
    readonly_fields = ["order_link", "machine", "serial", "customer", "damage_text", "market_value_text"]
    damage_text = money_column("damage", "damage")
    market_value_text = money_column("market_value", "worth before")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Return]:
        return super().get_queryset(request).select_related("allocation__line__order", "allocation__unit")

    @admin.display(description="machine")
    def machine(self, returned: Return) -> str:
        """What it was sold or rented as."""
        return returned.allocation.line.name

    @admin.display(description="serial number")
    def serial(self, returned: Return) -> str:
        """The number that must stand on the machine."""
        return returned.allocation.unit.serial or "–"

    @admin.display(description="customer")
    def customer(self, returned: Return) -> str:
        """Who sends it."""
        return returned.allocation.line.order.email

    @admin.display(description="order")
    def order_link(self, returned: Return) -> SafeString:
        """The order it went out with."""
        order = returned.allocation.line.order
        return format_html('<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[order.pk]), order.code)

    def next_action(self, returned: Return) -> str:
        return {
            ReturnState.ASKED: "wait for the machine; press the button when it is here.",
            ReturnState.RECEIVED: "inspect it; the customer's money waits for that.",
        }.get(ReturnState(returned.state), "")
