"""Buttons for deeds in the stock admin: on an object's page, and for many rows of a list at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from core.admin import StaffAdmin
from core.refusals import Conflict, Refusal

MOST_AT_ONCE = 500


class DeedForm(forms.Form):
    """What a deed needs to be told. `obj` is the object on the page, or None when many rows share one form."""

    def __init__(self, *args: Any, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.obj = obj

    def field_of(self, refusal: Refusal) -> str | None:
        """Return the field that a refusal speaks of, None when it speaks of the whole."""
        return None


@dataclass(frozen=True)
class Deed:
    """One thing staff may do to an object.

    `name` is its part of the address, `run(obj, by=…, **what the form asked)` does it and returns a sentence about what
    happened, `offered(obj)` tells whether the object's state allows it, `permission` is what the role must grant.
    `question` is printed on the page that asks; a deed without a form and without a question happens at the press.
    """

    name: str
    label: str
    permission: str
    run: Callable[..., str]
    offered: Callable[[Any], bool]
    form: type[DeedForm] | None = None
    question: str = ""
    template: str = "admin/deeds/ask.html"
    bulk: bool = False
    is_main: bool = False
    is_danger: bool = False

    @property
    def asks_first(self) -> bool:
        """Tell whether a page stands between the button and the deed."""
        return bool(self.form or self.question)

    def refuse_unless_offered(self, obj: Any) -> None:
        """Raise Conflict("not_possible_now") when the object has moved on since the page was shown."""
        if not self.offered(obj):
            noun = obj._meta.verbose_name
            state = obj.get_state_display().lower() if hasattr(obj, "get_state_display") else "closed"
            raise Conflict(
                "not_possible_now",
                f"“{self.label}” is not possible any more: this {noun} is {state} now. Nothing was changed.",
            )


@dataclass(frozen=True)
class RowResult:
    """What a deed did with one row of many."""

    row: Any
    done: bool
    words: str


class DeedButtons(StaffAdmin):
    """Mixin for a model page: shows the deeds that state and role allow, asks what they need, reports the result."""

    deeds: Sequence[Deed] = ()

    def next_action(self, obj: Any) -> str:
        """Return the sentence on top of the page that says what is to be done with `obj`, or ""."""
        return ""

    def links(self, request: HttpRequest, obj: Any) -> Sequence[tuple[str, str]]:
        """Return label and address of further pages about `obj`, shown beside the buttons."""
        return ()

    def bulk_total(self, rows: Sequence[Any]) -> str:
        """Return what the chosen rows add up to (money, items), or ""."""
        return ""

    def may(self, request: HttpRequest, deed: Deed) -> bool:
        """Tell whether this person's role grants the deed, and a look at its object."""
        return request.user.has_perm(deed.permission) and self.has_view_or_change_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Add admin/<app>/<model>/<pk>/<deed>/ for each deed."""
        model = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(
                f"<int:object_id>/{deed.name.replace('_', '-')}/",
                self.admin_site.admin_view(partial(self.deed_view, deed=deed)),
                name=f"{model}_{deed.name}",
            )
            for deed in self.deeds
        ]
        return own + super().get_urls()

    def deed_url(self, obj: Model, deed: Deed) -> str:
        """Return the address that does (or first asks about) `deed`."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{deed.name}", args=[obj.pk])

    def deed_view(self, request: HttpRequest, object_id: int, *, deed: Deed) -> HttpResponse:
        """Ask what the deed needs (GET), do it (POST), show the result or the refusal."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if not self.may(request, deed):
            raise PermissionDenied
        obj = self.get_object(request, str(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
        form = self._form(deed, request, obj=obj)
        try:
            deed.refuse_unless_offered(obj)
            if request.method == "POST" and (form is None or form.is_valid()):
                words = deed.run(obj, by=request.user, **(form.cleaned_data if form else {}))
                self.log_change(request, obj, deed.label)
                self.message_user(request, words, messages.SUCCESS)
                return HttpResponseRedirect(page)
        except Refusal as refusal:
            if form is None or request.method != "POST" or refusal.code == "not_possible_now":
                self.message_user(request, refusal.message, messages.ERROR)
                return HttpResponseRedirect(page)
            form.add_error(form.field_of(refusal), f"{refusal.message} Nothing was changed.")
        return TemplateResponse(
            request,
            deed.template,
            self._context(request, deed, form) | {"original": obj, "subtitle": str(obj), "page": page},
            status=400 if form is not None and form.is_bound else 200,
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Put the buttons and the next action on top of the stock page."""
        if obj is not None:
            context["next_action"] = self.next_action(obj)
            context["links"] = self.links(request, obj)
            context["deeds"] = [
                {"deed": deed, "url": self.deed_url(obj, deed)}
                for deed in self.deeds
                if self.may(request, deed) and deed.offered(obj)
            ]
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the bulk deeds that the role grants."""
        actions = super().get_actions(request)
        if self.actions is None:
            return actions
        for deed in self.deeds:
            if deed.bulk and self.may(request, deed):
                actions[deed.name] = (_bulk_action(deed), deed.name, deed.label)
        return actions

    def bulk_view(self, request: HttpRequest, queryset: QuerySet, deed: Deed) -> HttpResponse | None:
        """Show what would happen with the chosen rows; after a yes do it row by row, each in its own transaction."""
        rows = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            self.message_user(
                request,
                f"More than {MOST_AT_ONCE} rows are selected. Choose at most {MOST_AT_ONCE}; nothing was changed.",
                messages.ERROR,
            )
            return None
        is_answer = "confirmed" in request.POST
        form = self._form(deed, request, bound=is_answer)
        ready = [row for row in rows if deed.offered(row)]
        context = self._context(request, deed, form) | {
            "subtitle": None,
            "changelist": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        if is_answer and (form is None or form.is_valid()):
            results = [self._do_one(request, deed, row, form.cleaned_data if form else {}) for row in rows]
            done = sum(result.done for result in results)
            return TemplateResponse(
                request, "admin/deeds/results.html", context | {"results": results, "done": done, "all": len(rows)}
            )
        return TemplateResponse(
            request,
            "admin/deeds/ask_many.html",
            context
            | {
                "chosen": len(rows),
                "ready": ready,
                "others": [row for row in rows if row not in ready],
                "total": self.bulk_total(ready),
            },
        )

    def _do_one(self, request: HttpRequest, deed: Deed, row: Any, told: dict[str, Any]) -> RowResult:
        try:
            deed.refuse_unless_offered(row)
            words = deed.run(row, by=request.user, **told)
        except Refusal as refusal:
            return RowResult(row, False, refusal.message)
        self.log_change(request, row, deed.label)
        return RowResult(row, True, words)

    def _form(self, deed: Deed, request: HttpRequest, *, obj: Any = None, bound: bool | None = None) -> DeedForm | None:
        if deed.form is None:
            return None
        bound = request.method == "POST" if bound is None else bound
        return deed.form(request.POST if bound else None, obj=obj)

    def _context(self, request: HttpRequest, deed: Deed, form: DeedForm | None) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": capfirst(deed.label),
            "deed": deed,
            "form": form,
            "media": self.media + form.media if form else self.media,
        }


def _bulk_action(deed: Deed) -> Callable[..., HttpResponse | None]:
    """Return the admin action that runs `deed` over the chosen rows."""

    def act(modeladmin: DeedButtons, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return modeladmin.bulk_view(request, queryset, deed)

    return act
