"""Agreements in the admin: who owes what since when, and everything about one of them on its page."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core import clock
from core.admin import ReadOnlyAdmin, ReadOnlyInline, TimelineInline, money_column
from core.admin_deeds import DeedButtons
from core.money import amount_text
from core.refusals import Refusal
from rentals.admin.agreement_deeds import DEEDS
from rentals.documents.statement import standing_of
from rentals.documents.vault import contract_of
from rentals.flow import RUNNING, AgreementState
from rentals.models import Agreement, AgreementEvent, Instalment, LedgerEntry
from rentals.overview import Overview, overview_of
from rentals.wording import row_words

# Days since the oldest unpaid due date, first and last; None: without end.
AGES: dict[str, tuple[int, int | None, str]] = {
    "today": (0, 0, "Due today"),
    "1-7": (1, 7, "Overdue 1 to 7 days"),
    "8-30": (8, 30, "Overdue 8 to 30 days"),
    "31": (31, None, "Overdue more than 30 days"),
}


def with_oldest_due(agreements: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """Add `oldest_due`: the day from which the oldest unsettled instalment of a running agreement counts."""
    unsettled = Q(instalments__settled=False, state__in=RUNNING)
    return agreements.annotate(oldest_due=Min("instalments__counts_from", filter=unsettled))


def owing(age: str, *, today: date) -> QuerySet[Agreement]:
    """Return the running agreements whose oldest unpaid instalment is of this age (a key of AGES)."""
    first, last, _label = AGES[age]
    found = with_oldest_due(Agreement.objects.all()).filter(oldest_due__lte=today - timedelta(days=first))
    return found if last is None else found.filter(oldest_due__gte=today - timedelta(days=last))


class AgeFilter(admin.SimpleListFilter):
    """Since when something is unpaid."""

    title = "unpaid"
    parameter_name = "owes"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(age, label) for age, (_first, _last, label) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> QuerySet[Agreement]:
        if self.value() not in AGES:
            return queryset
        return queryset.filter(pk__in=owing(self.value(), today=clock.today()).values("pk"))


class InstalmentInline(ReadOnlyInline):
    model = Instalment
    fields = ("number", "due_on", "standing", "amount_text", "unpaid")
    verbose_name_plural = "schedule"
    amount_text = money_column("amount")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instalment]:
        return super().get_queryset(request).select_related("agreement").order_by("number")

    @admin.display(description="state")
    def standing(self, row: Instalment) -> str:
        """Paid, due, overdue …, read from the ledger."""
        return row_words(_row(row).state)

    @admin.display(description="unpaid")
    def unpaid(self, row: Instalment) -> str:
        """What is left of it."""
        return amount_text(_row(row).outstanding, row.agreement.currency)


def _row(row: Instalment) -> Any:
    """Return the instalment as the overview of the page has it."""
    overview: Overview = row.agreement.overview  # type: ignore[attr-defined]
    return overview.rows[row.number - 1]


class LedgerInline(ReadOnlyInline):
    model = LedgerEntry
    fields = ("seq", "on", "kind", "amount_text", "target", "payment", "reason")
    verbose_name_plural = "ledger"
    ordering = ("seq",)
    amount_text = money_column("amount")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return super().get_queryset(request).select_related("agreement")


class EventInline(TimelineInline):
    model = AgreementEvent


@admin.register(Agreement)
class AgreementAdmin(DeedButtons, ReadOnlyAdmin):
    """Agreements are made by orders and moved by deeds, so nothing here can be typed."""

    deeds = DEEDS
    list_display = ["code", "state", "customer", "machine", "total_text", "unpaid_since", "created_at"]
    list_filter = [AgeFilter, "state", "created_at"]
    list_select_related = ["customer", "line"]
    search_fields = ["=code", "customer__email", "=unit__serial", "=line__order__code"]
    search_help_text = "Agreement, e-mail, serial number or order."
    ordering = ["-id"]
    inlines = [InstalmentInline, LedgerInline, EventInline]
    fieldsets = [
        (None, {"fields": [("code", "state"), ("customer_link", "order_link"), ("machine", "unit_link")]}),
        ("How it stands", {"fields": ["standing"]}),
        (
            "Terms",
            {"fields": [("cash_price_text", "total_text", "swap_credit_text"), ("policy", "anchor", "delivered_on")]},
        ),
        (
            "Signature",
            {
                "fields": [
                    ("signed_name", "signed_at"),
                    ("signed_ip", "signed_user_agent"),
                    ("text_version", "contract_link"),
                ]
            },
        ),
    ]
    cash_price_text = money_column("cash_price", "cash price")
    total_text = money_column("total", "total to own")
    swap_credit_text = money_column("swap_credit", "credit of a swap")

    def get_readonly_fields(self, request: HttpRequest, obj: Agreement | None = None) -> Sequence[str]:
        return [
            *("customer_link", "order_link", "machine", "unit_link", "standing", "contract_link"),
            *("cash_price_text", "total_text", "swap_credit_text"),
            *("signed_name", "signed_at", "signed_ip", "signed_user_agent", "text_version"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        """Add since when something is unpaid, and what a row shows."""
        return with_oldest_due(super().get_queryset(request)).select_related(
            "customer", "line__order", "unit", "policy"
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Agreement | None:
        """Bring the overview along, from which the page is told."""
        agreement = super().get_object(request, object_id, from_field)
        if agreement is not None:
            agreement.overview = overview_of(agreement)  # type: ignore[attr-defined]
        return agreement

    @admin.display(description="machine")
    def machine(self, agreement: Agreement) -> str:
        """Its name at the time of ordering."""
        return agreement.line.name

    @admin.display(description="unpaid since", ordering="oldest_due")
    def unpaid_since(self, agreement: Agreement) -> str:
        """The oldest unpaid due date that has come, and how long ago that is."""
        due, today = agreement.oldest_due, clock.today()  # type: ignore[attr-defined]
        if due is None or due > today:
            return "–"
        return "today" if due == today else f"{due:%d %b %Y} ({(today - due).days} days)"

    @admin.display(description="customer")
    def customer_link(self, agreement: Agreement) -> SafeString:
        """The account."""
        url = reverse("admin:accounts_user_change", args=[agreement.customer_id])
        return format_html('<a href="{}">{}</a>', url, agreement.customer.email)

    @admin.display(description="order")
    def order_link(self, agreement: Agreement) -> SafeString:
        """The order by which the machine reaches the customer."""
        order = agreement.line.order
        return format_html('<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[order.pk]), order.code)

    @admin.display(description="unit")
    def unit_link(self, agreement: Agreement) -> SafeString | str:
        """The machine itself, once it has left."""
        if agreement.unit is None:
            return "not sent yet"
        url = reverse("admin:catalog_unit_change", args=[agreement.unit_id])
        return format_html('<a href="{}">{}</a>', url, agreement.unit.serial or agreement.unit_id)

    @admin.display(description="contract")
    def contract_link(self, agreement: Agreement) -> SafeString:
        """The signed file, or the draft."""
        url = reverse("admin:rentals_agreement_contract", args=[agreement.pk])
        return format_html('<a href="{}">PDF</a> {}', url, agreement.contract_sha256 or "not signed yet")

    @admin.display(description="today")
    def standing(self, agreement: Agreement) -> SafeString:
        """Paid, due, left, and the price of owning it."""
        return _table(standing_of(agreement.overview))  # type: ignore[attr-defined]

    def next_action(self, agreement: Agreement) -> str:
        return next_action_for(agreement.overview)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.contract_view)
        return [path("<int:object_id>/contract/", view, name="rentals_agreement_contract"), *super().get_urls()]

    def contract_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The contract as PDF, for whoever may see the agreement."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        agreement = self.get_object(request, str(object_id))
        if agreement is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        try:
            content = contract_of(agreement)
        except Refusal as refusal:
            return HttpResponse(refusal.message, status=404, content_type="text/plain; charset=utf-8")
        name = f'inline; filename="agreement-{agreement.code}.pdf"'
        return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": name})


def next_action_for(overview: Overview) -> str:
    """Say what staff do with this agreement now, or what they wait for."""
    agreement = overview.agreement
    owed = amount_text(overview.due_now, agreement.currency)
    waiting = {
        AgreementState.DRAFT: "wait for the customer's signature; the order cannot be paid before.",
        AgreementState.PENDING_PAYMENT: "wait for the first payment, with the order.",
        AgreementState.CONFIRMED: "send the machine, on the page of the order.",
        AgreementState.SHIPPED: "confirm the delivery when the customer has it; that day the dates begin.",
        AgreementState.RETURN_PENDING: "wait for the machine, then inspect it.",
        AgreementState.RETURNED: "nothing, unless the customer takes it up again.",
        AgreementState.LOST: f"collect {owed}.",
    }
    if agreement.state in waiting:
        return waiting[AgreementState(agreement.state)]
    if agreement.state not in RUNNING:
        return "nothing, it has ended."
    if overview.days_past_due > 0:
        return f"{owed} has been overdue for {overview.days_past_due} days; the customer gets letters by themselves."
    if overview.due_now:
        return f"{owed} is due today."
    return "nothing, everything due is paid."


def _table(rows: Iterable[tuple[str, str]]) -> SafeString:
    cells = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", rows)
    return format_html("<table>{}</table>", cells)
