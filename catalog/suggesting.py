"""What is perhaps meant by a search that is still being typed: departments, makers and products."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists

from catalog.listing_rows import BRAND_WEIGHT
from catalog.models import Category, Listing
from catalog.searching import having, of_row
from catalog.words import index_terms, query_terms
from core.caching import keep
from core.versions import CATEGORIES, EVERY_LIST, ReadVersions

# Of a common beginning such as "co" the first so many products are looked at: a suggestion must come at once.
PRODUCTS_READ = 200
PRODUCTS, BRANDS, DEPARTMENTS = 6, 2, 3


@dataclass(frozen=True)
class SuggestedProduct:
    """A product with the line of facts of its leading offer."""

    name: str
    slug: str
    spec_line: str


@dataclass(frozen=True)
class SuggestedBrand:
    """A maker of whom something is listed."""

    name: str
    slug: str


@dataclass(frozen=True)
class SuggestedDepartment:
    """A visible category; `path` is its slugs from the root."""

    name: str
    path: str


@dataclass(frozen=True)
class Suggestions:
    """What a beginning of words may mean, the best first."""

    departments: tuple[SuggestedDepartment, ...] = ()
    brands: tuple[SuggestedBrand, ...] = ()
    products: tuple[SuggestedProduct, ...] = ()

    def __len__(self) -> int:
        return len(self.departments) + len(self.brands) + len(self.products)


def suggest(query: str, *, versions: ReadVersions) -> Suggestions:
    """Return up to 3 departments, 2 makers and 6 products whose names have every word of `query`, the last unfinished.

    Products that can be bought now come first. One query when it was asked lately, else at most four.
    """
    terms = query_terms(query)
    if not terms:
        return Suggestions()
    current = versions.of(CATEGORIES, EVERY_LIST)
    return keep("suggestions", *terms, versions=current, build=lambda: _suggest(terms, versions))


def _suggest(terms: Sequence[str], versions: ReadVersions) -> Suggestions:
    brands, products = _brands_and_products(terms)
    found = [row for row, words in _departments(versions) if _fits(terms, words)]
    return Suggestions(tuple(found[:DEPARTMENTS]), brands, products)


def _brands_and_products(
    terms: Sequence[str],
) -> tuple[tuple[SuggestedBrand, ...], tuple[SuggestedProduct, ...]]:
    last = terms[-1]
    # The longest term is likely the rarest; counting would cost more than it saves.
    longest = max(terms, key=len)
    hits = having(longest, is_last=longest == last).filter(weight__gte=BRAND_WEIGHT)
    for term in terms:
        if term != longest:
            hits = hits.filter(Exists(of_row(term, is_last=term == last)))
    ids = dict.fromkeys(hits.values_list("product", flat=True)[:PRODUCTS_READ])
    rows = Listing.objects.filter(product__in=ids, position=0).order_by("-lead", "-in_stock", "-product_id")
    listed = list(rows.values_list("name", "slug", "spec_line", "brand__name", "brand__slug"))
    makers = dict.fromkeys(SuggestedBrand(name, slug) for *_, name, slug in listed if name)
    brands = [brand for brand in makers if _fits(terms, index_terms(brand.name))]
    return tuple(brands[:BRANDS]), tuple(SuggestedProduct(*row[:3]) for row in listed[:PRODUCTS])


def _departments(versions: ReadVersions) -> list[tuple[SuggestedDepartment, frozenset[str]]]:
    def read() -> list[tuple[SuggestedDepartment, frozenset[str]]]:
        rows = Category.objects.filter(is_visible=True).values_list("name", "path")
        return [(SuggestedDepartment(name, path), frozenset(index_terms(name))) for name, path in rows]

    return keep("suggested_departments", versions=versions.of(CATEGORIES), build=read)


def _fits(terms: Sequence[str], words: Iterable[str]) -> bool:
    """Tell whether a name with these words has every term; the last may be the beginning of a word."""
    *whole, last = terms
    return set(whole) <= set(words) and any(word.startswith(last) for word in words)
