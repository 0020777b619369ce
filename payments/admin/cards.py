"""Cards that customers let us keep, in the admin: to look at. Their owners remove them in their account."""

from django.contrib import admin

from core import clock
from core.admin import ReadOnlyAdmin
from payments.models import SavedMethod


@admin.register(SavedMethod)
class SavedMethodAdmin(ReadOnlyAdmin):
    """The number of a card is the provider's secret: nobody here has ever seen it."""

    list_display = ["user", "brand", "last4", "expiry", "is_the_default", "saved_at", "detached_at"]
    list_filter = ["saved_at", "detached_at"]
    list_select_related = ["user"]
    search_fields = ["=user__email", "=method_id", "=customer_id", "=last4"]
    fields = [
        ("user", "provider"),
        ("brand", "last4", "expiry"),
        ("is_the_default", "saved_at", "detached_at"),
        ("customer_id", "method_id"),
    ]
    readonly_fields = ["expiry", "is_the_default"]

    @admin.display(description="expires", ordering="expires_year")
    def expiry(self, card: SavedMethod) -> str:
        """The last month the card is good in, and whether that is near."""
        if not card.expires_year or not card.expires_month:
            return "not recorded"
        day = clock.today()
        words = " (expired)" if card.is_over(day) else " (soon)" if card.ends_soon(day) else ""
        return f"{card.expires_month:02d}/{card.expires_year}{words}"

    @admin.display(description="default", boolean=True)
    def is_the_default(self, card: SavedMethod) -> bool:
        """Whether later charges use it."""
        return card.is_default
