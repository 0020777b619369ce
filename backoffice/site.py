"""The stock admin site with our home page: worklists, and one box that finds anything."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import SimpleLazyObject

from backoffice.doors import GuardedSite
from backoffice.finding import find, only_hit
from core.shop_settings import shop_name

# What staff open most stands first. Apps that are not named follow by name.
APPS = ("orders", "payments", "rentals", "catalog", "carts", "accounts", "storefront", "notifications", "core", "auth")


class StaffAdminSite(GuardedSite):
    """Django's admin behind a second factor; the home page shows worklists above the models."""

    index_title = "What to do next"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the shop's own name to what every page shows; it is read when a page is drawn, not for a redirect."""
        title = SimpleLazyObject(lambda: f"{shop_name()} staff")
        return {**super().each_context(request), "site_header": title, "site_title": title}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the tiles of this person's role above the stock list of models."""
        # Imported here: the worklists name changelists, whose admin modules import this site.
        from backoffice.worklists import worklists_for

        return super().index(request, {**(extra_context or {}), "worklists": worklists_for(request.user)})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Return the apps in the order of the day's work."""
        shown = super().get_app_list(request, app_label)
        return sorted(shown, key=lambda app: APPS.index(app["app_label"]) if app["app_label"] in APPS else len(APPS))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*self.door_urls(), path("find/", self.admin_view(self.find_view), name="find"), *super().get_urls()]

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Go straight to the one thing that was named, or show all that was found."""
        text = request.GET.get("q", "").strip()
        if not text:
            messages.warning(request, "Type what you are looking for.")
            return HttpResponseRedirect(reverse("admin:index"))
        groups = find(text, user=request.user)
        hit = only_hit(groups)
        if hit is not None:
            return HttpResponseRedirect(hit.url)
        context = {**self.each_context(request), "title": "Found", "subtitle": None, "groups": groups, "text": text}
        return TemplateResponse(request, "admin/find.html", context)
