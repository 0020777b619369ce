"""The addresses of list pages: every state of a list has one, so it can be shared, and back works."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.browsing import BEST, GENERAL_LABELS, FacetGroup, Filters, ListingPage
from catalog.models import Category
from core.money import amount_text
from storefront.heads import PageHead
from storefront.pages import is_page
from storefront.structured_data import breadcrumbs

# Pages that many visitors look at; the cache keeps them.
PAGES_KEPT = frozenset("12345")
# More values than this are better narrowed by a range than ticked one by one.
TICKED_AT_MOST = 8
SORT_NAMES = {
    "best": gettext_lazy("Best match"),
    "price": gettext_lazy("Price, low to high"),
    "-price": gettext_lazy("Price, high to low"),
    "newest": gettext_lazy("Newest on the shelf"),
    "price_per_gb": gettext_lazy("Price per GB"),
}


@dataclass(frozen=True)
class Chip:
    """A filter (or one value of it) that is on, and the address of the list without it."""

    name: str
    text: str
    href: str


@dataclass(frozen=True)
class ListAddress:
    """The address of a list: its path, what belongs to it beside filters (the words of a search), filters and order."""

    path: str
    own: tuple[tuple[str, str], ...]
    filters: Filters
    sort: str

    def page(self, number: int) -> str:
        """Return the address of page `number` of this list."""
        pairs = [*self.own, *self.filters.parameters()]
        if self.sort != BEST:
            pairs.append(("sort", self.sort))
        if number > 1:
            pairs.append(("page", str(number)))
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def without(self, name: str) -> str:
        """Return the address of the list without the filter `name`."""
        return replace(self, filters=self.filters.without(name)).page(1)

    def without_value(self, name: str, value: str) -> str:
        """Return the address of the list without one value of a filter."""
        left = tuple(chosen for chosen in self.filters.chosen().get(name, ()) if chosen != value)
        filters = self.filters
        if name == "brand":
            filters = replace(filters, brands=left)
        elif name == "grade":
            filters = replace(filters, grades=left)
        elif name == "in_stock":
            filters = replace(filters, in_stock=False)
        else:
            values = {**filters.values, name: left}
            filters = replace(filters, values={key: chosen for key, chosen in values.items() if chosen})
        return replace(self, filters=filters).page(1)

    def without_filters(self) -> str:
        """Return the address of the list with no filter at all."""
        return replace(self, filters=Filters(everything=self.filters.everything)).page(1)

    def hidden_for_filters(self) -> list[tuple[str, str]]:
        """Return what a filter form must send along."""
        pairs = list(self.own)
        if self.filters.everything:
            pairs.append(("all", "1"))
        return pairs + ([("sort", self.sort)] if self.sort != BEST else [])

    def hidden_for_sort(self) -> list[tuple[str, str]]:
        """Return what the form that chooses the order must send along."""
        return [*self.own, *self.filters.parameters()]


def has_empty_fields(params: QueryDict) -> bool:
    """Tell whether a form was sent with fields left empty, which make an address long and ugly."""
    return any(not value.strip() for values in params.lists() for value in values[1])


def misread(params: QueryDict, listing: ListingPage, address: ListAddress, *, longest: int) -> list[str]:
    """Name the parts of an address that were left out: filters, and a page, order, department or search of no sense.

    `longest` is how many characters of a search are read.
    """
    found = list(listing.ignored)
    known = {
        "page": is_page,
        "sort": listing.sorts.__contains__,
        "category": lambda slug: ("category", slug.lower()) in address.own,
    }
    for name, makes_sense in known.items():
        values = [value for value in params.getlist(name) if value.strip()]
        if len(values) > 1 or not all(map(makes_sense, values)):
            found.append(f"{name}={values[0][:40]}")
    if len(" ".join(params.get("q", "").split())) > longest:
        found.append(_("the search beyond its first %(n)s characters") % {"n": longest})
    return found


def is_plain(params: QueryDict, *, also: Collection[str] = ()) -> bool:
    """Tell whether an address asks for one of the first pages of an unfiltered list, which many visitors look at."""
    given = {name: values[0] for name, values in params.lists() if len(values) == 1}
    return (
        given.keys() == params.keys()
        and given.keys() <= {"page", "sort", *also}
        and given.get("page", "1") in PAGES_KEPT
        and given.get("sort", BEST) in SORT_NAMES
    )


def chips(listing: ListingPage, address: ListAddress, currency: str) -> list[Chip]:
    """Return one chip for each filter that is on."""
    groups = {group.key: group for group in listing.facets}
    found = []
    for name, bounds in {"price": listing.filters.price, **listing.filters.ranges}.items():
        if bounds == (None, None):
            continue
        text = _price_text(bounds, currency) if name == "price" else _range_text(groups.get(name), name, bounds)
        found.append(Chip(name, text, _without_range(address, name)))
    for name, values in listing.filters.chosen().items():
        group = groups.get(name)
        labels = {value.value: value.label for value in group.values} if group else {}
        for value in values:
            text = labels.get(value, value)
            if group is not None and name not in GENERAL_LABELS:
                text = f"{group.label}: {text}"
            found.append(Chip(name, text, address.without_value(name, value)))
    return found


def said(chips: Sequence[Chip], name: str, label: str) -> str:
    """Return a filter in words: "Price up to $400.00", "Condition Excellent, Good", "Memory: 32 GB"."""
    texts = [chip.text for chip in chips if chip.name == name]
    if name in GENERAL_LABELS:
        return f"{label} {', '.join(texts)}"
    return ", ".join(texts) or label


def arranged(groups: Iterable[FacetGroup]) -> tuple[list[FacetGroup], list[FacetGroup]]:
    """Return the filters that stand open (condition, stock, promoted ones, brand, and those in use) and the others."""
    order = {"grade": 0, "in_stock": 1, "brand": 3}
    ranked = sorted(groups, key=lambda group: order.get(group.key, 2 if group.promoted else 4))
    is_open = [group for group in ranked if group.key in order or group.promoted or in_use(group)]
    return is_open, [group for group in ranked if group not in is_open]


def in_use(group: FacetGroup) -> bool:
    """Tell whether the filter is on."""
    return group.bounds != (None, None) or any(value.selected for value in group.values)


def wants_range(group: FacetGroup) -> bool:
    """Tell whether the filter is shown as "from … up to …" rather than as values to tick."""
    return group.kind == "number" and (len(group.values) > TICKED_AT_MOST or group.bounds != (None, None))


def trail_of(category: Category) -> list[Category]:
    """Return the categories from the root down to `category` itself."""
    trail = [category]
    while trail[0].parent is not None:
        trail.insert(0, trail[0].parent)
    return trail


def head_of(category: Category, listing: ListingPage, address: ListAddress) -> PageHead:
    """Return the head of a category's list.

    Each page of the plain list is a page of its own; filtered and sorted lists show the same goods again and lead
    search engines to the plain one.
    """
    path = category.get_absolute_url()
    crumbs = breadcrumbs(trail_links(trail_of(category)))
    if listing.filters or listing.filters.everything or listing.sort != BEST:
        return PageHead(path=path, data=(crumbs,))
    number = listing.page
    return PageHead(
        path=address.page(number),
        is_indexed=number <= listing.pages,
        previous=address.page(number - 1) if 1 < number <= listing.pages else "",
        next=address.page(number + 1) if number < listing.pages else "",
        data=(crumbs,),
    )


def trail_links(trail: Sequence[Category]) -> list[tuple[str, str]]:
    """Return the breadcrumbs (name, path) that lead to the last category of `trail`, that one included."""
    return [(_("Home"), reverse("storefront:home")), *((step.name, step.get_absolute_url()) for step in trail)]


def number_text(number: Decimal | None) -> str:
    """Write a number as it stands in an address: "2.5", "16", "" for none."""
    return f"{number.normalize():f}" if number is not None else ""


def _without_range(address: ListAddress, name: str) -> str:
    if name == "price":
        return address.without(name)
    ranges = {key: bounds for key, bounds in address.filters.ranges.items() if key != name}
    return replace(address, filters=replace(address.filters, ranges=ranges)).page(1)


def _price_text(bounds: Sequence[Decimal | None], currency: str) -> str:
    least, most = (amount_text(bound, currency) if bound is not None else "" for bound in bounds)
    return _between(least, most)


def _range_text(group: FacetGroup | None, name: str, bounds: Sequence[Decimal | None]) -> str:
    label, unit = (group.label, f"\N{NO-BREAK SPACE}{group.unit}" if group.unit else "") if group else (name, "")
    least, most = (f"{number_text(bound)}{unit}" if bound is not None else "" for bound in bounds)
    return f"{label}: {_between(least, most)}"


def _between(least: str, most: str) -> str:
    if least and most:
        return _("%(least)s to %(most)s") % {"least": least, "most": most}
    return _("from %(least)s") % {"least": least} if least else _("up to %(most)s") % {"most": most}
