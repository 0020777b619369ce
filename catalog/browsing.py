"""Lists of products: a page of cards, the filters beside it with their counts, and a way out of an empty list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, F, Max, Min, Q, QuerySet, When
from django.db.models.functions import Coalesce

from catalog import facets
from catalog.filters import EVERYTHING, Bounds, Filters, read_filters
from catalog.models import Category, Listing
from catalog.scope import Scope, Word, open_scope
from core.versions import ReadVersions

PAGE_SIZE = 24
PAGE_SIZE_MAX = 100
# Nobody reads on so far, and reading past so many rows is slow: later pages are past the end.
PAGES_MAX = 200
FAR = 10 * PAGE_SIZE
VALUES_SHOWN = 12
BEST, PRICE_UP, PRICE_DOWN, NEWEST, PER_GB = "best", "price", "-price", "newest", "price_per_gb"
SORTS = (BEST, PRICE_UP, PRICE_DOWN, NEWEST)
GENERAL_LABELS = {"price": "Price", facets.BRAND: "Brand", facets.GRADE: "Condition", facets.IN_STOCK: "Stock"}

__all__ = ["EVERYTHING", "Filters", "ListingPage", "browse", "read_filters"]


@dataclass(frozen=True)
class FacetValue:
    """A value to filter by. `count` is how many products the list would have with it, all other filters kept."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class FacetGroup:
    """A filter: tick boxes of `values` (the most frequent and all selected), and for numbers also a range.

    `kind` is "choice" or "number"; `bounds` is the chosen range of a number, `extent` its least and greatest value.
    """

    key: str
    label: str
    hint: str
    promoted: bool
    kind: str
    values: tuple[FacetValue, ...]
    unit: str = ""
    bounds: Bounds = (None, None)
    extent: Bounds = (None, None)


@dataclass(frozen=True)
class Culprit:
    """A filter of an empty list, and how many products there were without it."""

    name: str
    label: str
    count: int


@dataclass(frozen=True)
class CategoryCount:
    """A category below (or, in a search, with hits) and its number of products."""

    category: Category
    count: int


@dataclass(frozen=True)
class ListingPage:
    """One page of a list. `rows` are Listing rows with their category, one a product: its best matching variant.

    `total` is exact. A page past the end (or past page 200) has no rows; `pages` names the last page.
    """

    rows: tuple[Listing, ...]
    total: int
    page: int
    pages: int
    page_size: int
    sort: str
    sorts: tuple[str, ...]
    filters: Filters
    facets: tuple[FacetGroup, ...]
    categories: tuple[CategoryCount, ...]
    culprits: tuple[Culprit, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """What was asked for and could not be understood."""
        return self.filters.ignored

    @property
    def culprit(self) -> Culprit | None:
        """The filter to drop from an empty list: the one without which most products remain."""
        return self.culprits[0] if self.culprits and self.culprits[0].count else None


def browse(
    category: Category | None,
    *,
    filters: Filters,
    sort: str = BEST,
    page: int = 1,
    page_size: int = PAGE_SIZE,
    with_facets: bool = True,
    versions: ReadVersions | None = None,
    older_than: int | None = None,
) -> ListingPage:
    """Return one page of a category and everything below it (None: of the whole shop).

    Shows what can be bought, each product by its best matching variant: in stock before sold out, then the cheapest.
    `filters.everything` adds what cannot be bought now, at the end. Sorts: "best" (in stock, then newest), "price",
    "-price", "newest", for memory and drives "price_per_gb"; anything else is "best". At most 6 queries, 3 unfiltered;
    with `versions` (see open_scope) two of them are saved as long as the category does not change. A page far behind
    takes one more. `older_than`, the id of a product, leaves out that one and all newer: with "newest" first it walks
    through the list without skipping or repeating what stays, however much is added meanwhile.
    """
    scope = open_scope(category, versions=versions)
    if older_than is not None:
        scope = replace(scope, conditions=(Q(product__lt=older_than),))
    return list_page(scope, filters=filters, sort=sort, page=page, page_size=page_size, with_facets=with_facets)


def list_page(
    scope: Scope, *, filters: Filters, sort: str, page: int, page_size: int, with_facets: bool
) -> ListingPage:
    """Return one page of a scope; browse and search are this with different scopes."""
    filters = scope.known(filters)
    sorts = (*SORTS, PER_GB) if _has_gigabytes(scope) else SORTS
    sort = sort if sort in sorts else BEST
    page, page_size = max(page, 1), min(max(page_size, 1), PAGE_SIZE_MAX)
    unfiltered = not (filters or filters.everything or scope.is_search)
    if unfiltered:
        counts, by_category = {word.code: word.products for word in scope.words.values()}, scope.own_counts
    elif with_facets:
        counts, by_category = scope.facet_counts(filters)
    else:
        counts, by_category = {facets.ALL_CODE: scope.count(filters)}, {}
    total = counts.get(facets.ALL_CODE, 0)
    pages = min(max(-(-total // page_size), 1), PAGES_MAX)
    rows: Sequence[Listing] = ()
    if total and page <= pages:
        read = _read_leads if unfiltered and sort != PER_GB else _read_matches
        rows = read(scope, filters, sort, (page - 1) * page_size, page_size)
    for row in rows:
        row.category = scope.categories[row.category_id]
    return ListingPage(
        rows=tuple(rows),
        total=total,
        page=page,
        pages=pages,
        page_size=page_size,
        sort=sort,
        sorts=sorts,
        filters=filters,
        facets=tuple(_groups(scope, filters, counts)) if with_facets else (),
        categories=tuple(_below(scope, by_category)) if with_facets else (),
        culprits=tuple(_culprits(scope, filters)) if not total and filters else (),
    )


def _read_leads(scope: Scope, filters: Filters, sort: str, offset: int, size: int) -> Sequence[Listing]:
    """Read an unfiltered page in the order of an index."""
    order = {
        BEST: ("-in_stock", "-product_id"),
        NEWEST: ("-product_id",),
        PRICE_UP: ("price", "product_id"),
        PRICE_DOWN: ("-price", "-product_id"),
    }[sort]
    # lead=True would become a bare "WHERE lead", for which neither engine uses an index.
    rows = scope.listings().filter(lead__in=[True]).order_by(*order)
    if offset < FAR:
        return list(rows[offset : offset + size])
    # What lies before a far page is passed over in the index alone; only the page's own rows are read.
    ids = list(rows.values_list("pk", flat=True)[offset : offset + size])
    found = Listing.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _read_matches(scope: Scope, filters: Filters, sort: str, offset: int, size: int) -> Sequence[Listing]:
    """Find the products of the page by their matching variants, then read those variants and show the best of each."""
    matching = scope.matching(filters)
    if scope.scores is not None and sort == BEST:
        ids = _by_score(scope.scores, matching)[offset : offset + size]
    else:
        ids = [row["product"] for row in _ordered(matching, sort)[offset : offset + size]]
    best: dict[int, Listing] = {}
    key = _by_gigabyte if sort == PER_GB else _by_position
    for row in sorted(matching.filter(product__in=ids), key=key):
        best.setdefault(row.product_id, row)
    return [best[pk] for pk in ids if pk in best]


def _by_position(row: Listing) -> Any:
    return row.position


def _by_gigabyte(row: Listing) -> Any:
    return (row.price_per_gb is None, row.price_per_gb, row.position)


def _by_score(scores: Mapping[int, int], matching: QuerySet[Listing]) -> list[int]:
    """Return the products of a search: what can be bought, then by score, in stock, newest. HITS_MAX bounds them."""
    rows = _ordered(matching, BEST).values_list("bought", "stock", "product")
    return [product for *_, product in sorted(rows, key=lambda row: (-row[0], -scores[row[2]], -row[1], -row[2]))]


def _ordered(matching: QuerySet[Listing], sort: str) -> QuerySet[Listing, dict[str, Any]]:
    """Return the products of matching rows, ordered by what is true of the best row of each (Listing.position)."""
    priced = Q(price__isnull=False)
    orders: dict[str, Sequence[Any]] = {BEST: ("-stock", "-product"), NEWEST: ("-product",)}
    # What cannot be bought has no price and comes last, whatever the order.
    rows = (
        matching.order_by()
        .values("product")
        .annotate(
            bought=Max(Case(When(priced, then=1), default=0)),
            stock=Max(Case(When(priced, in_stock=True, then=1), default=0)),
        )
    )
    if sort in {PRICE_UP, PRICE_DOWN}:
        rows = rows.annotate(shown=Coalesce(Min("price", filter=Q(in_stock=True)), Min("price")))
        orders = {PRICE_UP: ("shown", "product"), PRICE_DOWN: ("-shown", "-product")}
    elif sort == PER_GB:
        rows = rows.annotate(per_gb=Min("price_per_gb"))
        orders = {PER_GB: (F("per_gb").asc(nulls_last=True), "product")}
    return rows.order_by("-bought", *orders[sort])


def _has_gigabytes(scope: Scope) -> bool:
    definitions = scope.category.spec_definitions if scope.category is not None else []
    return scope.is_leaf and any(entry["key"] in {"capacity_gb", "module_size_gb"} for entry in definitions)


def _groups(scope: Scope, filters: Filters, counts: Mapping[int, int]) -> Iterator[FacetGroup]:
    """Yield the filters of the list: the general ones, then the category's own in its order."""
    words: dict[str, list[Word]] = {}
    for word in scope.words.values():
        words.setdefault(word.name, []).append(word)
    chosen = filters.chosen()
    for name in (facets.GRADE, facets.BRAND, facets.IN_STOCK):
        values = _values(words.get(name, ()), counts, chosen.get(name, ()))
        if values:
            yield FacetGroup(name, GENERAL_LABELS[name], "", False, "choice", values)
    definitions = scope.category.spec_definitions if scope.category is not None and scope.is_leaf else []
    for entry in definitions:
        key = entry["key"]
        known = words.get(key, ())
        values = _values(known, counts, chosen.get(key, ()))
        if not values and key not in filters.ranges:
            continue
        numbers = [word.number for word in known if word.number is not None]
        is_number = entry.get("kind") in {"integer", "decimal"} and bool(numbers)
        yield FacetGroup(
            key=key,
            label=entry["label"],
            hint=entry.get("hint", ""),
            promoted=bool(entry.get("promoted")),
            kind="number" if is_number else "choice",
            values=values,
            unit=entry.get("unit", ""),
            bounds=filters.ranges.get(key, (None, None)),
            extent=(min(numbers), max(numbers)) if is_number else (None, None),
        )


def _values(words: Sequence[Word], counts: Mapping[int, int], chosen: Sequence[str]) -> tuple[FacetValue, ...]:
    """Return the most frequent values and every chosen one; numbers in their order, words by frequency."""
    present = [word for word in words if counts.get(word.code) or word.value in chosen]
    present.sort(key=lambda word: (word.value not in chosen, -counts.get(word.code, 0), word.label, word.value))
    shown = present[: max(VALUES_SHOWN, len(chosen))]
    if all(word.number is not None for word in shown):
        shown.sort(key=lambda word: word.number or 0)
    else:
        shown.sort(key=lambda word: (-counts.get(word.code, 0), word.label, word.value))
    return tuple(FacetValue(word.value, word.label, counts.get(word.code, 0), word.value in chosen) for word in shown)


def _below(scope: Scope, by_category: Mapping[int, int]) -> Iterator[CategoryCount]:
    for category in scope.children():
        count = scope.total_below(category.pk, by_category)
        if count:
            yield CategoryCount(category, count)


def _culprits(scope: Scope, filters: Filters) -> list[Culprit]:
    definitions = scope.category.spec_definitions if scope.category is not None else []
    labels = GENERAL_LABELS | {entry["key"]: entry["label"] for entry in definitions}
    found = [Culprit(name, labels.get(name, name), count) for name, count in scope.counts_without(filters).items()]
    return sorted(found, key=lambda culprit: -culprit.count)
