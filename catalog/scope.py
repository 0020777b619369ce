"""The part of the read model that one list is about, and the rows in it that match filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Count, Lookup, QuerySet, Value

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
    """Return the visible category with this slug, with those above it; from the kept tree or by one query."""
    slug = slug.lower()[:SLUG_MAX]
    found = (one for one in kept_tree(versions).values() if one.slug.lower() == slug and one.is_visible)
    return next(found, None)


def open_scope(category: Category | None, *, versions: ReadVersions | None = None) -> Scope:
    """Return the scope of a category (None: the whole shop): two queries, the tree and the words with their counts.

    With `versions`, what the caller's request has read of them, both come from the cache when they are there.
    """
    if versions is None:
        tree = _read_tree()
        return _scope(category, tree, *_read_words(category, _branch(category, tree)))
    tree = kept_tree(versions)
    slug = category.slug if category is not None else ""
    current = versions.of(CATEGORIES, list_of(slug) if slug else EVERY_LIST)
    counted = keep("words", slug, versions=current, build=lambda: _read_words(category, _branch(category, tree)))
    return _scope(category, tree, *counted)


def kept_tree(versions: ReadVersions) -> dict[int, Category]:
    """Return every category (a few dozen) by id in the shop's order, each knowing those above it, from the cache."""
    return keep("tree", versions=versions.of(CATEGORIES), build=_read_tree)


def _read_tree() -> dict[int, Category]:
    """Return every category (a few dozen) by id, each knowing those above it."""
    tree = {row.pk: row for row in Category.objects.all()}
    for row in tree.values():
        if row.parent_id is not None:
            row.parent = tree[row.parent_id]
    return tree


def _branch(category: Category | None, tree: Mapping[int, Category]) -> frozenset[int]:
    if category is None:
        return frozenset(tree)
    branch = {category.pk}
    while below := {pk for pk, row in tree.items() if row.parent_id in branch} - branch:
        branch |= below
    return frozenset(branch)


def _scope(
    category: Category | None, tree: Mapping[int, Category], words: Mapping[int, Word], counts: Mapping[int, int]
) -> Scope:
    branch = _branch(category, tree)
    return Scope(
        category=category,
        categories={pk: row for pk, row in tree.items() if pk in branch},
        own_counts={pk: counts.get(pk, 0) for pk in branch},
        branch=branch,
        words=words,
    )


def _read_words(category: Category | None, branch: frozenset[int]) -> tuple[dict[int, Word], dict[int, int]]:
    """Return the words of the branch, and by category id how many products an unfiltered list of it shows. One query.

    A single category has the words of its specs too; of several only what all goods have (codes below 0) is told.
    """
    is_leaf = category is not None and len(branch) == 1
    rows = FacetCount.objects.order_by()
    if category is not None:
        rows = rows.filter(category__in=sorted(branch))
    if not is_leaf:
        rows = rows.filter(code__lt=0)
    # The number of all products stays apart by category; of every other word the branch's sum is enough.
    own = models.Case(models.When(code=facets.ALL_CODE, then="category"), default=0)
    columns = rows.values_list("code", "name", "value", "label", "number", own)
    words: dict[int, Word] = {}
    counts: dict[int, int] = {}
    for code, name, value, label, number, own_category, products in columns.annotate(total=models.Sum("products")):
        before = words[code].products if code in words else 0
        words[code] = Word(code, name, value, label, number, before + products)
        if code == facets.ALL_CODE:
            counts[own_category] = products
    return words, counts
