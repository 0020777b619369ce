"""The price of a dollar in riel: one form in the place of a list, with what was entered before below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from core.admin import StaffAdmin
from core.models import AuditEntry
from core.refusals import Refusal
from payments.models import RielRate
from payments.providers.khqr.rates import OLDEST_RATE, SETTING, SOURCE_LENGTH, Rate, enter_riel_rate, last_rate, rate_in

SHOWN = 60
FIELD_OF = {"rate_impossible": "rate", "source_missing": "source"}


class RielRateForm(forms.Form):
    """Today's rate and where it comes from."""

    rate = forms.DecimalField(
        label="Riel for one US dollar",
        max_digits=8,
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 12, "autofocus": True, "autocomplete": "off"}),
        help_text="Such as 4,015 or 4012.5. A sum in riel is rounded up to whole notes of 100.",
        localize=True,
    )
    source = forms.CharField(
        label="Where it comes from",
        max_length=SOURCE_LENGTH,
        widget=forms.TextInput(attrs={"size": 60}),
        help_text="Such as “National Bank of Cambodia, official rate of today”. Customers see it beside the sum.",
        error_messages={"required": "Say where the rate comes from."},
    )


@dataclass(frozen=True)
class Entered:
    """A rate of the history, and who entered it."""

    rate: Rate
    by: str


@admin.register(RielRate)
class RielRateAdmin(StaffAdmin):
    """A new rate is entered beside the old ones; nobody edits what was entered."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The form at the address of the list, and the stock page that refuses to add; rows have no pages."""
        form = path("", self.admin_site.admin_view(self.form_view), name="payments_rielrate_changelist")
        return [form, *(stock for stock in super().get_urls() if stock.name == "payments_rielrate_add")]

    def form_view(self, request: HttpRequest) -> HttpResponse:
        """Show the rate in use and the history (GET); enter a new rate (POST)."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        may_change = self.has_change_permission(request)
        form = RielRateForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            if form.is_valid() and _entered(form, by=request.user):
                known = last_rate()
                words = f"A dollar costs {known.text} riel from now on." if known else ""
                self.message_user(request, words, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:payments_rielrate_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Riel rate",
            "form": form if may_change else None,
            "known": last_rate(),
            "history": history(),
            "days": OLDEST_RATE.days,
            "currency": settings.SHOP_CURRENCY,
        }
        return TemplateResponse(
            request, "admin/payments/rielrate/form.html", context, status=400 if form.is_bound else 200
        )


def history(*, limit: int = SHOWN) -> Sequence[Entered]:
    """Return the rates that were entered, the newest first, from the audit entries of the shop's settings."""
    entries = AuditEntry.objects.filter(model="core.shopsetting", object_code="shop", facts__has_key=SETTING).order_by(
        "-at", "-id"
    )
    found = ((entry, _after(entry.facts)) for entry in entries[:limit])
    return [Entered(rate_in(told), entry.actor_label) for entry, told in found if told]


def _after(facts: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Return what the setting was after a change that lists before and after."""
    return facts[SETTING][1]


def _entered(form: RielRateForm, *, by: Any) -> bool:
    """Enter the rate. Tells whether it went through; else the form says why not."""
    try:
        enter_riel_rate(form.cleaned_data["rate"], source=form.cleaned_data["source"], by=by)
    except Refusal as refusal:
        form.add_error(FIELD_OF[refusal.code], refusal.message)
        return False
    return True
