"""Staff change what the shop offers. Every change is on record with the value before, and lists follow it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from catalog.departments import BY_SLUG
from catalog.identity import brand_key, brand_slug, clean_text, option_key, product_identity, product_slug, sku_for
from catalog.listings import mark_dirty
from catalog.models import Brand, Category, Product, Variant
from catalog.price_history import record_prices
from catalog.spec_values import clean_specs
from core import clock
from core.db import atomic_retry
from core.models import AuditEntry
from core.money import is_exact
from core.refusals import Conflict, Refusal
from core.timeline import event_values
from core.versions import CATEGORIES, raise_versions

MAX_PRICE = Decimal("9999999.99")
MOST_CATEGORY_LEVELS = 4


@atomic_retry
def save_product(product: Product | None, *, by: Any, values: Mapping[str, Any]) -> Product:
    """Make a product (None) or change one. `values` are columns by name; what is not named stays as it is.

    A product keeps the identity it was made with, so imports still find it after a rename.
    Raises Refusal("invalid_values", fields) and Conflict("product_exists", product).
    """
    is_new = product is None
    product = Product() if product is None else Product.objects.select_for_update().get(pk=product.pk)
    before = _assign(product, values)
    if "name" in before:
        product.name = clean_text(product.name)
    if {"specs", "category"} & set(before):
        product.specs = clean_specs(product.category, product.specs, axes=False)
    if is_new:
        brand = product.brand.name if product.brand else ""
        product.identity = product_identity(product.category.slug, brand=brand, name=product.name, facts=product.specs)
        product.slug = product_slug(product.full_name, product.identity)
        twin = Product.objects.filter(identity=product.identity).first()
        if twin is not None:
            raise Conflict("product_exists", f"There is this product already: {twin.full_name}.", product=twin.pk)
    return _store(product, before, is_new=is_new, by=by, code=product.slug)


@atomic_retry
def save_variant(variant: Variant | None, *, by: Any, values: Mapping[str, Any]) -> Variant:
    """Make a variant (None; values name its product) or change one. Prices are in the shop's currency.

    Raises Refusal("invalid_values", fields) and Conflict("variant_exists", sku).
    """
    is_new = variant is None
    if variant is None:
        variant = Variant(product=values["product"])
    else:
        variant = Variant.objects.select_for_update().get(pk=variant.pk)
    before = _assign(variant, {name: value for name, value in values.items() if name != "product"})
    _refuse_impossible_prices(variant)
    product = Product.objects.select_related("category", "brand").get(pk=variant.product_id)
    if is_new or {"grade", "options"} & set(before):
        variant.options = clean_specs(product.category, variant.options, axes=True)
        variant.option_key = option_key(variant.grade, variant.options)
        _refuse_twin(variant)
    if not variant.sku:
        department = BY_SLUG.get(product.category.slug)
        variant.sku = sku_for((department.code if department else "") or "VAR", product.identity, variant.option_key)
    variant = _store(variant, before, is_new=is_new, by=by, code=variant.sku)
    if "price" in before and (variant.price, before["price"]) != (None, None):
        record_prices([variant], at=clock.now())
    return variant


@atomic_retry
def save_brand(brand: Brand | None, *, by: Any, values: Mapping[str, Any]) -> Brand:
    """Make a maker (None) or change its name. The key stays, so imports still find it after a change of spelling.

    Raises Refusal("invalid_values", fields) and Conflict("brand_exists").
    """
    is_new = brand is None
    brand = Brand() if brand is None else Brand.objects.select_for_update().get(pk=brand.pk)
    before = _assign(brand, values)
    brand.name = clean_text(brand.name)
    if is_new:
        brand.key = brand_key(brand.name)
        if not brand.key:
            words = "A name needs a letter or a digit."
            raise Refusal("invalid_values", words, fields={"name": [words]})
        brand.slug = brand_slug(brand.key)
        if Brand.objects.filter(key=brand.key).exists():
            raise Conflict("brand_exists", f"There is a brand {brand.name} already, perhaps in another spelling.")
    return _store(brand, before, is_new=is_new, by=by, code=brand.slug)


@atomic_retry
def save_category(category: Category | None, *, by: Any, values: Mapping[str, Any]) -> Category:
    """Make a department (None) or change one; the paths of what lies below follow.

    Raises Refusal("invalid_values", fields), among others for a department below itself.
    """
    is_new = category is None
    category = Category() if category is None else Category.objects.select_for_update().get(pk=category.pk)
    before = _assign(category, values)
    above = _ancestors(category)
    category.path = "/".join([*(parent.slug for parent in reversed(above)), category.slug])
    category = _store(category, before, is_new=is_new, by=by, code=category.slug)
    if {"slug", "parent"} & set(before):
        _move_branch(category)
    if before:
        raise_versions([CATEGORIES])
    return category


def _assign(row: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set columns; return the old values of those that changed."""
    before = {}
    for name, value in values.items():
        old = getattr(row, name, None)
        if row.pk is None or old != value:
            before[name] = old
            setattr(row, name, value)
    return before


def _store(row: Any, before: Mapping[str, Any], *, is_new: bool, by: Any, code: str) -> Any:
    """Check, write, put on record and let the lists follow. Nothing changed: nothing is written."""
    if not before:
        return row
    try:
        row.clean_fields()
    except ValidationError as error:
        raise Refusal(
            "invalid_values", f"Some values are missing or wrong: {_in_words(error)}", fields=error.message_dict
        ) from None
    try:
        with transaction.atomic():
            row.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as error:
        raise Conflict("already_there", f"Another {row._meta.verbose_name} has one of these values already.") from error
    AuditEntry.objects.create(
        model=row._meta.label_lower,
        object_code=code[:80],
        **event_values(
            kind="created" if is_new else "changed",
            by=by,
            **{name: [_plain(old), _plain(getattr(row, name))] for name, old in before.items()},
        ),
    )
    mark_dirty(_products_of(row))
    return row


def _products_of(row: Any) -> list[int]:
    """Return the ids of the products whose lists show something of `row`."""
    if isinstance(row, Product):
        return [row.pk]
    if isinstance(row, Variant):
        return [row.product_id]
    return list(row.products.values_list("pk", flat=True))


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | dict | list) or value is None else str(value)


def _in_words(error: ValidationError) -> str:
    return " ".join(f"{name}: {' '.join(words)}" for name, words in error.message_dict.items())


def _refuse_impossible_prices(variant: Variant) -> None:
    code = settings.SHOP_CURRENCY
    for name in ("price", "list_price"):
        amount = getattr(variant, name)
        if amount is not None and not (0 < amount <= MAX_PRICE and is_exact(amount, code)):
            words = f"Enter an amount above zero, up to {MAX_PRICE} {code}, or leave it empty."
            raise Refusal("invalid_values", words, fields={name: [words]})
    if variant.price is not None and variant.list_price is not None and variant.list_price <= variant.price:
        words = "The struck-out price must be higher than the price."
        raise Refusal("invalid_values", words, fields={"list_price": [words]})


def _refuse_twin(variant: Variant) -> None:
    twin = Variant.objects.filter(product_id=variant.product_id, option_key=variant.option_key).exclude(pk=variant.pk)
    found = twin.first()
    if found is not None:
        raise Conflict(
            "variant_exists", f"This product has that grade and configuration already: {found.sku}.", sku=found.sku
        )


def _ancestors(category: Category) -> list[Category]:
    """Return the departments above, nearest first. Raises Refusal for a circle or a tree that grows too deep."""
    above: list[Category] = []
    parent = category.parent
    while parent is not None:
        if parent.pk == category.pk or len(above) >= MOST_CATEGORY_LEVELS - 1:
            words = f"A department cannot lie below itself, nor more than {MOST_CATEGORY_LEVELS} levels deep."
            raise Refusal("invalid_values", words, fields={"parent": [words]})
        above.append(parent)
        parent = parent.parent
    return above


def _move_branch(category: Category) -> None:
    """Give everything below `category` its new path."""
    for child in Category.objects.select_for_update().filter(parent=category).order_by("pk"):
        child.path = f"{category.path}/{child.slug}"
        child.save(update_fields=["path"])
        mark_dirty(_products_of(child))
        _move_branch(child)
