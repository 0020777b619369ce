"""Parts as rows of the database: the deed that one short transaction of an import does.

The price of a variant follows from its references: it is the lowest price that any of them states. Each reference
keeps what its source said last, up, down or nothing, so the order and the cutting of files into imports do not matter.
A price that staff set by hand differs from that figure; it stays until staff set it to the file's price again.
What exists is otherwise left alone: names, texts, specs and pictures belong to staff once a product is there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.identity import brand_slug, name_key
from catalog.importing.parts import SOURCE, Part
from catalog.listings import mark_dirty
from catalog.models import Brand, Category, ExternalReference, Product, Variant
from catalog.price_history import record_prices
from core import clock
from core.db import atomic_retry

Prices = dict[tuple[str, str], Decimal | None]


@dataclass
class Stored:
    """What one transaction has written, and sentences about single parts for the report."""

    products: int = 0
    variants: int = 0
    references: int = 0
    prices: int = 0
    remarks: list[tuple[Part, str]] = field(default_factory=list)


@dataclass
class _Chunk:
    """The parts of one transaction with the rows they have found or made."""

    parts: Sequence[Part]
    products: dict[str, int] = field(default_factory=dict)
    variants: dict[tuple[int, str], Variant] = field(default_factory=dict)
    stored: Stored = field(default_factory=Stored)

    def key(self, part: Part) -> tuple[int, str]:
        """Return product id and option key of `part`, under which its variant is known."""
        return self.products[part.identity], part.option_key

    def variant(self, part: Part) -> Variant:
        """Return the variant of `part`."""
        return self.variants[self.key(part)]

    def remark(self, part: Part, text: str) -> None:
        """Keep a sentence for the report."""
        self.stored.remarks.append((part, text))


@atomic_retry
def store_parts(parts: Sequence[Part], *, categories: Mapping[str, Category]) -> Stored:
    """Write `parts` (each external id once), all or nothing. What stands already and is equal is not touched.

    Raises IntegrityError when another import has just written one of the same rows: run it again.
    """
    chunk = _Chunk(parts)
    changed = _find_products(chunk, categories, _brands(parts))
    found = ExternalReference.objects.filter(source=SOURCE, external_id__in=[part.external_id for part in parts])
    # MariaDB takes "A-1" and "a-1" for one id; so do we.
    references = {reference.external_id.casefold(): reference for reference in found}
    standing = _lock_variants(chunk, references.values())
    before = _reference_prices(standing)
    after = defaultdict(dict, {pk: dict(prices) for pk, prices in before.items()})
    changed |= _create_variants(chunk)
    changed |= _lead_references(chunk, references, after)
    changed |= _reprice(chunk, standing, before, after)
    if changed:
        mark_dirty(changed)
    return chunk.stored


def _brands(parts: Sequence[Part]) -> dict[str, Brand]:
    """Return the brands of `parts` by key. Of several spellings the first in the alphabet stands."""
    spellings: dict[str, str] = {}
    for part in parts:
        if part.brand:
            spellings[part.brand_key] = min(spellings.get(part.brand_key, part.brand), part.brand)
    brands = {brand.key: brand for brand in Brand.objects.filter(key__in=spellings)}
    missing = [Brand(key=key, name=name, slug=brand_slug(key)) for key, name in spellings.items() if key not in brands]
    if missing:
        Brand.objects.bulk_create(missing)
        brands |= {brand.key: brand for brand in Brand.objects.filter(key__in=[brand.key for brand in missing])}
    for key, name in spellings.items():
        brand = brands[key]
        if name < brand.name and name_key(name) == name_key(brand.name):
            brand.name = name
            brand.save(update_fields=["name"])
    return brands


def _find_products(chunk: _Chunk, categories: Mapping[str, Category], brands: Mapping[str, Brand]) -> set[int]:
    """Find or create the products of the parts. Return the ids of those that were renamed.

    Of several spellings of one name (capitals, full-width forms) the first in the alphabet stands. A name that staff
    changed is no spelling of the file's and stays.
    """
    wanted: dict[str, Part] = {}
    for part in chunk.parts:
        standing = wanted.get(part.identity)
        if standing is None or part.name < standing.name:
            wanted[part.identity] = part
    found = {product.identity: product for product in _by_identity(wanted)}
    missing = [part for identity, part in wanted.items() if identity not in found]
    if missing:
        Product.objects.bulk_create(
            Product(
                category=categories[part.department.slug],
                brand=brands[part.brand_key] if part.brand else None,
                name=part.name,
                slug=part.slug,
                identity=part.identity,
                specs=part.specs,
            )
            for part in missing
        )
        # Asked again, because MySQL does not return the keys of inserted rows.
        found |= {product.identity: product for product in _by_identity(part.identity for part in missing)}
        chunk.stored.products += len(missing)
    renamed: set[int] = set()
    for identity, part in wanted.items():
        product = found[identity]
        if part.name < product.name and name_key(part.name) == name_key(product.name):
            product.name = part.name
            product.save(update_fields=["name", "updated_at"])
            renamed.add(product.pk)
    chunk.products = {identity: product.pk for identity, product in found.items()}
    return renamed


def _by_identity(identities: Iterable[str]) -> Iterable[Product]:
    return Product.objects.filter(identity__in=list(identities)).only("identity", "name")


def _lock_variants(chunk: _Chunk, references: Iterable[ExternalReference]) -> dict[int, Variant]:
    """Lock the variants that the parts describe and those that their external ids have led to so far."""
    keys = {chunk.key(part) for part in chunk.parts}
    of_parts = Variant.objects.filter(
        product_id__in={product for product, _ in keys}, option_key__in={key for _, key in keys}
    ).values_list("pk", "product_id", "option_key")
    ids = {pk for pk, product, key in of_parts if (product, key) in keys}
    ids |= {reference.variant_id for reference in references}
    locked = {variant.pk: variant for variant in Variant.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    chunk.variants = {(variant.product_id, variant.option_key): variant for variant in locked.values()}
    return locked


def _reference_prices(variants: Iterable[int]) -> dict[int, Prices]:
    prices: dict[int, Prices] = {pk: {} for pk in variants}
    rows = ExternalReference.objects.filter(variant_id__in=list(prices))
    for variant, source, external_id, price in rows.values_list("variant_id", "source", "external_id", "price"):
        prices[variant][source, external_id] = price
    return prices


def _create_variants(chunk: _Chunk) -> set[int]:
    """Create the variants that are not there yet, at the lowest known price. Return their products."""
    wanted: dict[tuple[int, str], Variant] = {}
    for part in chunk.parts:
        key = chunk.key(part)
        if key in chunk.variants:
            continue
        variant = wanted.get(key)
        if variant is None:
            wanted[key] = Variant(
                product_id=key[0], sku=part.sku, options=part.options, option_key=key[1], price=part.price
            )
        else:
            variant.price = _lowest([variant.price, part.price])
    if wanted:
        Variant.objects.bulk_create(wanted.values())
        created = Variant.objects.filter(sku__in=[variant.sku for variant in wanted.values()])
        chunk.variants |= {(variant.product_id, variant.option_key): variant for variant in created}
        record_prices((variant for variant in created if variant.price is not None), at=clock.now())
        chunk.stored.variants += len(wanted)
    return {product for product, _ in wanted}


def _lead_references(chunk: _Chunk, references: Mapping[str, ExternalReference], after: dict[int, Prices]) -> set[int]:
    """Let every external id lead to its variant and keep its price. Return the products it has left."""
    fresh: list[ExternalReference] = []
    changed: list[ExternalReference] = []
    left: set[int] = set()
    for part in chunk.parts:
        variant = chunk.variant(part)
        reference = references.get(part.external_id.casefold())
        if reference is None:
            reference = ExternalReference(
                source=SOURCE, external_id=part.external_id, variant=variant, price=part.price
            )
            fresh.append(reference)
        elif (reference.variant_id, reference.price) != (variant.pk, part.price):
            if reference.variant_id != variant.pk:
                old = reference.variant
                after[old.pk].pop((SOURCE, reference.external_id), None)
                left.add(old.product_id)
                chunk.remark(part, f"it was {old.sku} before and is {variant.sku} now; stock stays where it is")
            elif reference.price is not None and part.price is None:
                chunk.remark(part, f"its price was {reference.price} and is unknown now")
            reference.variant, reference.price = variant, part.price
            changed.append(reference)
        after[variant.pk][SOURCE, reference.external_id] = part.price
    ExternalReference.objects.bulk_create(fresh)
    ExternalReference.objects.bulk_update(changed, ["variant", "price"])
    chunk.stored.references += len(fresh)
    return left


def _reprice(
    chunk: _Chunk, standing: Mapping[int, Variant], before: Mapping[int, Prices], after: Mapping[int, Prices]
) -> set[int]:
    """Give variants whose price came from their references the new lowest one. Return the products that changed."""
    speaker = {chunk.variant(part).pk: part for part in chunk.parts}
    repriced: list[Variant] = []
    for pk, variant in standing.items():
        price = _lowest(after[pk].values())
        if variant.price == price:
            continue
        if variant.price == _lowest(before[pk].values()):
            variant.price, variant.updated_at = price, clock.now()
            repriced.append(variant)
        elif pk in speaker:
            chunk.remark(
                speaker[pk],
                f"staff set the price of {variant.sku} to {_words(variant.price)}; "
                f"the file's ({_words(price)}) was not taken",
            )
    Variant.objects.bulk_update(repriced, ["price", "updated_at"])
    record_prices(repriced, at=clock.now())
    chunk.stored.prices += len(repriced)
    return {variant.product_id for variant in repriced}


def _lowest(prices: Iterable[Decimal | None]) -> Decimal | None:
    return min((price for price in prices if price is not None), default=None)


def _words(price: Decimal | None) -> str:
    return "none" if price is None else str(price)
