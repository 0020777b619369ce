"""Departments, makers and products. Saving goes through the deeds of catalog.editing, which keep the record."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from catalog.admin.photos import PhotosOfOne
from catalog.admin.spec_fields import PREFIX, definitions_of, fact_fields, facts_told
from catalog.editing import save_brand, save_category, save_product
from catalog.models import Brand, Category, Product, Variant
from catalog.wording import spec_text
from core.admin import ReadOnlyInline, StaffAdmin, money_column


def row_named(request: HttpRequest, parameter: str, rows: QuerySet) -> Any:
    """Return the row whose number the address names in `parameter`, None when there is none."""
    number = request.GET.get(parameter, "")
    return rows.filter(pk=number).first() if number.isascii() and number.isdigit() else None


class SavedByDeed(StaffAdmin):
    """A page whose form is handed to a deed: `save_deed(row or None, by=…, values=…)`."""

    save_deed: Callable[..., Any]

    def values_of(self, form: forms.ModelForm, *, change: bool) -> dict[str, Any]:
        """Return the columns to write: all of a new row, the edited ones of an old row."""
        names = form.changed_data if change else form.fields
        return {name: form.cleaned_data[name] for name in names}

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        saved = self.save_deed(obj if change else None, by=request.user, values=self.values_of(form, change=change))
        obj.pk = saved.pk
        obj._state.adding = False
        obj.refresh_from_db()


@admin.register(Category)
class CategoryAdmin(SavedByDeed):
    """The tree of departments. Specs and axes follow the table in catalog.departments, on which imports rest."""

    save_deed = staticmethod(save_category)
    list_display = ["name", "path", "parent", "position", "product_count", "is_visible"]
    list_filter = ["is_visible"]
    list_select_related = ["parent"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["parent"]
    ordering = ["path"]
    fields = ["name", "slug", "parent", "position", "description", "is_visible", "path", "specs_text"]

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> list[str]:
        # The slug is in public addresses, and the table of departments finds its rows by it.
        return ["path", "specs_text", *(["slug"] if obj else [])]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Category | None = None) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(products_in_it=Count("products"))

    @admin.display(description="products", ordering="products_in_it")
    def product_count(self, category: Category) -> int:
        """How many products lie directly in it."""
        return category.products_in_it  # type: ignore[attr-defined]

    @admin.display(description="specs")
    def specs_text(self, category: Category) -> str:
        """What is recorded about its goods; axes tell variants apart."""
        words = [
            f"{definition['label']}{' (axis)' if definition['key'] in category.variant_axes else ''}"
            for definition in category.spec_definitions
        ]
        return ", ".join(words) or "none"


@admin.register(Brand)
class BrandAdmin(SavedByDeed):
    """Makers."""

    save_deed = staticmethod(save_brand)
    list_display = ["name", "slug", "product_count"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug"]
    readonly_fields = ["slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return super().get_queryset(request).annotate(products_of_it=Count("products"))

    @admin.display(description="products", ordering="products_of_it")
    def product_count(self, brand: Brand) -> int:
        """How many of its products we know."""
        return brand.products_of_it  # type: ignore[attr-defined]


class VariantInline(ReadOnlyInline):
    model = Variant
    fields = ("sku", "grade", "options_text", "price_text", "list_price_text", "in_stock", "is_offered")
    show_change_link = True
    price_text = money_column("price")
    list_price_text = money_column("list_price", "struck out")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return super().get_queryset(request).with_available()

    @admin.display(description="options")
    def options_text(self, variant: Variant) -> str:
        """The configuration, as recorded."""
        return ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in variant.options.items()) or "–"

    @admin.display(description="available")
    def in_stock(self, variant: Variant) -> int:
        """Units that can be sold now."""
        return variant.available  # type: ignore[attr-defined]


OWN_COLUMNS = [
    "name", "brand", "category", "status", "warranty_months", "description", "box_contents", "not_in_box",
]  # fmt: skip


def lines_field(help_text: str) -> forms.CharField:
    """A list of things as a text of lines."""
    widget = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
    return forms.CharField(required=False, max_length=2000, widget=widget, help_text=help_text)


def lines_of(text: str) -> list[str]:
    """Return the lines that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class ProductForm(forms.ModelForm):
    """A product's own facts; what lies in the box is one thing a line."""

    box_contents = lines_field("What lies in the box, one thing a line.")
    not_in_box = lines_field("What people may expect in the box and will not find there, one thing a line.")

    class Meta:
        model = Product
        fields = OWN_COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("box_contents", "not_in_box"):
            if name in self.fields:
                self.initial[name] = "\n".join(getattr(self.instance, name))

    def clean_box_contents(self) -> list[str]:
        return lines_of(self.cleaned_data["box_contents"])

    def clean_not_in_box(self) -> list[str]:
        return lines_of(self.cleaned_data["not_in_box"])


@admin.register(Product)
class ProductAdmin(PhotosOfOne, SavedByDeed):
    """Models of machines and parts, with what their department records about them."""

    save_deed = staticmethod(save_product)
    form = ProductForm
    list_display = ["name", "brand", "category", "status", "warranty_months", "updated_at"]
    list_filter = ["status", "category"]
    list_select_related = ["brand", "category"]
    search_fields = ["name", "brand__name", "=slug", "=variants__sku"]
    autocomplete_fields = ["brand", "category"]
    readonly_fields = ["slug", "specs_text", "created_at", "updated_at"]
    ordering = ["-id"]
    inlines = [VariantInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).select_related("brand", "category")

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        if obj is None:
            return [
                (
                    None,
                    {"fields": OWN_COLUMNS, "description": "Save first; then its specs and variants can be entered."},
                )
            ]
        facts = [f"{PREFIX}{definition['key']}" for definition in definitions_of(obj.category, axes=False)]
        specs = facts if self.has_change_permission(request, obj) else ["specs_text"]
        return [
            (None, {"fields": OWN_COLUMNS}),
            *([("Specs", {"fields": specs})] if specs else []),
            ("On record", {"fields": ["slug", ("created_at", "updated_at")]}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Product | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if obj is not None and self.has_change_permission(request, obj):
            fields = fact_fields(definitions_of(obj.category, axes=False), obj.specs)
            kwargs["form"] = type("ProductForm", (self.form,), fields)
        return super().get_form(request, obj, change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Product | None) -> list[Any]:
        return [] if obj is None else self.inlines

    def values_of(self, form: forms.ModelForm, *, change: bool) -> dict[str, Any]:
        values = super().values_of(form, change=change)
        facts = [name for name in values if name.startswith(PREFIX)]
        columns = {name: value for name, value in values.items() if name not in facts}
        if facts:
            columns["specs"] = facts_told(form.cleaned_data, self._definitions(form))
        return columns

    def _definitions(self, form: forms.ModelForm) -> list[Any]:
        """Return the definitions that the form was built from: the category's before this edit."""
        shown = {name.removeprefix(PREFIX) for name in form.fields}
        category = Category.objects.get(products=form.instance.pk)
        return [definition for definition in definitions_of(category, axes=False) if definition["key"] in shown]

    @admin.display(description="specs")
    def specs_text(self, product: Product) -> SafeString | str:
        """What is recorded, in words."""
        rows = [
            (definition["label"], spec_text(definition, product.specs[definition["key"]]))
            for definition in definitions_of(product.category, axes=False)
            if product.specs.get(definition["key"]) not in (None, "", [])
        ]
        return format_html_join(", ", "{}: {}", rows) or "–"

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], obj: Any = None, **kwargs: Any) -> Any:
        """Lead to the product's photos, and to a new variant of it for those who may add one."""
        if obj is not None:
            links = self.photos_link(request, obj)
            if request.user.has_perm("catalog.add_variant"):
                links.append(("Add a variant", f"{reverse('admin:catalog_variant_add')}?product={obj.pk}"))
            context["links"] = links
        return super().render_change_form(request, context, obj=obj, **kwargs)
