"""Take units out of the pool for an order, and give them back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.flow import UnitState
from catalog.listings import mark_dirty
from catalog.models import Hold, Unit, Variant
from catalog.signals import stock_changed
from core.codes import public_code
from core.db import LockedRowsSkipped, atomic_retry, waits_for_locks
from core.flows import move_all
from core.refusals import Conflict


@atomic_retry
def hold_units(
    demand: Mapping[int, int], *, expires_at: datetime | None, by: Any, reason: str
) -> tuple[Hold, list[Unit]]:
    """Hold `demand` (variant id to number of units) until `expires_at` (UTC; None keeps them), all or nothing.

    Returns the hold and its units, oldest first.

    Raises Conflict("sold_out", variant, available) for the first variant that has too few units.
    """
    hold = Hold.objects.create(code=public_code(), expires_at=expires_at)
    return hold, _fill(hold, demand, by=by, reason=reason)


@atomic_retry
def hold_again(hold: Hold, demand: Mapping[int, int], *, by: Any, reason: str) -> list[Unit]:
    """Fill a released hold once more, for good; return its units. Raises Conflict("sold_out", variant, available)."""
    hold = Hold.objects.select_for_update().get(pk=hold.pk)
    Hold.objects.filter(pk=hold.pk).update(expires_at=None)
    return _fill(hold, demand, by=by, reason=reason)


@atomic_retry
def release_hold(hold: Hold, *, by: Any, reason: str) -> None:
    """Put the units that are still held back on the shelf. Units that have left (sold, on rent) are not touched."""
    Hold.objects.select_for_update().get(pk=hold.pk)
    units = list(Unit.objects.select_for_update().filter(hold=hold, state=UnitState.HELD).order_by("pk"))
    move_all(units, UnitState.AVAILABLE, by=by, reason=reason, changes={"hold": None})
    announce_stock_change({unit.variant_id for unit in units})


@atomic_retry
def keep_hold(hold: Hold) -> None:
    """Keep the hold until dispatch or cancellation."""
    Hold.objects.select_for_update().get(pk=hold.pk)
    Hold.objects.filter(pk=hold.pk).update(expires_at=None)


def extend_hold(hold: Hold, *, until: datetime) -> None:
    """Keep the hold until `until` (UTC) at least. One that ends later, or never, stays as it is."""
    kept = Hold.objects.select_for_update().get(pk=hold.pk)
    if kept.expires_at is not None and kept.expires_at < until:
        Hold.objects.filter(pk=hold.pk).update(expires_at=until)


def announce_stock_change(variant_ids: Iterable[int]) -> None:
    """Mark the read model stale now, and tell the floors above after the commit (robustly)."""
    ids = sorted(variant_ids)
    if not ids:
        return
    mark_dirty(Variant.objects.filter(pk__in=ids).values_list("product_id", flat=True))
    transaction.on_commit(lambda: stock_changed.send_robust(sender=Unit, variant_ids=ids))


def _fill(hold: Hold, demand: Mapping[int, int], *, by: Any, reason: str) -> list[Unit]:
    """Move units into `hold`, variants in id order, so that two orders never wait for each other in a circle."""
    units = [unit for variant_id, wanted in sorted(demand.items()) for unit in _take(variant_id, wanted)]
    move_all(units, UnitState.HELD, by=by, reason=reason, changes={"hold": hold})
    announce_stock_change(demand)
    return units


def _take(variant_id: int, wanted: int) -> list[Unit]:
    """Lock `wanted` available units. Skips rows that others hold locked, unless too few are left then.

    Bare SKIP LOCKED would refuse orders that could be filled once the others have finished, so a shortage of
    unlocked rows restarts the whole transaction, which then waits (measured in docs/explanation/stock.md).
    """
    pool = Unit.objects.filter(variant_id=variant_id, state=UnitState.AVAILABLE).order_by("id")
    if waits_for_locks():
        units = list(pool.select_for_update()[:wanted])
    else:
        units = list(pool.select_for_update(skip_locked=True)[:wanted])
    if len(units) == wanted:
        return units
    available = Unit.objects.filter(variant_id=variant_id, state=UnitState.AVAILABLE).count()
    if available >= wanted and not waits_for_locks():
        raise LockedRowsSkipped
    raise Conflict(
        "sold_out",
        "Somebody else has just taken the last of these." if not available else f"Only {available} left of these.",
        variant=variant_id,
        available=min(available, wanted - 1),
    )
