"""Promotions: what the home page shows, and when."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.goods import SavedByDeed
from core import clock
from storefront.models import Promotion
from storefront.publishing import save_promotion


class WhenFilter(admin.SimpleListFilter):
    """Which promotions are shown now, will be, or have been."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The three choices."""
        return [("now", "now"), ("planned", "planned"), ("over", "over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the chosen time; an unknown one narrows nothing."""
        reads = {"now": "shown_at", "planned": "planned_at", "over": "over_at"}
        read = reads.get(self.value() or "")
        return getattr(queryset, read)(clock.now()) if read else queryset


@admin.register(Promotion)
class PromotionAdmin(SavedByDeed):
    """The hero and the panels of the home page. One that is over stays here, to be used again."""

    save_deed = staticmethod(save_promotion)
    list_display = ["heading", "when", "preview", "place", "position", "starts_at", "ends_at", "picture"]
    list_filter = [WhenFilter, "place"]
    list_select_related = ["photo"]
    search_fields = ["heading", "text"]
    autocomplete_fields = ["photo"]
    fields = ["place", "heading", "text", "link", "link_label", "photo", "starts_at", "ends_at", "position"]

    def view_on_site(self, promotion: Promotion) -> str:
        """Return the home page as it is while this promotion is shown."""
        return home_at(promotion)

    @admin.display(description="when")
    def when(self, promotion: Promotion) -> str:
        """Now, planned or over."""
        moment = clock.now()
        if promotion.starts_at > moment:
            return "planned"
        return "over" if promotion.ends_at is not None and promotion.ends_at <= moment else "now"

    @admin.display(description="picture")
    def picture(self, promotion: Promotion) -> str:
        """What its photo shows, and whether pages can show it yet."""
        photo = promotion.photo
        if photo is None:
            return "drawing"
        return str(photo) if photo.renditions else f"{photo} (not ready, a drawing until then)"

    @admin.display(description="preview")
    def preview(self, promotion: Promotion) -> SafeString:
        """A link to the home page with it."""
        return format_html('<a href="{}">See the page</a>', home_at(promotion))


def home_at(promotion: Promotion) -> str:
    """Return the address of the home page as staff see it when the promotion starts (or now, while it is shown)."""
    moment = clock.now()
    is_shown = promotion.starts_at <= moment and (promotion.ends_at is None or moment < promotion.ends_at)
    if is_shown:
        return reverse("storefront:home")
    start = timezone.localtime(promotion.starts_at).replace(tzinfo=None)
    return f"{reverse('storefront:home')}?{urlencode({'at': start.isoformat()})}"
