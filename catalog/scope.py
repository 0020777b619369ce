"""The part of the read model that one list is about, and the rows in it that match filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Count, Lookup, OuterRef, Q, QuerySet, Value

from catalog import facets
from catalog.filters import Filters
from catalog.models import Brand, Category, Facet, FacetCount, Listing
from core.caching import keep
from core.versions import CATEGORIES, EVERY_LIST, ReadVersions, list_of

# A range of numbers may span hundreds of values; so many are no longer looked up one by one.
MANY_CODES = 8
SLUG_MAX = 60


class IsOneOf(Lookup):
    """The condition that a whole-number column has one of many values: IsOneOf(F("product_id"), ids).

    The numbers stand in the statement itself: SQLite limits parameters, and a search may find thousands of products.
    """

    lookup_name = "is_one_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Write `column IN (1, 2, 3)`. Raises EmptyResultSet without numbers, as Django's own lookups do."""
        if not self.rhs:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        return f"{column} IN ({', '.join(str(int(number)) for number in self.rhs)})", params


@dataclass(frozen=True)
class Word:
    """A facet value as FacetCount knows it; `products` counts what an unfiltered list shows."""

    code: int
    name: str
    value: str
    label: str
    number: Decimal | None
    products: int


@dataclass(frozen=True)
class Scope:
    """A category with its subcategories, or the whole shop, possibly narrowed by a search.

    In a search `conditions` narrow the Listing rows and `scores` holds the products found with their weights; a search
    also finds what cannot be bought now. `categories` are those of the branch, by id; `own_counts` how many products
    each has.
    """

    category: Category | None
    categories: Mapping[int, Category]
    own_counts: Mapping[int, int]
    branch: frozenset[int]
    conditions: tuple[Any, ...] = ()
    scores: Mapping[int, int] | None = None
    words: Mapping[int, Word] = field(default_factory=dict)

    @property
    def is_search(self) -> bool:
        """Whether words narrow the scope."""
        return self.scores is not None

    @property
    def is_leaf(self) -> bool:
        """Whether the list is about one category and so has its spec filters."""
        return self.category is not None and len(self.branch) == 1

    def children(self) -> list[Category]:
        """Return the categories one step below, in the shop's order."""
        parent = self.category.pk if self.category is not None else None
        return [one for one in self.categories.values() if one.parent_id == parent and one.is_visible]

    def total_below(self, pk: int, counts: Mapping[int, int]) -> int:
        """Add up `counts` (by category id) of the category `pk` and everything below it."""
        below = sum(self.total_below(one.pk, counts) for one in self.categories.values() if one.parent_id == pk)
        return counts.get(pk, 0) + below

    def listings(self) -> QuerySet[Listing]:
        """Return every row of the scope, those that cannot be bought included."""
        rows = Listing.objects.filter(*self.conditions)
        if self.category is None:
            return rows
        if self.is_leaf:
            return rows.filter(category=self.category)
        if self.category.parent_id is None:
            return rows.filter(department=self.category)
        return rows.filter(category__in=sorted(self.branch))

    def matching(self, filters: Filters) -> QuerySet[Listing]:
        """Return the rows, one a variant, that satisfy every filter."""
        rows = self.listings()
        if not (filters.everything or self.is_search):
            rows = rows.filter(price__isnull=False)
        least, most = filters.price
        if least is not None:
            rows = rows.filter(price__gte=least)
        if most is not None:
            rows = rows.filter(price__lte=most)
        if filters.brands:
            rows = rows.filter(brand__in=Brand.objects.filter(slug__in=filters.brands).values("pk"))
        if filters.grades:
            rows = rows.filter(grade__in=filters.grades)
        if filters.in_stock:
            rows = rows.filter(in_stock=True)
        for key in dict.fromkeys([*filters.values, *filters.ranges]):
            codes = self._codes(filters, key)
            showing = Facet.objects.filter(category=self.category, code__in=codes).values("variant")
            if len(codes) > MANY_CODES:
                # An aggregate, so that MariaDB reads the variants once instead of probing every code for each row.
                showing = showing.annotate(times=Count("pk")).filter(times__gt=0).values("variant")
            rows = rows.filter(pk__in=showing)
        return rows

    def _codes(self, filters: Filters, key: str) -> list[int]:
        """Return the codes of a spec that satisfy both the chosen values and the range."""
        chosen, (least, most) = filters.values.get(key), filters.ranges.get(key, (None, None))
        return [
            word.code
            for word in self.words.values()
            if word.name == key
            and (chosen is None or word.value in chosen)
            and (least is None or (word.number is not None and word.number >= least))
            and (most is None or (word.number is not None and word.number <= most))
        ]

    def known(self, filters: Filters) -> Filters:
        """Return the filters without brands and spec values that nothing in the scope has; they become `ignored`."""
        words = {(word.name, word.value) for word in self.words.values()}
        ignored = list(filters.ignored)

        def keep(name: str, chosen: Sequence[str]) -> tuple[str, ...]:
            ignored.extend(f"{name}={value[:40]}" for value in chosen if (name, value) not in words)
            return tuple(value for value in chosen if (name, value) in words)

        brands = keep(facets.BRAND, filters.brands)
        values = {key: keep(key, chosen) for key, chosen in filters.values.items()}
        values = {key: chosen for key, chosen in values.items() if chosen}
        return replace(filters, brands=brands, values=values, ignored=tuple(ignored))

    def facet_counts(self, filters: Filters) -> tuple[dict[int, int], dict[int, int]]:
        """Count products: by facet code and by category id, in one query.

        The counts of a facet apply all filters but its own, as a shopper who adds a value to it expects.
        """
        names = [name for name in filters.names() if name != "price"]
        counts: dict[int, int] = {}
        categories: dict[int, int] = {}
        if len(names) == 1 and not (filters.without(names[0]) or filters.everything or self.is_search):
            # Without the only filter nothing is filtered, and that is counted already.
            counts = {word.code: word.products for word in self.words.values() if word.name == names[0]}
            own = {names[0]: -1}
            names = []
        else:
            own = {name: part for part, name in enumerate(names, 1)}
        parts = [self._counted(filters, 0)]
        parts += [
            self._counted(filters.without(name), part).filter(code__range=facets.code_range(name))
            for part, name in enumerate(names, 1)
        ]
        if not self.is_leaf:
            by_category = self.matching(filters).annotate(part=Value(-1)).values("part", "category")
            parts.append(by_category.annotate(products=Count("product", distinct=True)))
        columns = [
            part.order_by().values_list("part", "category" if part.model is Listing else "code", "products")
            for part in parts
        ]
        rows = columns[0].union(*columns[1:], all=True) if len(columns) > 1 else columns[0]
        for part, key, products in rows:
            if part == -1:
                categories[key] = products
            elif key in self.words and own.get(self.words[key].name, 0) == part:
                counts[key] = products
        return counts, categories

    def _counted(self, filters: Filters, part: int) -> QuerySet[Facet, dict[str, Any]]:
        rows = Facet.objects.filter(variant__in=self.matching(filters).values("pk"))
        if not self.is_leaf:
            rows = rows.filter(code__lt=0)
        return rows.annotate(part=Value(part)).values("part", "code").annotate(products=Count("product", distinct=True))

    def count(self, filters: Filters) -> int:
        """Count the products with a matching variant."""
        return self.matching(filters).aggregate(products=Count("product", distinct=True))["products"]

    def counts_without(self, filters: Filters) -> dict[str, int]:
        """Count, for each filter that is on, the products that match all the others, in one query."""
        names = filters.names()
        parts = [
            self._counted(filters.without(name), part)
            .filter(code=facets.ALL_CODE)
            .order_by()
            .values_list("part", "products")
            for part, name in enumerate(names)
        ]
        rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
        found = dict(rows)
        return {name: found.get(part, 0) for part, name in enumerate(names)}


def find_category(slug: str, *, versions: ReadVersions) -> Category | None:
    """Return the visible category with this slug, with those above it, from the cache or by one query."""
    slug = slug.lower()[:SLUG_MAX]

    def read() -> Category | None:
        return Category.objects.select_related("parent__parent").filter(slug=slug, is_visible=True).first()

    return keep("category", slug, versions=versions.of(CATEGORIES), build=read)


def open_scope(category: Category | None, *, versions: ReadVersions | None = None) -> Scope:
    """Return the scope of a category (None: the whole shop): two queries, the tree with its counts and the words.

    With `versions`, what the caller's request has read of them, the scope comes from the cache when it is there.
    """
    if versions is None:
        return _read_scope(category)
    slug = category.slug if category is not None else ""
    current = versions.of(CATEGORIES, list_of(slug) if slug else EVERY_LIST)
    return keep("scope", slug, versions=current, build=lambda: _read_scope(category))


def _read_scope(category: Category | None) -> Scope:
    own = models.Subquery(
        FacetCount.objects.filter(code=facets.ALL_CODE, category=OuterRef("pk")).values("products")[:1]
    )
    rows = Category.objects.defer("spec_definitions", "variant_axes", "description").annotate(listed=own)
    everything = {row.pk: row for row in rows}
    branch = set(everything) if category is None else {category.pk}
    grown = category is not None
    while grown:
        below = {pk for pk, row in everything.items() if row.parent_id in branch} - branch
        branch |= below
        grown = bool(below)
    scope = Scope(
        category=category,
        categories={pk: row for pk, row in everything.items() if pk in branch},
        own_counts={pk: row.listed or 0 for pk, row in everything.items() if pk in branch},
        branch=frozenset(branch),
    )
    return replace(scope, words=_words(scope))


def _words(scope: Scope) -> dict[int, Word]:
    rows = FacetCount.objects.order_by()
    columns = ("code", "name", "value", "label", "number")
    if scope.is_leaf:
        found = rows.filter(category=scope.category).values_list(*columns, "products")
    else:
        if scope.category is not None:
            rows = rows.filter(category__in=sorted(scope.branch))
        found = rows.filter(Q(code__lt=0)).values_list(*columns).annotate(total=models.Sum("products"))
    return {row[0]: Word(*row) for row in found}
