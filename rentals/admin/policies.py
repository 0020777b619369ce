"""Policies: every number of the rules, in versions that are never changed."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.admin import StaffAdmin
from rentals.models import RentalPolicy
from rentals.plans import unpublish_what_policy_forbids
from rentals.policies import current_policy, publish_policy
from rentals.rules.policy import DEFAULT_NUMBERS, BuyoutMethod, FeeCombination

LISTS = ("notice_days", "retry_days", "sac_notice_days")
CHOICES = {
    "buyout.method": [(one.value, one.value.replace("_", " ")) for one in BuyoutMethod],
    "late_fee.combine": [(one.value, one.value.replace("_", " ")) for one in FeeCombination],
}
HELP = {
    "timezone": "Due dates are days of this time zone.",
    "max_total_to_cash_ratio": "No plan above it can be offered.",
    "late_fee.pct": "A fraction: 0.05 is 5 %.",
    "buyout.sac_days": "Days for which all rent paid counts towards the cash price. Empty: none.",
    "notice_days": "Days from the due date, with commas; below zero is before it.",
    "retry_days": "Days after the due date on which a saved card is tried again, with commas.",
    "sac_notice_days": "Days before the end of same-as-cash, with commas.",
}


def flat(numbers: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested numbers by dotted name: {"late_fee.cap.USD": "5.00", …}; lists as "2, 5, 9"."""
    found: dict[str, Any] = {}
    for name, value in numbers.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = ", ".join(map(str, value)) if isinstance(value, list) else value
    return found


DEFAULTS = flat(DEFAULT_NUMBERS)


class PolicyForm(forms.ModelForm):
    """All numbers of a new version, beginning with those in force, and why they change."""

    class Meta:
        model = RentalPolicy
        fields = ["reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = flat(current_policy().numbers)
        for name in DEFAULTS:
            self.fields[name] = _field(name, now.get(name, DEFAULTS[name]))

    def numbers(self) -> dict[str, Any]:
        """Return the numbers as the rules read them."""
        told: dict[str, Any] = {}
        for name in DEFAULTS:
            *groups, last = name.split(".")
            place = told
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = self.cleaned_data[name]
        return told

    def clean(self) -> dict[str, Any]:
        """Read lists; what no policy can be is told by publishing it."""
        told = super().clean()
        for name in LISTS:
            if name in told:
                try:
                    told[name] = [int(part) for part in told[name].split(",") if part.strip()]
                except ValueError:
                    self.add_error(name, "Enter whole numbers with commas between them.")
        return told


def _field(name: str, value: Any) -> forms.Field:
    common = {"label": name.replace("_", " ").replace(".", ", "), "initial": value, "help_text": HELP.get(name, "")}
    default = DEFAULTS[name]
    if name in CHOICES:
        return forms.ChoiceField(choices=CHOICES[name], **common)
    if isinstance(default, bool):
        return forms.BooleanField(required=False, **common)
    if isinstance(default, int):
        return forms.IntegerField(required=name != "buyout.sac_days", **common)
    text = forms.TextInput(attrs={"class": "vTextField", "inputmode": "text" if name in LISTS else "decimal"})
    return forms.CharField(max_length=60, widget=text, **common)


@admin.register(RentalPolicy)
class RentalPolicyAdmin(StaffAdmin):
    """Versions to look at, and a form for the next one. Agreements keep the numbers they were signed under."""

    form = PolicyForm
    list_display = ["version", "published_at", "published_by", "reason"]
    list_select_related = ["published_by"]
    ordering = ["-version"]

    def has_change_permission(self, request: HttpRequest, obj: RentalPolicy | None = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: RentalPolicy | None = None) -> Any:
        if obj is not None:
            return [(None, {"fields": ["version", "published_at", "published_by", "reason", "numbers_table"]})]
        groups = {"late_fee": "Late fee", "buyout": "Owning it early"}
        shown = [("Why", {"fields": ["reason"]})]
        shown.append(("Numbers", {"fields": [name for name in DEFAULTS if name.split(".")[0] not in groups]}))
        shown += [
            (title, {"fields": [name for name in DEFAULTS if name.split(".")[0] == group]})
            for group, title in groups.items()
        ]
        return shown

    def get_form(
        self, request: HttpRequest, obj: RentalPolicy | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """The numbers are fields of the form only, so Django is told the column alone."""
        kwargs["fields"] = [] if obj is not None else ["reason"]
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: RentalPolicy | None = None) -> list[str]:
        return ["version", "published_at", "published_by", "reason", "numbers_table"] if obj is not None else []

    @admin.display(description="numbers")
    def numbers_table(self, policy: RentalPolicy) -> SafeString:
        """Every number of this version."""
        rows = format_html_join(
            "",
            "<tr><th scope='row'>{}</th><td>{}</td></tr>",
            sorted((k, str(v)) for k, v in flat(policy.numbers).items()),
        )
        return format_html("<table>{}</table>", rows)

    def save_model(self, request: HttpRequest, obj: RentalPolicy, form: PolicyForm, change: bool) -> None:
        """Publish the next version; then stop plans that it forbids."""
        saved = publish_policy(form.numbers(), by=request.user, reason=form.cleaned_data["reason"])
        obj.pk, obj.version = saved.pk, saved.version
        obj._state.adding = False
        ended = unpublish_what_policy_forbids(by=request.user)
        if ended:
            messages.warning(request, f"{len(ended)} plans are no longer offered: this policy forbids them.")
