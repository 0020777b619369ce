"""Find products by words. Every word must be found; the last may be unfinished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, QuerySet, Subquery

from catalog.browsing import BEST, PAGE_SIZE, ListingPage, list_page
from catalog.filters import Filters
from catalog.models import Category, SearchTerm
from catalog.scope import IsOneOf, Scope, open_scope
from catalog.words import code_term, last_with_prefix, query_terms
from core.db import count_each
from core.versions import ReadVersions

# One letter begins thousands of words and says nothing; alone it must be a whole word.
PREFIX_MIN = 2
# How many products an unfinished word is counted up to, to choose where the search begins.
COUNTED_MAX = 2_000
HITS_MAX = 5_000


@dataclass(frozen=True)
class SearchPage:
    """The answer to a search.

    `terms` are what was looked for; `unknown` those that no product has. `is_capped`: more than HITS_MAX products have
    the words, so `listing.total` and the counts are lower bounds.
    """

    query: str
    terms: tuple[str, ...]
    unknown: tuple[str, ...]
    is_capped: bool
    listing: ListingPage


def search(
    query: str,
    *,
    category: Category | None = None,
    filters: Filters | None = None,
    sort: str = BEST,
    page: int = 1,
    page_size: int = PAGE_SIZE,
    with_facets: bool = True,
    versions: ReadVersions | None = None,
) -> SearchPage:
    """Return one page of the products that have every word of `query`, and what cannot be bought now after the rest.

    "best" orders by how much the found words say (a name more than a brand, then category, specs, description), then
    in stock, then newest. A query is cut to its first 12 terms; one without letters or digits finds nothing. Of words
    that more than HITS_MAX products of the category have, the products are found for which they say most. Filters and
    facets are those of catalog.browsing. At most 7 queries, two of which `versions` (see open_scope) may save.
    """
    terms = query_terms(query)
    found = _frequencies(query, terms)
    code = code_term(query)
    if len(terms) > 1 and found.get(code):
        terms = [code]
    unknown = tuple(term for term in terms if not found.get(term))
    scope = open_scope(category, versions=versions)
    hits = _hits(terms, found, scope) if terms and not unknown else {}
    is_capped = len(hits) > HITS_MAX
    scores = dict(list(hits.items())[:HITS_MAX])
    listing = list_page(
        replace(scope, scores=scores, conditions=(IsOneOf(F("product_id"), tuple(scores)),)),
        filters=filters or Filters(),
        sort=sort,
        page=page,
        page_size=page_size,
        with_facets=with_facets,
    )
    return SearchPage(query, tuple(terms), unknown, is_capped, listing)


def _frequencies(query: str, terms: Sequence[str]) -> dict[str, int]:
    """Return how many products have each term; for the unfinished last one counted up to COUNTED_MAX. One query."""
    wanted = {*terms, code_term(query)} - {""}
    if not wanted:
        return {}
    rows = {term: having(term, is_last=False) for term in wanted}
    if terms and len(terms[-1]) >= PREFIX_MIN:
        rows[terms[-1]] = having(terms[-1], is_last=True)[:COUNTED_MAX]
    return dict(zip(rows, count_each(rows.values()), strict=True))


def _hits(terms: Sequence[str], found: Mapping[str, int], scope: Scope) -> dict[int, int]:
    """Return the products of the scope that have every term, with their scores; one more than HITS_MAX at most.

    The rarest term is read by its own index, weightiest first; the others are looked up for its products only.
    """
    last, rarest = terms[-1], min(terms, key=lambda term: found[term])
    rows = having(rarest, is_last=rarest == last)
    others = [term for term in terms if term != rarest]
    for place, term in enumerate(others):
        rows = rows.annotate(**{f"weight_{place}": _weight(term, is_last=term == last)})
        rows = rows.filter(Exists(of_row(term, is_last=term == last)))
    if scope.category is not None:
        rows = rows.filter(product__category__in=sorted(scope.branch))
    columns = [f"weight_{place}" for place in range(len(others))]
    # An unfinished word may fit several words of one product, so a few more rows than products are read.
    read = rows.order_by("-weight", "-product").values_list("product", "weight", *columns)[: 2 * HITS_MAX]
    hits: dict[int, int] = {}
    for product, *weights in read:
        if len(hits) > HITS_MAX:
            break
        hits.setdefault(product, sum(weights))
    return hits


def having(term: str, *, is_last: bool) -> QuerySet[SearchTerm]:
    """Return the rows of a term. A range, not LIKE: MariaDB does not use the index for startswith."""
    if is_last and len(term) >= PREFIX_MIN:
        return SearchTerm.objects.filter(term__gte=term, term__lte=last_with_prefix(term))
    return SearchTerm.objects.filter(term=term)


def of_row(term: str, *, is_last: bool) -> QuerySet[SearchTerm]:
    """Return the rows of a term for the product of the outer query's row."""
    return having(term, is_last=is_last).filter(product=OuterRef("product"))


def _weight(term: str, *, is_last: bool) -> Any:
    """Return the weight of a term for the product of the row: the best, when a beginning fits several words."""
    best = of_row(term, is_last=is_last).order_by().values("product").annotate(best=Max("weight")).values("best")
    return Subquery(best)
