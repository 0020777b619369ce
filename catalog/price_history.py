"""What prices were: every change on record, and the lowest price of the last 30 days beside a sale price."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from django.db.models import F, Max, Q, Window
from django.db.models.functions import Lead

from catalog.models import PriceChange, Variant
from catalog.signals import prices_changed

# Directive 98/6/EC, Art. 6a(2): "a period of time not shorter than 30 days prior to the application of the reduction".
WINDOW = timedelta(days=30)
INSERT_BATCH = 500


@dataclass(frozen=True)
class Asked:
    """A price, in the shop's currency, and the instant from which it was asked; None: it could not be bought."""

    at: datetime
    price: Decimal | None


def record_prices(variants: Iterable[Variant], *, at: datetime) -> None:
    """Put the prices that these variants have from `at` on on record, and tell of it."""
    changes = [PriceChange(variant_id=variant.pk, price=variant.price, at=at) for variant in variants]
    PriceChange.objects.bulk_create(changes, batch_size=INSERT_BATCH)
    if changes:
        prices_changed.send(sender=PriceChange, variant_ids=[change.variant_id for change in changes])


def lowest_price_30_days(variant: Variant, *, now: datetime) -> Decimal | None:
    """Return the prior price of the variant in the sense of `lowest_before`, None when there is none. One query."""
    return lowest_before(_histories([variant], now).get(variant.pk, []))


def lowest_prices_beside_sales(variants: Sequence[Variant], *, now: datetime) -> dict[int, Decimal]:
    """Return, by variant id, the prior price of those variants that announce a reduction. One query for all.

    A reduction is announced by a former price (`list_price`) above the price, or it is simply seen: the price was cut
    within the last 30 days.
    """
    sold = [variant for variant in variants if variant.price is not None]
    found: dict[int, Decimal] = {}
    if not sold:
        return found
    histories = _histories(sold, now)
    for variant in sold:
        history = histories.get(variant.pk, [])
        lowest = lowest_before(history)
        announced = variant.list_price is not None and variant.list_price > variant.price
        if lowest is not None and (announced or was_cut(history, now=now)):
            found[variant.pk] = lowest
    return found


def lowest_before(history: Sequence[Asked]) -> Decimal | None:
    """Return the lowest price that was asked at any moment of the 30 days before the present price was set.

    The rule is Art. 6a of Directive 98/6/EC (as amended by 2019/2161): a price reduction states the prior price, which
    is the lowest one applied during at least 30 days before the reduction is applied. We take the instant at which the
    present price was set for the reduction's; the present price itself does not count, even if it is lower. We use
    neither exception that member states may make: goods on sale for a shorter time (paragraph 4) have the lowest of
    that shorter time, and each further cut starts a period of its own (paragraph 5).
    Times without a price do not count; a price that stood for no time (changed again at the same instant) neither.

    `history` begins with what was asked when the period began and ends with the present price, oldest first.
    None when nothing was asked in the period, or nothing is asked now.
    """
    if not history or history[-1].price is None:
        return None
    current = history[-1].at
    return min(
        (
            asked.price
            for asked, following in pairwise(history)
            if asked.price is not None and asked.at < following.at and following.at > current - WINDOW
        ),
        default=None,
    )


def was_cut(history: Sequence[Asked], *, now: datetime) -> bool:
    """Tell whether the present price is lower than the one directly before it, and younger than 30 days."""
    if not history or history[-1].price is None or history[-1].at <= now - WINDOW:
        return False
    current = history[-1]
    before = next((asked.price for asked in reversed(history[:-1]) if asked.at < current.at), None)
    return before is not None and current.price is not None and current.price < before


def _histories(variants: Sequence[Variant], now: datetime) -> dict[int, list[Asked]]:
    """Return, by variant id, what was asked from 30 days before the present price was set until `now`. One query.

    However long the history is, the database hands over only the rows of that period.
    """
    rows = (
        PriceChange.objects.filter(variant__in=[variant.pk for variant in variants], at__lte=now)
        .annotate(
            current_at=Window(Max("at"), partition_by="variant"),
            until=Window(Lead("at"), partition_by="variant", order_by=["at", "pk"]),
        )
        .filter(Q(until=None) | Q(until__gt=F("current_at") - WINDOW))
        .order_by("variant", "at", "pk")
        .values_list("variant", "at", "price")
    )
    return {
        variant_id: [Asked(at, price) for _, at, price in group]
        for variant_id, group in groupby(rows, key=lambda row: row[0])
    }
