"""What every page of the staff's admin shares, and the pages of the machine tables."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminURLFieldWidget, AutocompleteSelect
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from core.models import AuditEntry, IdempotencyKey, Job
from core.money import amount_text
from core.refusals import Refusal

LARGEST_KEY = models.BigIntegerField.MAX_BIGINT


class RowSelect(AutocompleteSelect):
    """The stock autocomplete. A posted value that cannot be a primary key chooses nothing, instead of failing."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        possible = [key for key in value if key.isascii() and key.isdigit() and int(key) <= LARGEST_KEY]
        return super().optgroups(name, possible, attrs)


class StaffAdmin(admin.ModelAdmin):
    """A stock model page that keeps the house rules.

    Business rows are not deleted, saving writes only the columns that were edited (so that a form which lay open for an
    hour cannot undo what a deed did meanwhile), and a refusal becomes a message.
    """

    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 500
    change_form_template = "admin/deeds/change_form.html"
    formfield_overrides = {models.URLField: {"assume_scheme": "https", "widget": AdminURLFieldWidget}}

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Give autocompleted choices our widget, which survives a key that is none."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        """Insert a new row; of an old one update only the edited columns."""
        if not change:
            obj.save(force_insert=True)
            return
        edited = edited_columns(obj, form)
        if edited:
            obj.save(update_fields=edited)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form. When a deed behind it refuses, all is rolled back and the same form shows why."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """Build the form; after a refusal one that says so, with everything that was typed still in it."""
        form_class = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form_class if refusal is None else _refused(form_class, refusal)


class ReadOnlyAdmin(StaffAdmin):
    """A page to look at: what stands there is written by deeds and machines."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows that belong to the object on the page, as a plain table. Who may see the object may see them."""

    template = "admin/deeds/table.html"
    extra = 0
    max_num = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Sequence[str]:
        return self.fields or ()

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class TimelineInline(ReadOnlyInline):
    """Who did what, when and why. Newest first. Subclasses name the model."""

    fields = ("at", "what", "by", "reason", "details")
    verbose_name_plural = "timeline"
    ordering = ("-at", "-id")

    @admin.display(description="what")
    def what(self, event: Any) -> str:
        """The kind of event in words."""
        return event.kind.replace("_", " ").capitalize()

    @admin.display(description="by")
    def by(self, event: Any) -> str:
        """Who did it, as written down at the time."""
        return event.actor_label

    @admin.display(description="details")
    def details(self, event: Any) -> str:
        """The recorded facts on one line; the state before is told by the row before."""
        return ", ".join(
            f"{name.replace('_', ' ')}: {value}" for name, value in event.facts.items() if name != "before" and value
        )


def _refused(form_class: type[ModelForm], refusal: Refusal) -> type[ModelForm]:
    """Return `form_class` with the refusal as an error of the fields that it names, else of the whole form."""

    class RefusedForm(form_class):  # type: ignore[misc, valid-type]
        def clean(self) -> Any:
            told = super().clean()
            named = {name: words for name, words in refusal.facts.get("fields", {}).items() if name in self.fields}
            for name, words in named.items():
                self.add_error(name, words)
            if not named:
                self.add_error(None, refusal.message)
            return told

    return RefusedForm


def money_column(name: str, label: str = "") -> Any:
    """Return a column that shows the amount in `name` with its currency (the object's own, else the shop's)."""

    @admin.display(description=label or name.replace("_", " "), ordering=name)
    def column(self: Any, obj: Any) -> str:
        amount = getattr(obj, name)
        return "–" if amount is None else amount_text(amount, getattr(obj, "currency", settings.SHOP_CURRENCY))

    return column


def edited_columns(obj: models.Model, form: ModelForm) -> list[str]:
    """Return the columns of `obj` that the form changed, with those that keep the time of change."""
    columns = {field.name: field for field in obj._meta.concrete_fields}
    edited = [name for name in form.changed_data if name in columns]
    if edited:
        edited += [name for name, field in columns.items() if getattr(field, "auto_now", False)]
    return edited


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """How far long work has come."""

    list_display = ["kind", "outcome", "done", "total", "started_at", "finished_at", "started_by"]
    list_filter = ["outcome", "kind"]
    list_select_related = ["started_by"]
    search_fields = ["kind", "=started_by__email"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What staff changed on things without a timeline of their own."""

    list_display = ["at", "model", "object_code", "kind", "actor_label", "reason"]
    list_filter = ["model", "kind"]
    search_fields = ["=object_code", "actor_label", "=request_id"]
    ordering = ["-id"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Requests of API clients that must have one answer. The answers may name customers, so they stay closed."""

    list_display = ["scope", "key", "claimed_at", "status"]
    search_fields = ["=key", "scope"]
    date_hierarchy = "claimed_at"
    fields = ["scope", "key", "claimed_at", "status", "fingerprint"]
