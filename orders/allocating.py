"""Promise held units to order lines, and take the promise back."""

from collections import Counter
from collections.abc import Iterable, Sequence

from catalog.models import Unit
from core import clock
from orders.models import Allocation, OrderLine


def demand_of(lines: Iterable[OrderLine]) -> dict[int, int]:
    """Return how many units of each variant (by id) the lines need together."""
    demand: Counter[int] = Counter()
    for line in lines:
        demand[line.variant_id] += line.quantity
    return dict(demand)


def promise_units(lines: Sequence[OrderLine], units: Sequence[Unit]) -> None:
    """Allocate held units (oldest first) to the lines that asked for them."""
    pool: dict[int, list[Unit]] = {}
    for unit in reversed(units):
        pool.setdefault(unit.variant_id, []).append(unit)
    promised = [(line, pool[line.variant_id].pop()) for line in lines for _ in range(line.quantity)]
    Allocation.objects.bulk_create(Allocation(line=line, unit=unit, live_unit=unit) for line, unit in promised)


def take_back_promises(order_id: int) -> None:
    """End every live allocation of an order that has not been dispatched."""
    Allocation.objects.filter(line__order_id=order_id, live_unit__isnull=False, shipment=None).update(
        live_unit=None, released_at=clock.now()
    )
