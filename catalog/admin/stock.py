"""Units and holds: where every physical item is and has been."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.goods import row_named
from catalog.admin.photos import PhotosOfOne
from catalog.admin.receiving import ReceiveForm, receivable
from catalog.flow import UNIT_FLOW, UnitState
from catalog.models import Hold, Unit, UnitEvent
from catalog.receiving import put_on_sale, receive_units, take_off_sale
from core.admin import ReadOnlyAdmin, ReadOnlyInline, StaffAdmin, TimelineInline
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import ZERO
from core.refusals import Refusal


class UnitReasonForm(DeedForm):
    """Why. It stands in the unit's timeline."""

    reason = forms.CharField(
        max_length=300,
        help_text="It stands in the unit's timeline.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words why."},
    )


def _put_on_sale(unit: Unit, *, by: Any) -> str:
    put_on_sale([unit], by=by)
    return "On sale."


def _take_off(unit: Unit, *, by: Any, to: UnitState, words: str, reason: str = "") -> str:
    take_off_sale([unit], to=to, by=by, reason=reason)
    return words


def _can_become(state: UnitState, unit: Unit) -> bool:
    return UNIT_FLOW.allows(unit.state, state)


UNIT_DEEDS = (
    Deed(
        name="put_on_sale",
        label="Put on sale",
        permission="catalog.shelve_unit",
        run=_put_on_sale,
        offered=lambda unit: unit.state in (UnitState.INTAKE, UnitState.TESTING),
        bulk=True,
        is_main=True,
    ),
    Deed(
        name="send_to_testing",
        label="Send to testing",
        permission="catalog.shelve_unit",
        run=partial(_take_off, to=UnitState.TESTING, words="Waiting for its test."),
        offered=partial(_can_become, UnitState.TESTING),
        bulk=True,
    ),
    Deed(
        name="send_to_repair",
        label="Send to repair",
        permission="catalog.shelve_unit",
        run=partial(_take_off, to=UnitState.REPAIR, words="In repair."),
        offered=partial(_can_become, UnitState.REPAIR),
        form=UnitReasonForm,
        bulk=True,
    ),
    Deed(
        name="scrap",
        label="Scrap",
        permission="catalog.scrap_unit",
        run=partial(_take_off, to=UnitState.SCRAPPED, words="Scrapped."),
        offered=partial(_can_become, UnitState.SCRAPPED),
        form=UnitReasonForm,
        question="A scrapped unit never comes back.",
        bulk=True,
        is_danger=True,
    ),
)


class StageFilter(admin.SimpleListFilter):
    """Where in the house."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("quality_control", "In quality control")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Unit]) -> QuerySet[Unit]:
        return queryset.in_quality_control() if self.value() == "quality_control" else queryset


class UnitEventInline(TimelineInline):
    model = UnitEvent


@admin.register(Unit)
class UnitAdmin(PhotosOfOne, DeedButtons, StaffAdmin):
    """One row for every item. Its state moves by deeds only; what was seen and measured on it can be written down."""

    deeds = UNIT_DEEDS
    list_display = ["__str__", "variant", "state", "bin", "hold", "received_at", "tested_on"]
    list_filter = [StageFilter, "state", ("tested_on", admin.EmptyFieldListFilter)]
    list_select_related = ["variant__product__brand", "hold"]
    search_fields = ["=serial", "=variant__sku", "=bin", "variant__product__name"]
    ordering = ["-id"]
    change_list_template = "admin/catalog/unit/change_list.html"
    inlines = [UnitEventInline]
    fieldsets = [
        (None, {"fields": [("serial", "state"), "variant_link", ("hold", "received_at"), "bin", "cost"]}),
        (
            "Condition",
            {
                "fields": [
                    "grade_notes",
                    "replaced_parts",
                    ("battery_health_percent", "disk_health_percent"),
                    "tested_on",
                    "test_report",
                    "wipe_certificate",
                ]
            },
        ),
    ]
    readonly_fields = ["serial", "state", "variant_link", "hold", "received_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Unit]:
        return super().get_queryset(request).select_related("variant__product__brand", "hold")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Links from a variant's page show its units."""
        return lookup == "variant__id__exact" or super().lookup_allowed(lookup, value, request)

    def links(self, request: HttpRequest, unit: Unit) -> Sequence[tuple[str, str]]:
        """Return the page of the unit's own photos."""
        return self.photos_link(request, unit)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Units come in on the page for receiving stock."""
        return False

    def has_receive_permission(self, request: HttpRequest) -> bool:
        """Who may let goods in."""
        return request.user.has_perm("catalog.receive_unit") and self.has_view_or_change_permission(request)

    @admin.display(description="variant")
    def variant_link(self, unit: Unit) -> SafeString:
        """What it is sold as."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:catalog_variant_change", args=[unit.variant_id]), unit.variant
        )

    def bulk_total(self, units: Sequence[Unit]) -> str:
        cost = sum((unit.cost or ZERO for unit in units), ZERO)
        return f"they cost {cost:,.2f} together" if cost else ""

    def get_urls(self) -> list[URLPattern]:
        return [
            path("receive/", self.admin_site.admin_view(self.receive_view), name="catalog_unit_receive"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "may_receive": self.has_receive_permission(request)}
        )

    def receive_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what came in (GET), make the units (POST). A refused list changes nothing and stays in the form."""
        if not self.has_receive_permission(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        initial = {"variant": row_named(request, "variant", receivable())}
        form = ReceiveForm(request.POST if is_sent else None, initial=initial, admin_site=self.admin_site)
        if is_sent and form.is_valid():
            told = form.cleaned_data
            try:
                units = receive_units(
                    told["variant"],
                    by=request.user,
                    serials=told["serials"],
                    quantity=told["quantity"] or 0,
                    bin=told["bin"],
                    cost=told["cost"],
                )
            except Refusal as refusal:
                form.add_error("serials", f"{refusal.message} Nothing was received; the list is kept here.")
            else:
                self.message_user(
                    request,
                    f"{len(units)} received: {told['variant']}. Put them on sale when they are tested.",
                    messages.SUCCESS,
                )
                page = reverse("admin:catalog_unit_changelist")
                return HttpResponseRedirect(f"{page}?variant__id__exact={told['variant'].pk}&state__exact=intake")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Receive stock",
            "subtitle": None,
            "form": form,
            "page": reverse("admin:catalog_unit_changelist"),
            "media": self.media + form.media,
        }
        return TemplateResponse(
            request, "admin/catalog/unit/receive.html", context, status=400 if form.is_bound else 200
        )


class HeldUnitInline(ReadOnlyInline):
    model = Unit
    verbose_name_plural = "units"
    fields = ("serial", "variant", "state", "bin")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Unit]:
        return super().get_queryset(request).select_related("variant__product__brand")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Units kept for one order."""

    list_display = ["code", "created_at", "expires_at"]
    list_filter = [("expires_at", admin.EmptyFieldListFilter)]
    search_fields = ["=code", "=units__serial"]
    date_hierarchy = "expires_at"
    ordering = ["-id"]
    fields = ["code", ("created_at", "expires_at")]
    inlines = [HeldUnitInline]
