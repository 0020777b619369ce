"""The shop's settings on one page: its name, its look, the line on top."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from core.admin import StaffAdmin
from core.images import ACCEPTED
from core.refusals import Refusal
from core.shop_settings import shop_settings
from storefront.branding import NAME_LENGTH, NOTE_LENGTH, PICTURES, save_branding, store_picture
from storefront.context import ShopFacts
from storefront.models import ShopSettings

PICTURE = forms.FileInput(attrs={"accept": ACCEPTED})


def _colour(usual: str) -> forms.TextInput:
    """Return a field for a colour, with the one that the shop has when nobody sets any."""
    return forms.TextInput(attrs={"placeholder": usual, "size": 9, "maxlength": 7, "spellcheck": "false"})


class ShopSettingsForm(forms.Form):
    """What staff may set. An empty field means: as the shop comes."""

    shop_name = forms.CharField(
        label="Name", required=False, max_length=NAME_LENGTH, help_text="On every page, in letters and as their sender."
    )
    note_text = forms.CharField(
        label="Line on top of every page", required=False, max_length=NOTE_LENGTH, widget=forms.TextInput({"size": 60})
    )
    accent_light = forms.CharField(
        label="Accent colour, light",
        required=False,
        widget=_colour("#00694a"),
        help_text="Links and buttons, such as #00694a.",
    )
    accent_dark = forms.CharField(
        label="Accent colour, dark",
        required=False,
        widget=_colour("#55cf9f"),
        help_text="The same in the dark, such as #55cf9f.",
    )
    logo = forms.FileField(
        label="Logo", required=False, widget=PICTURE, help_text="JPEG, PNG, WebP or AVIF; shown 48 pixels high at most."
    )
    no_logo = forms.BooleanField(label="Back to the built-in logo", required=False)
    icon = forms.FileField(
        label="Icon", required=False, widget=PICTURE, help_text="The small square that browsers show beside the title."
    )
    no_icon = forms.BooleanField(label="Back to the built-in icon", required=False)

    def add_refusal(self, refusal: Refusal, field: str | None = None) -> None:
        """Show a refusal at the fields that it names, else at `field`."""
        fields = refusal.facts.get("fields") or {field: [refusal.message]}
        for name, words in fields.items():
            self.add_error(name, words)


@admin.register(ShopSettings)
class ShopSettingsAdmin(StaffAdmin):
    """One form in the place of the list of rows: a setting has a name that code knows, so nobody adds one by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The form at the address of the list, and the stock page that refuses to add; rows have no pages."""
        form = path("", self.admin_site.admin_view(self.form_view), name="storefront_shopsettings_changelist")
        return [form, *(stock for stock in super().get_urls() if stock.name == "storefront_shopsettings_add")]

    def form_view(self, request: HttpRequest) -> HttpResponse:
        """Show what is set (GET); change it (POST)."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        may_change = self.has_change_permission(request)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = ShopSettingsForm(request.POST, request.FILES)
            if form.is_valid() and _saved(form, by=request.user):
                self.message_user(
                    request, "The shop’s settings are saved. Every page shows them now.", messages.SUCCESS
                )
                return HttpResponseRedirect(reverse("admin:storefront_shopsettings_changelist"))
        else:
            form = ShopSettingsForm(initial=shop_settings())
        if not may_change:
            for field in form.fields.values():
                field.disabled = True
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Shop settings",
            "form": form,
            "may_change": may_change,
            "shop": ShopFacts(),
        }
        return TemplateResponse(request, "admin/storefront/shopsettings/form.html", context)


def _saved(form: ShopSettingsForm, *, by: Any) -> bool:
    """Store the pictures, then the settings. Tells whether it went through; else the form says why not."""
    told = form.cleaned_data
    values = {name: told[name] for name in ("shop_name", "note_text", "accent_light", "accent_dark")}
    for part in PICTURES:
        if told[f"no_{part}"]:
            values[part] = None
        elif told[part] is not None:
            try:
                values[part] = store_picture(part, told[part])
            except Refusal as refusal:
                form.add_refusal(refusal, part)
    if form.errors:
        return False
    try:
        save_branding(values, by=by)
    except Refusal as refusal:
        form.add_refusal(refusal)
        return False
    return True
