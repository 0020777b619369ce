"""Up to four offers side by side, and where they differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db.models import Min
from django.utils.translation import gettext as _

from catalog.models import Category, Unit, Variant
from core.money import amount_text
from core.refusals import Refusal
from storefront import words
from storefront.choices import spec_rows
from storefront.compare_cookie import MOST

NOT_RECORDED = ""


class Verdict(StrEnum):
    """What a row of the comparison says. Where a value is missing, nobody knows whether it is the same."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One fact about every offer, in words: "" is not recorded, None does not exist for goods of its kind."""

    label: str
    values: tuple[str | None, ...]
    hint: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the recorded values differ; a fact that no offer has recorded is the same for all."""
        recorded = [value for value in self.values if value]
        if len(set(recorded)) > 1:
            return Verdict.DIFFERS
        return Verdict.UNKNOWN if recorded and len(recorded) < len(self.values) else Verdict.SAME


def offers_called(skus: Sequence[str]) -> list[Variant]:
    """Return the offers with these SKUs that a shopper can open, in this order, each with `available`. One query."""
    if not skus:
        return []
    found = (
        Variant.objects.published()
        .filter(sku__in=skus)
        .select_related("product__brand", "product__category")
        .with_available()
    )
    by_sku = {offer.sku: offer for offer in found}
    return [by_sku[sku] for sku in skus if sku in by_sku]


def add_to_comparison(skus: Sequence[str], offer: Variant) -> list[str]:
    """Return the SKUs with one more offer; those that nobody can open any more are dropped.

    Raises Refusal("comparison_full", names) beyond four: the visitor decides which one goes.
    """
    if offer.sku in skus:
        return list(skus)
    compared = offers_called(skus)
    if len(compared) >= MOST:
        names = [_name(other) for other in compared]
        raise Refusal(
            "comparison_full",
            _("You compare %(n)s already: %(names)s. Take one out first.") % {"n": MOST, "names": "; ".join(names)},
            names=names,
        )
    return [*(other.sku for other in compared), offer.sku]


def compare(offers: Sequence[Variant]) -> list[Row]:
    """Return the rows of the comparison: what one pays and gets first, then every spec of the offers' categories.

    Needs offers as `offers_called` returns them. One query, for the units that an order would take first.
    """
    rows = [
        Row(_("Price"), tuple(_price(offer) for offer in offers)),
        Row(_("Condition"), tuple(words.grade_name(offer.grade) for offer in offers)),
        Row(_("Stock"), tuple(words.stock(offer.available) for offer in offers)),
        Row(_("Warranty"), tuple(_warranty(offer) for offer in offers)),
    ]
    batteries = _batteries(offers)
    if batteries:
        values = tuple(batteries.get(offer.pk, NOT_RECORDED) for offer in offers)
        rows.append(Row(_("Battery"), values, _("Of the unit that you would get, measured against a new battery.")))
    if len({offer.product.category_id for offer in offers}) > 1:
        rows.insert(1, Row(_("Department"), tuple(offer.product.category.name for offer in offers)))
    return [*rows, *_specs(offers)]


def _specs(offers: Sequence[Variant]) -> Iterable[Row]:
    """Yield a row for each spec that any of the categories defines, in the order of the categories."""
    known = [_facts(offer) for offer in offers]
    for key in dict.fromkeys(key for facts in known for key in facts):
        label, hint = next((facts[key][0], facts[key][2]) for facts in known if key in facts)
        yield Row(label, tuple(facts[key][1] if key in facts else None for facts in known), hint)


def _facts(offer: Variant) -> dict[str, tuple[str, str, str]]:
    """Return label, value in words and hint of each spec that the offer's category defines, by key."""
    category: Category = offer.product.category
    told = spec_rows(category, offer.product.specs, offer.options)
    return {entry["key"]: row for entry, row in zip(category.spec_definitions, told, strict=True)}


def _batteries(offers: Sequence[Variant]) -> dict[int, str]:
    """Return the measured battery, in words, of the first unit on the shelf of each offer that has one."""
    first = (
        Unit.objects.available().filter(variant__in=offers).order_by().values("variant").annotate(pk_first=Min("pk"))
    )
    units = Unit.objects.filter(pk__in=first.values("pk_first"), battery_health_percent__isnull=False)
    return {
        variant: _("%(n)s %% of its first capacity") % {"n": percent}
        for variant, percent in units.values_list("variant", "battery_health_percent")
    }


def _price(offer: Variant) -> str:
    return _("no price") if offer.price is None else amount_text(offer.price, settings.SHOP_CURRENCY)


def _warranty(offer: Variant) -> str:
    months = offer.product.warranty_months
    return words.months(months) if months else _("none")


def _name(offer: Variant) -> str:
    return f"{offer.product.full_name}, {words.grade_name(offer.grade)}"
