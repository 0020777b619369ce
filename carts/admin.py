"""Baskets to look at; ways of shipping and taxes to set."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.countries import COUNTRIES
from carts.models import Cart, CartItem, ShippingMethod, TaxRate, Wishlist, WishlistItem
from core.admin import ReadOnlyAdmin, ReadOnlyInline, StaffAdmin, money_column
from core.versions import SHOP, raise_versions


class CountryCodesField(forms.Field):
    """ISO codes in a line, kept as a list: "KH, TH". Empty means everywhere."""

    widget = forms.TextInput(attrs={"class": "vTextField"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        codes = list(dict.fromkeys(str(value or "").replace(",", " ").upper().split()))
        unknown = [code for code in codes if code not in COUNTRIES]
        if unknown:
            raise ValidationError(
                f"{', '.join(unknown)[:60]}: no such country. Write ISO codes such as KH, TH.", code="unknown_country"
            )
        return codes

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial or []) != str(data or "").strip()


class ShippingMethodForm(forms.ModelForm):
    """A way of shipping that makes sense: prices from zero up, days in order, "free over" only where it is used."""

    countries = CountryCodesField(
        required=False, help_text="ISO codes, such as KH, TH. Empty: this method reaches every country."
    )

    class Meta:
        model = ShippingMethod
        fields = [
            "name",
            "code",
            "kind",
            "price",
            "free_over",
            "countries",
            "days_min",
            "days_max",
            "allows_cash_on_delivery",
            "position",
            "is_active",
        ]

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        for name in ("price", "free_over"):
            if (told.get(name) or 0) < 0:
                self.add_error(name, "Enter zero or more.")
        if told.get("kind") == ShippingMethod.Kind.FREE_OVER and not told.get("free_over"):
            self.add_error("free_over", "Say from which sum of goods shipping is free.")
        if told.get("kind") == ShippingMethod.Kind.PICKUP and told.get("allows_cash_on_delivery"):
            self.add_error("allows_cash_on_delivery", "At the counter people pay when they pick it up; untick this.")
        days = told.get("days_min"), told.get("days_max")
        if None not in days and days[0] > days[1]:  # type: ignore[operator]
            self.add_error("days_max", "This is less than the least number of days.")
        return told


class TaxRateForm(forms.ModelForm):
    """A tax of a country or region, 0 to 100 per cent."""

    country = forms.ChoiceField(choices=[("", "---------"), *sorted(COUNTRIES.items(), key=lambda item: item[1])])

    class Meta:
        model = TaxRate
        fields = ["country", "region", "name", "percent"]

    def clean_region(self) -> str:
        return " ".join(self.cleaned_data["region"].split())


class CartItemInline(ReadOnlyInline):
    model = CartItem
    verbose_name_plural = "items"
    fields = ("quantity", "variant", "rental_plan", "added_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartItem]:
        return super().get_queryset(request).select_related("variant__product__brand", "rental_plan")


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    """What people mean to order. Only they change it."""

    list_display = ["id", "owner", "state", "lines", "touched_at"]
    list_filter = ["state"]
    list_select_related = ["active_user"]
    search_fields = ["active_user__email"]
    ordering = ["-id"]
    fields = ["state", "active_user", ("created_at", "touched_at"), "notices"]
    inlines = [CartItemInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        return super().get_queryset(request).annotate(line_count=Count("items"))

    @admin.display(description="owner")
    def owner(self, cart: Cart) -> str:
        """The account, or that it is a guest's."""
        return str(cart.active_user) if cart.active_user else "–"

    @admin.display(description="lines", ordering="line_count")
    def lines(self, cart: Cart) -> int:
        """How many different things are in it."""
        return cart.line_count  # type: ignore[attr-defined]


class WishlistItemInline(ReadOnlyInline):
    model = WishlistItem
    verbose_name_plural = "items"
    fields = ("variant", "price_when_kept", "added_at")
    price_when_kept = money_column("price_seen", "price when kept")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WishlistItem]:
        return super().get_queryset(request).select_related("variant__product__brand")


@admin.register(Wishlist)
class WishlistAdmin(ReadOnlyAdmin):
    """What people keep for later. Only they change it; the code of a shared list is theirs to give."""

    list_display = ["id", "owner", "things", "is_shared", "touched_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    ordering = ["-id"]
    fields = ["user", "is_shared", ("created_at", "touched_at"), "notices"]
    inlines = [WishlistItemInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Wishlist]:
        return super().get_queryset(request).annotate(item_count=Count("items"))

    @admin.display(description="owner")
    def owner(self, wishlist: Wishlist) -> str:
        """The account, or that it is a guest's."""
        return str(wishlist.user) if wishlist.user else "–"

    @admin.display(description="things", ordering="item_count")
    def things(self, wishlist: Wishlist) -> int:
        """How many things are on it."""
        return wishlist.item_count  # type: ignore[attr-defined]

    @admin.display(description="shared", boolean=True)
    def is_shared(self, wishlist: Wishlist) -> bool:
        """Whether a link to it is out."""
        return wishlist.share_code is not None


class DeliveryAdmin(StaffAdmin):
    """What delivery costs: product pages keep it in the cache until staff change it."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        raise_versions([SHOP])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        raise_versions([SHOP])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        raise_versions([SHOP])


@admin.register(ShippingMethod)
class ShippingMethodAdmin(DeliveryAdmin):
    """Ways for an order to reach the customer. A method that was used is switched off, not deleted."""

    form = ShippingMethodForm
    list_display = ["name", "code", "kind", "price_text", "days", "reaches", "is_active", "position"]
    list_filter = ["is_active", "kind"]
    search_fields = ["name", "code"]
    price_text = money_column("price")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"code": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: ShippingMethod | None = None) -> list[str]:
        return ["code"] if obj else []

    @admin.display(description="working days")
    def days(self, method: ShippingMethod) -> str:
        """From … to …"""
        return f"{method.days_min}–{method.days_max}"

    @admin.display(description="reaches")
    def reaches(self, method: ShippingMethod) -> str:
        """The countries, or everywhere."""
        return ", ".join(method.countries) or "everywhere"


@admin.register(TaxRate)
class TaxRateAdmin(DeliveryAdmin):
    """Taxes by place. Orders keep the rate they were placed with."""

    form = TaxRateForm
    list_display = ["country", "region", "name", "percent"]
    list_filter = ["country"]
    search_fields = ["=country", "region", "name"]

    def has_delete_permission(self, request: HttpRequest, obj: TaxRate | None = None) -> bool:
        return request.user.has_perm("carts.delete_taxrate")
