"""Keep the read model of the lists in step with the truth.

A change of the truth leaves notes (ListingDirty) in its own transaction; `rebuild_dirty` reads the notes and builds the
rows of those products again. Only rows that differ are written: a new price does not touch the search terms.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, models

from catalog import facets
from catalog.flow import ReviewState, UnitState
from catalog.listing_rows import (
    FacetRow,
    Goods,
    Place,
    TermRow,
    average_rating,
    facets_of,
    listings_of,
    terms_of,
)
from catalog.models import (
    Brand,
    Category,
    Facet,
    FacetCount,
    Listing,
    ListingDirty,
    Product,
    RentalPlan,
    Review,
    SearchTerm,
    Unit,
    Variant,
)
from catalog.pictures import card_pictures
from core.db import atomic_retry
from core.nudge import nudge
from core.versions import EVERY_LIST, list_of, raise_versions

# So many products take about a fifth of a second, and a transaction must stay under one (SQLite has one writer).
BATCH = 100
INSERT_BATCH = 500
Row = TypeVar("Row", FacetRow, TermRow)
_LISTING_COLUMNS = [field.attname for field in Listing._meta.concrete_fields]


def mark_dirty(product_ids: Iterable[int]) -> None:
    """Note, in the caller's transaction, that these products' read model is stale, and wake the rebuild after it."""
    notes = [ListingDirty(product_id=pk) for pk in sorted(set(product_ids))]
    if notes:
        ListingDirty.objects.bulk_create(notes, batch_size=INSERT_BATCH)
        nudge("catalog.rebuild_dirty_listings")


def rebuild(product_ids: Iterable[int]) -> None:
    """Build the read model of these products again, in transactions of BATCH products. Notes about them stay."""
    remaining = iter(sorted(set(product_ids)))
    while batch := list(islice(remaining, BATCH)):
        _rebuild_batch(batch)


def rebuild_dirty(limit: int) -> int:
    """Build the read model of up to about `limit` products that have notes; return how many were built.

    Safe beside other workers and writers: a product whose row somebody else holds is left for the next run. A note is
    deleted only if it was committed before the truth is read; a change that commits later leaves its own note.
    """
    built = 0
    while built < limit:
        done = _rebuild_noted(min(BATCH, limit - built))
        if not done:
            break
        built += done
    return built


@atomic_retry
def _rebuild_batch(product_ids: Sequence[int]) -> None:
    locked = Product.objects.select_for_update().filter(pk__in=product_ids).order_by("pk")
    _write(product_ids, list(locked.values(*_PRODUCT_COLUMNS)))


@atomic_retry
def _rebuild_noted(size: int) -> int:
    # Many notes may speak of one product; reading more of them than products makes room for that.
    notes: dict[int, list[int]] = defaultdict(list)
    for pk, product_id in ListingDirty.objects.order_by("pk").values_list("pk", "product_id")[: size * 4]:
        if product_id in notes or len(notes) < size:
            notes[product_id].append(pk)
    if not notes:
        return 0
    standing = Product.objects.filter(pk__in=notes).values_list("pk", flat=True)
    gone = notes.keys() - set(standing)
    locked = Product.objects.select_for_update(skip_locked=True).filter(pk__in=notes).order_by("pk")
    products = list(locked.values(*_PRODUCT_COLUMNS))
    chosen = sorted(gone | {product["id"] for product in products})
    if chosen:
        ListingDirty.objects.filter(pk__in=[pk for product_id in chosen for pk in notes[product_id]]).delete()
        _write(chosen, products)
    return len(chosen)


_PRODUCT_COLUMNS = ("id", "category_id", "brand_id", "name", "slug", "description", "specs", "status")


def _write(product_ids: Sequence[int], products: Sequence[Mapping[str, Any]]) -> None:
    """Bring the rows of `product_ids` in step with the locked `products`; ids without a product lose their rows."""
    listings: list[Listing] = []
    facet_rows: list[FacetRow] = []
    terms: list[TermRow] = []
    words: dict[tuple[int, int], FacetCount] = {}
    for goods in _goods(products):
        listings.extend(listings_of(goods))
        rows, named = facets_of(goods)
        facet_rows.extend(rows)
        words.update({(row.category_id, row.code): row for row in named.values()})
        if goods.variants:
            terms.extend(terms_of(goods))
    touched = _replace_listings(product_ids, listings)
    terms_before = _replace_rows(SearchTerm, TermRow, product_ids, terms)
    before = _replace_rows(Facet, FacetRow, product_ids, facet_rows)
    _count(before, facet_rows, words)
    touched |= {row.category_id for row in before.symmetric_difference(facet_rows)}
    if touched or terms_before != set(terms):
        _raise_versions_of(touched)


def _replace_listings(product_ids: Sequence[int], rows: Sequence[Listing]) -> set[int]:
    """Make `rows` the listings of these products, writing only those that differ; return the categories concerned."""
    standing = {row.pk: row for row in Listing.objects.filter(product__in=product_ids)}
    changed = [row for row in rows if row.pk not in standing or not _same(row, standing[row.pk])]
    stale = (standing.keys() - {row.pk for row in rows}) | (standing.keys() & {row.pk for row in changed})
    Listing.objects.filter(pk__in=stale).delete()
    Listing.objects.bulk_create(changed, batch_size=INSERT_BATCH)
    return {row.category_id for row in changed} | {standing[pk].category_id for pk in stale}


def _raise_versions_of(category_ids: Iterable[int]) -> None:
    """Raise the versions of the lists that show these categories: their own, those above them, and the whole shop's.

    The last step of a rebuild. Every rebuild raises EVERY_LIST first, so that of several only one is past this point
    and they cannot wait for each other's other rows.
    """
    raise_versions([EVERY_LIST])
    above = {pk: (parent, slug) for pk, parent, slug in Category.objects.values_list("pk", "parent", "slug")}
    slugs: set[str] = set()
    for pk in category_ids:
        here: int | None = pk
        while here in above:
            here, slug = above[here]
            slugs.add(slug)
    if slugs:
        raise_versions(list_of(slug) for slug in slugs)


def _same(one: Listing, other: Listing) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _LISTING_COLUMNS)


def _replace_rows(
    model: type[models.Model], shape: type[Row], product_ids: Sequence[int], rows: Sequence[Row]
) -> set[Row]:
    """Make `rows` the rows of these products, deleting and inserting only what differs; return the former rows."""
    standing = {
        shape(*values): pk
        for pk, *values in model._default_manager.filter(product__in=product_ids).values_list("pk", *shape._fields)
    }
    # In the order of `rows`, so that neighbours in an index are written together.
    missing = [row for row in dict.fromkeys(rows) if row not in standing]
    surplus = standing.keys() - set(rows)
    model._default_manager.filter(pk__in=[standing[row] for row in surplus]).delete()
    if missing:
        # Not bulk_create: model instances would make the rebuild of a whole shop three times slower.
        quote = connection.ops.quote_name
        columns = ", ".join(quote(name) for name in shape._fields)
        marks = ", ".join(["%s"] * len(shape._fields))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})",  # noqa: S608  (our own names)
                missing,
            )
    return set(standing)


def _count(before: Iterable[FacetRow], after: Iterable[FacetRow], words: Mapping[tuple[int, int], FacetCount]) -> None:
    """Carry the difference between the facets of some products before and after into the counts of their categories.

    The caller holds the products, so nobody else changes their facets; additions of several workers simply add up.
    """
    deltas: Counter[tuple[int, int]] = Counter()
    for rows, step in ((before, -1), (after, 1)):
        # A product counts once, however many of its variants show the value.
        for category_id, code, _ in {(row.category_id, row.code, row.product_id) for row in rows if row.buyable}:
            deltas[category_id, code] += step
    by_category: dict[int, dict[int, int]] = defaultdict(dict)
    for category_id, code in sorted({*deltas, *words}):
        by_category[category_id][code] = deltas[category_id, code]
    for category_id, steps in by_category.items():
        standing = FacetCount.objects.filter(category=category_id, code__in=steps)
        labels = dict(standing.values_list("code", "label"))
        fresh = [words[category_id, code] for code in steps if code not in labels]
        FacetCount.objects.bulk_create(fresh, batch_size=INSERT_BATCH, ignore_conflicts=True)
        for step in sorted(set(steps.values()) - {0}):
            codes = [code for code in steps if steps[code] == step]
            FacetCount.objects.filter(category=category_id, code__in=codes).update(products=models.F("products") + step)
        for code, label in labels.items():
            if (category_id, code) in words and words[category_id, code].label != label:
                standing.filter(code=code).update(label=words[category_id, code].label)


def _goods(products: Sequence[Mapping[str, Any]]) -> Iterator[Goods]:
    """Yield what the truth says about these products; retired and hidden ones have no variants to find."""
    places = _places()
    shown = [
        row for row in products if row["status"] == Product.Status.ACTIVE and places[row["category_id"]].is_visible
    ]
    brands = {
        row["id"]: row
        for row in Brand.objects.filter(pk__in={row["brand_id"] for row in shown if row["brand_id"]}).values(
            "id", "name", "slug"
        )
    }
    variants: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in Variant.objects.filter(product__in=[row["id"] for row in shown], is_offered=True).values(
        "id", "product_id", "sku", "grade", "options", "price", "list_price"
    ):
        variants[row["product_id"]].append(row)
    variant_ids = [row["id"] for rows in variants.values() for row in rows]
    units = Unit.objects.filter(variant__in=variant_ids, state=UnitState.AVAILABLE).order_by()
    available = dict(units.values("variant").annotate(units=models.Count("pk")).values_list("variant", "units"))
    plans = RentalPlan.objects.filter(variant__in=variant_ids, is_published=True)
    # The lowest monthly price comes last and stays; of two alike the shorter term.
    dearest_first = plans.order_by("-monthly_price", "-months").values_list("variant", "monthly_price", "months")
    rent_from = {variant: (monthly, months) for variant, monthly, months in dearest_first}
    photos = card_pictures(variants)
    published = Review.objects.filter(product__in=[row["id"] for row in shown], state=ReviewState.PUBLISHED)
    ratings = {
        pk: (average_rating(stars, count), count)
        for pk, stars, count in published.order_by()
        .values("product")
        .annotate(stars=models.Sum("rating"), count=models.Count("pk"))
        .values_list("product", "stars", "count")
    }
    for row in shown:
        rating, reviews = ratings.get(row["id"], (None, 0))
        yield Goods(
            product=row,
            place=places[row["category_id"]],
            brand=brands.get(row["brand_id"]),
            variants=variants[row["id"]],
            available=available,
            rent_from=rent_from,
            rating=rating,
            reviews=reviews,
            photo=photos.get(row["id"]),
        )


def _places() -> dict[int, Place]:
    """Return every category (a few dozen) with the root of its branch."""
    rows = {
        row["id"]: row for row in Category.objects.values("id", "parent_id", "name", "spec_definitions", "is_visible")
    }

    def root(pk: int) -> int:
        while rows[pk]["parent_id"] is not None:
            pk = rows[pk]["parent_id"]
        return pk

    return {
        pk: Place(pk, root(pk), row["name"], row["spec_definitions"], row["is_visible"]) for pk, row in rows.items()
    }


def department_counts() -> dict[int, int]:
    """Return how many products can be bought in each category, by category id, those of its subcategories included.

    One query for the categories with their counts.
    """
    own = models.Subquery(
        FacetCount.objects.filter(code=facets.ALL_CODE, category=models.OuterRef("pk")).values("products")[:1]
    )
    rows = {
        pk: (parent, products or 0)
        for pk, parent, products in Category.objects.order_by().values_list("pk", "parent", own)
    }
    totals = dict.fromkeys(rows, 0)
    for pk, (_, products) in rows.items():
        above: int | None = pk
        while above is not None:
            totals[above] += products
            above = rows[above][0]
    return totals
