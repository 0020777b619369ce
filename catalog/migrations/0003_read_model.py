import django.db.models.deletion
from django.db import migrations, models

import core.clock


def note_every_product(apps, schema_editor):
    """The new tables are empty: let the next sweep fill them."""
    product = apps.get_model("catalog", "Product")
    dirty = apps.get_model("catalog", "ListingDirty")
    rows = (dirty(product_id=pk) for pk in product.objects.order_by("pk").values_list("pk", flat=True).iterator())
    dirty.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    """The read model in its lasting form. It is only a copy, so it is made anew instead of altered."""

    dependencies = [
        ("catalog", "0002_external_reference_price"),
    ]

    operations = [
        migrations.DeleteModel("Facet"),
        migrations.DeleteModel("FacetCount"),
        migrations.DeleteModel("Listing"),
        migrations.DeleteModel("ListingDirty"),
        migrations.DeleteModel("SearchTerm"),
        migrations.CreateModel(
            name="ListingDirty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("marked_at", models.DateTimeField(default=core.clock.now)),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "dirty listings",
            },
        ),
        migrations.CreateModel(
            name="Facet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.BigIntegerField()),
                (
                    "buyable",
                    models.BooleanField(help_text="The variant can be bought, so default lists and counts include it."),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.category",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="facets",
                        to="catalog.variant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["category", "code", "buyable", "product", "variant"], name="facet_counting"),
                    models.Index(fields=["variant", "code", "product"], name="facet_of_variant"),
                    models.Index(fields=["product"], name="facet_of_product"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FacetCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.BigIntegerField()),
                ("name", models.CharField(max_length=40)),
                ("value", models.CharField(max_length=80)),
                ("label", models.CharField(help_text="The value for people, with its unit.", max_length=120)),
                ("number", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("products", models.PositiveIntegerField(default=0)),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.category",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["code", "category", "products"], name="facet_count_of_code")],
                "constraints": [models.UniqueConstraint(fields=("category", "code"), name="facet_count_once")],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "variant",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="listing",
                        serialize=False,
                        to="catalog.variant",
                    ),
                ),
                ("grade", models.CharField(max_length=1)),
                ("price", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ("list_price", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ("monthly_from", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                (
                    "price_per_gb",
                    models.DecimalField(
                        decimal_places=4,
                        help_text="For memory and drives; to compare, never to charge.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "available",
                    models.PositiveIntegerField(
                        default=0, help_text="Units in state available when the row was built."
                    ),
                ),
                ("in_stock", models.BooleanField(default=False)),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        help_text="Place among the product's variants: can be bought, in stock, cheapest; 0 is the first."
                    ),
                ),
                (
                    "lead",
                    models.BooleanField(
                        default=False,
                        help_text="The row that shows the product in an unfiltered list: first and can be bought.",
                    ),
                ),
                ("name", models.CharField(help_text="Brand and model.", max_length=330)),
                ("slug", models.SlugField(db_index=False, max_length=120)),
                (
                    "spec_line",
                    models.CharField(blank=True, help_text="The few facts printed on a card.", max_length=200),
                ),
                (
                    "facts",
                    models.JSONField(default=dict, help_text="The specs that the card's illustration is drawn from."),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.brand",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.category",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The root of the category's branch.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.category",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listings",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["product", "position"], name="listing_of_product"),
                    models.Index(fields=["category", "lead", "in_stock", "product"], name="listing_best"),
                    models.Index(fields=["category", "lead", "price", "product"], name="listing_by_price"),
                    models.Index(fields=["category", "lead", "product"], name="listing_newest"),
                    models.Index(fields=["department", "lead", "in_stock", "product"], name="listing_dep_best"),
                    models.Index(fields=["department", "lead", "price", "product"], name="listing_dep_by_price"),
                    models.Index(fields=["department", "lead", "product"], name="listing_dep_newest"),
                    models.Index(fields=["lead", "in_stock", "product"], name="listing_all_best"),
                    models.Index(fields=["lead", "price", "product"], name="listing_all_by_price"),
                    models.Index(fields=["lead", "product"], name="listing_all_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("term", models.CharField(max_length=40)),
                ("weight", models.PositiveSmallIntegerField()),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["term", "weight", "product"], name="search_term"),
                    models.Index(fields=["product", "term", "weight"], name="search_term_of_product"),
                ],
            },
        ),
        migrations.RunPython(note_every_product, migrations.RunPython.noop),
    ]
