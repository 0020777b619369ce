"""Pages of text: what its grades mean, how the shop ships, its terms."""

from django.contrib import admin
from django.http import HttpRequest

from catalog.admin.goods import SavedByDeed
from storefront.models import TextPage
from storefront.publishing import save_text_page


@admin.register(TextPage)
class TextPageAdmin(SavedByDeed):
    """Staff write Markdown. "View on site" shows the page as it is saved, published or not."""

    save_deed = staticmethod(save_text_page)
    list_display = ["title", "address", "place", "position", "is_published", "updated_at"]
    list_filter = ["place", "is_published"]
    search_fields = ["title", "slug", "body"]
    fields = ["title", "slug", "summary", "body", "place", "position", "is_published", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: TextPage | None = None) -> list[str]:
        # Letters, search engines and other pages know the address by heart.
        return ["updated_at", *(["slug"] if obj else [])]

    def get_prepopulated_fields(self, request: HttpRequest, obj: TextPage | None = None) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("title",)}

    def view_on_site(self, page: TextPage) -> str:
        """Return where the page stands; an unpublished one is there for staff."""
        return page.get_absolute_url()

    @admin.display(description="address", ordering="slug")
    def address(self, page: TextPage) -> str:
        """Its path."""
        return page.get_absolute_url()
