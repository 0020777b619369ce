"""What the catalogue endpoints give."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Category, Product, Unit, Variant
from catalog.pictures import FORMATS, Picture, files_of
from catalog.promises import grade_meaning, return_promise, warranty_terms
from catalog.wording import options_text, spec_text
from core.api.fields import InstantField, MoneyField

# Enough to choose from; a variant with more such units is still counted in `available`.
MOST_UNITS = 20


class CategoryNodeSerializer(serializers.Serializer):
    """A category in the tree, with how many products it and everything below it offer."""

    slug = serializers.SlugField()
    path = serializers.CharField()
    name = serializers.CharField()
    products = serializers.IntegerField()
    children = serializers.SerializerMethodField()

    def get_children(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        return CategoryNodeSerializer(node["children"], many=True).data


class SpecDefinitionSerializer(serializers.Serializer):
    """A fact that a category records about its goods."""

    key = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.CharField(help_text="text, integer, decimal, boolean or list.")
    unit = serializers.CharField(allow_blank=True)
    hint = serializers.CharField(allow_blank=True)
    facet = serializers.BooleanField(help_text="Lists can be filtered by it.")


class CategorySerializer(serializers.Serializer):
    """A category, its place in the tree and what its goods are described by."""

    slug = serializers.SlugField()
    path = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    parent = serializers.SlugField(source="parent.slug", default=None, allow_null=True)
    specs = serializers.SerializerMethodField()
    variant_axes = serializers.ListField(
        child=serializers.CharField(), help_text="Spec keys that tell variants of one product apart."
    )

    @extend_schema_field(SpecDefinitionSerializer(many=True))
    def get_specs(self, category: Category) -> list[dict[str, Any]]:
        names = SpecDefinitionSerializer().fields
        return [{name: definition.get(name) for name in names} for definition in category.spec_definitions]


class SpecSerializer(serializers.Serializer):
    """One fact of a product: its value for programs, its text with unit for people."""

    key = serializers.CharField()
    label = serializers.CharField()
    value = serializers.JSONField()
    unit = serializers.CharField(allow_blank=True)
    text = serializers.CharField()


class UnitSerializer(serializers.Serializer):
    """What anybody may know about one physical item. Serial numbers are told with the parcel."""

    grade_notes = serializers.CharField()
    battery_health_percent = serializers.IntegerField(allow_null=True)
    disk_health_percent = serializers.IntegerField(allow_null=True)
    tested_on = serializers.DateField(allow_null=True)
    test_report = serializers.DictField(help_text="Test to result.")
    replaced_parts = serializers.CharField()
    wipe_certificate = serializers.CharField(help_text="Number of the certificate that its data was wiped.")


class PhotoFileSerializer(serializers.Serializer):
    """A photo in one format and width."""

    format = serializers.ChoiceField(choices=FORMATS)
    width = serializers.IntegerField(help_text="Pixels.")
    url = serializers.URLField()


class PhotoSerializer(serializers.Serializer):
    """A photo of the model. Choose the file that fits; its content never changes."""

    alt = serializers.CharField(help_text="What it shows, for people who do not see it.")
    width = serializers.IntegerField(help_text="Pixels of the original; all files have its proportions.")
    height = serializers.IntegerField()
    files = serializers.SerializerMethodField()

    @extend_schema_field(PhotoFileSerializer(many=True))
    def get_files(self, picture: Picture) -> list[dict[str, Any]]:
        return [
            {"format": kind, "width": width, "url": urljoin(settings.SITE_URL, address)}
            for kind, width, address in files_of(picture)
        ]


class VariantSerializer(serializers.Serializer):
    """What can be put into a cart: one product in one grade and configuration."""

    sku = serializers.CharField()
    grade = serializers.ChoiceField(choices=Variant.Grade.choices)
    grade_name = serializers.CharField(source="get_grade_display")
    grade_meaning = serializers.SerializerMethodField(help_text="What a thing of this grade looks like.")
    options = serializers.DictField(help_text="Variant axis to value, in the category's units.")
    options_text = serializers.SerializerMethodField()
    price = MoneyField(read_only=True, allow_null=True, help_text="Null: can be found but not bought.")
    list_price = MoneyField(read_only=True, allow_null=True)
    lowest_price_30_days = serializers.SerializerMethodField(
        help_text="Beside a reduced price: the lowest of the 30 days before it was set (Directive 98/6/EC, Art. 6a)."
    )
    currency = serializers.SerializerMethodField()
    available = serializers.IntegerField(help_text="Units that can be taken now.")
    max_per_order = serializers.IntegerField(allow_null=True)
    is_offered = serializers.BooleanField()
    units = serializers.SerializerMethodField(help_text=f"Tested items of it, at most {MOST_UNITS}.")

    def get_grade_meaning(self, variant: Variant) -> str:
        return grade_meaning(variant.grade)

    def get_options_text(self, variant: Variant) -> str:
        return options_text(variant, self.context["category"])

    @extend_schema_field(MoneyField(allow_null=True))
    def get_lowest_price_30_days(self, variant: Variant) -> str | None:
        lowest = self.context["lowest_prices"].get(variant.pk)
        return None if lowest is None else MoneyField(read_only=True).to_representation(lowest)

    def get_currency(self, variant: Variant) -> str:
        return settings.SHOP_CURRENCY

    @extend_schema_field(UnitSerializer(many=True))
    def get_units(self, variant: Variant) -> list[dict[str, Any]]:
        units: Iterable[Unit] = self.context["units"].get(variant.pk, [])
        return UnitSerializer(units, many=True).data


class ProductSummarySerializer(serializers.Serializer):
    """A product by name."""

    slug = serializers.SlugField()
    name = serializers.CharField(source="full_name")
    category = serializers.SlugField(source="category.slug")
    brand = serializers.CharField(source="brand.name", default=None, allow_null=True)


class SoldVariantSerializer(VariantSerializer):
    """A variant with the product it belongs to."""

    product = ProductSummarySerializer()


class ProductSerializer(ProductSummarySerializer):
    """A product with its variants as they are now; this is the truth, not the list's copy."""

    status = serializers.ChoiceField(choices=Product.Status.choices)
    description = serializers.CharField()
    specs = serializers.SerializerMethodField()
    warranty_months = serializers.IntegerField()
    warranty_terms = serializers.SerializerMethodField(help_text="What the warranty does and what voids it.")
    return_days = serializers.SerializerMethodField(
        help_text="Days after delivery within which it may be sent back without a reason; 0: not at all."
    )
    return_terms = serializers.SerializerMethodField(help_text="Who pays the way back.")
    box_contents = serializers.ListField(child=serializers.CharField())
    not_in_box = serializers.ListField(child=serializers.CharField())
    updated_at = InstantField()
    rating = serializers.SerializerMethodField(help_text="Average of the published reviews, 1.0 to 5.0.")
    reviews = serializers.SerializerMethodField(help_text="How many published reviews that average rests on.")
    photos = serializers.SerializerMethodField()
    variants = serializers.SerializerMethodField()

    def get_warranty_terms(self, product: Product) -> str:
        return warranty_terms(product.warranty_months)

    def get_return_days(self, product: Product) -> int:
        return return_promise().days

    def get_return_terms(self, product: Product) -> str:
        return return_promise().terms

    @extend_schema_field(SpecSerializer(many=True))
    def get_specs(self, product: Product) -> list[dict[str, Any]]:
        return [
            {
                "key": definition["key"],
                "label": definition["label"],
                "value": product.specs[definition["key"]],
                "unit": definition.get("unit") or "",
                "text": spec_text(definition, product.specs[definition["key"]]),
            }
            for definition in product.category.spec_definitions
            if product.specs.get(definition["key"]) not in (None, "", [])
        ]

    @extend_schema_field(serializers.DecimalField(max_digits=2, decimal_places=1, allow_null=True))
    def get_rating(self, product: Product) -> str | None:
        average = self.context["rating"].average
        return None if average is None else str(average)

    def get_reviews(self, product: Product) -> int:
        return self.context["rating"].count

    @extend_schema_field(PhotoSerializer(many=True))
    def get_photos(self, product: Product) -> list[dict[str, Any]]:
        return PhotoSerializer(self.context["photos"], many=True).data

    @extend_schema_field(VariantSerializer(many=True))
    def get_variants(self, product: Product) -> list[dict[str, Any]]:
        return VariantSerializer(self.context["variants"], many=True, context=self.context).data
