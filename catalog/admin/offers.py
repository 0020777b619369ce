"""Variants with their prices, rental plans, and other people's ids for our variants."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse

from catalog.admin.goods import SavedByDeed, row_named
from catalog.admin.spec_fields import PREFIX, definitions_of, fact_fields, facts_told
from catalog.editing import save_variant
from catalog.models import ExternalReference, Product, RentalPlan, Unit, Variant
from core.admin import ReadOnlyInline, StaffAdmin, money_column


def low_on_stock() -> QuerySet[Variant]:
    """Return variants on offer that the shop has stocked and of which few units are left (LOW_STOCK_THRESHOLD)."""
    few = Unit.objects.few_left(settings.LOW_STOCK_THRESHOLD)
    return Variant.objects.buyable().filter(pk__in=few)


class StockFilter(admin.SimpleListFilter):
    """How many units are left."""

    title = "stock"
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("low", f"Low: {settings.LOW_STOCK_THRESHOLD} or fewer left"),
            ("in", "In stock"),
            ("none", "None left"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Variant]) -> QuerySet[Variant]:
        on_shelf = Unit.objects.available().values("variant")
        if self.value() == "low":
            return queryset.filter(pk__in=low_on_stock())
        if self.value() == "in":
            return queryset.filter(pk__in=on_shelf)
        if self.value() == "none":
            return queryset.exclude(pk__in=on_shelf)
        return queryset


class RentalPlanInline(ReadOnlyInline):
    model = RentalPlan
    fields = ("months", "monthly_price_text", "is_published")
    show_change_link = True
    monthly_price_text = money_column("monthly_price", "monthly")


class ExternalReferenceInline(ReadOnlyInline):
    model = ExternalReference
    verbose_name_plural = "ids at others"
    fields = ("source", "external_id")


class VariantForm(forms.ModelForm):
    """Grade, price and configuration. A new variant without a SKU gets one."""

    class Meta:
        model = Variant
        fields = ["product", "sku", "grade", "price", "list_price", "max_per_order", "is_offered"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sku" in self.fields and self.instance.pk is None:
            self.fields["sku"].required = False
            self.fields["sku"].help_text = "Leave it empty to get one made."

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        for name in ("price", "list_price"):
            if told.get(name) is not None and told[name] <= 0:
                self.add_error(name, "Enter an amount above zero, or leave it empty.")
        return told


@admin.register(Variant)
class VariantAdmin(SavedByDeed):
    """What customers put into the cart. A price change is on record with the old price."""

    save_deed = staticmethod(save_variant)
    form = VariantForm
    list_display = ["sku", "product", "grade", "price_text", "list_price_text", "in_stock", "is_offered"]
    list_filter = [StockFilter, "is_offered", "grade", "product__category"]
    search_fields = ["=sku", "product__name", "product__brand__name", "=external_references__external_id"]
    autocomplete_fields = ["product"]
    ordering = ["-id"]
    inlines = [RentalPlanInline, ExternalReferenceInline]
    price_text = money_column("price")
    list_price_text = money_column("list_price", "struck out")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        """Add `available`, counted only for the rows that are shown."""
        shelf = Unit.objects.available().filter(variant=OuterRef("pk")).order_by().values("variant")
        count = Subquery(shelf.annotate(units=Count("pk")).values("units"), output_field=IntegerField())
        return (
            super()
            .get_queryset(request)
            .select_related("product__brand", "product__category")
            .annotate(available=Coalesce(count, 0))
        )

    @admin.display(description="available", ordering="available")
    def in_stock(self, variant: Variant) -> int:
        """Units that can be sold now."""
        return variant.available  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Variant | None = None) -> list[str]:
        return ["product", "sku", "in_stock", "options_text"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Variant | None = None) -> Any:
        product = obj.product if obj else self._chosen_product(request)
        axes = definitions_of(product.category, axes=True) if product else []
        own = ["product", "sku", "grade", "price", "list_price", "max_per_order", "is_offered"]
        facts: Sequence[str] = [f"{PREFIX}{definition['key']}" for definition in axes]
        if obj is not None:
            own.append("in_stock")
            if not self.has_change_permission(request, obj):
                facts = ["options_text"]
        return [(None, {"fields": own}), *([("Configuration", {"fields": facts})] if facts else [])]

    def get_form(
        self, request: HttpRequest, obj: Variant | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        product = obj.product if obj else self._chosen_product(request)
        if product is not None and (obj is None or self.has_change_permission(request, obj)):
            fields = fact_fields(definitions_of(product.category, axes=True), obj.options if obj else {})
            kwargs["form"] = type("VariantForm", (self.form,), fields)
        return super().get_form(request, obj, change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Variant | None) -> list[Any]:
        return [] if obj is None else self.inlines

    def values_of(self, form: forms.ModelForm, *, change: bool) -> dict[str, Any]:
        values = super().values_of(form, change=change)
        facts = [name for name in values if name.startswith(PREFIX)]
        columns = {name: value for name, value in values.items() if name not in facts}
        if facts:
            product = form.instance.product
            columns["options"] = facts_told(form.cleaned_data, definitions_of(product.category, axes=True))
        return columns

    @admin.display(description="options")
    def options_text(self, variant: Variant) -> str:
        """The configuration, as recorded."""
        return ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in variant.options.items()) or "–"

    def links(self, request: HttpRequest, variant: Variant) -> list[tuple[str, str]]:
        """Return label and address of further pages about a variant: its units, and receiving more of them."""
        units = f"{reverse('admin:catalog_unit_changelist')}?variant__id__exact={variant.pk}"
        receive = f"{reverse('admin:catalog_unit_receive')}?variant={variant.pk}"
        return [
            *([("Units", units)] if request.user.has_perm("catalog.view_unit") else []),
            *([("Receive stock", receive)] if request.user.has_perm("catalog.receive_unit") else []),
        ]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], obj: Any = None, **kwargs: Any) -> Any:
        """Show the links on top of the stock page."""
        if obj is not None:
            context["links"] = self.links(request, obj)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def _chosen_product(self, request: HttpRequest) -> Product | None:
        """Return the product that a link to the page for a new variant names."""
        return row_named(request, "product", Product.objects.select_related("category", "brand"))


@admin.register(ExternalReference)
class ExternalReferenceAdmin(StaffAdmin):
    """Whose id leads to which variant. Imports write these; a wrong one may be taken out."""

    list_display = ["source", "external_id", "variant"]
    list_filter = ["source"]
    list_select_related = ["variant__product__brand"]
    search_fields = ["=external_id", "=variant__sku"]
    autocomplete_fields = ["variant"]
    fields = ["source", "external_id", "variant"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExternalReference]:
        return super().get_queryset(request).select_related("variant__product__brand")

    def has_delete_permission(self, request: HttpRequest, obj: ExternalReference | None = None) -> bool:
        return request.user.has_perm("catalog.delete_externalreference")
