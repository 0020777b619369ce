"""Does every unit lie where its papers say?"""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, OuterRef, Q, Subquery

from backoffice.auditing import Check, Offence
from catalog.flow import UnitState
from catalog.models import Hold, Unit, UnitEvent
from core import clock
from orders.flow import OrderState, ReturnState
from orders.models import Allocation, OrderLine
from rentals.models import Agreement

HOLDS_MAY_LAG = timedelta(seconds=60)
# A unit that is promised to somebody is in one of these states.
PROMISED = [UnitState.HELD, UnitState.SOLD, UnitState.ON_RENT]
# Where the unit of an agreement is that has not ended: returned ones wait for their inspection.
RENTED = [UnitState.ON_RENT, UnitState.RETURNED, UnitState.LOST]
OWED = [OrderState.PENDING, OrderState.CONFIRMED, OrderState.PACKING, OrderState.SHIPPED, OrderState.DELIVERED]


def states_follow_the_ledger() -> Iterator[Offence]:
    """A unit is in the state of its last event: stock never changes without a row in the ledger."""
    last = UnitEvent.objects.filter(unit=OuterRef("pk")).order_by("-pk").values("kind")[:1]
    for unit in Unit.objects.annotate(last=Subquery(last)).filter(Q(last=None) | ~Q(last=F("state"))).iterator():
        yield Offence("states_follow_the_ledger", str(unit), f"is {unit.state}, its ledger says {unit.last}")


def nobody_is_promised_the_same_unit() -> Iterator[Offence]:
    """A unit is promised to at most one line that still counts."""
    promised = Allocation.objects.filter(released_at=None).values("unit__serial", "unit").annotate(n=Count("pk"))
    for row in promised.filter(n__gt=1).order_by("unit"):
        code = row["unit__serial"] or f"unit {row['unit']}"
        yield Offence("nobody_is_promised_the_same_unit", code, f"is promised to {row['n']} lines")


def promised_units_are_off_the_shelf() -> Iterator[Offence]:
    """What is promised is held, sold or on rent; and what is held is promised to somebody."""
    live = Allocation.objects.filter(live_unit__isnull=False)
    for allocation in live.exclude(unit__state__in=PROMISED).select_related("unit", "line__order"):
        yield Offence(
            "promised_units_are_off_the_shelf",
            str(allocation.unit),
            f"is {allocation.unit.state} and promised to order {allocation.line.order.code}",
        )
    for unit in Unit.objects.filter(state=UnitState.HELD, live_allocation=None).iterator():
        yield Offence("promised_units_are_off_the_shelf", str(unit), "is held and promised to nobody")


def orders_have_their_units() -> Iterator[Offence]:
    """An order that counts has one unit for each thing it promises, with the customer or come back from there.

    What was rented may have come back and been handed out again: it has no more than it promises. A cancelled order
    keeps none.
    """
    back = Q(allocations__returns__state__in=[ReturnState.RECEIVED, ReturnState.INSPECTED])
    lines = OrderLine.objects.select_related("order").annotate(
        units=Count("allocations", filter=Q(allocations__released_at=None), distinct=True),
        back=Count("allocations", filter=back, distinct=True),
    )
    short = Q(rental_months=None) & ~Q(quantity=F("units") + F("back"))
    rented = Q(rental_months__isnull=False) & (Q(units__gt=F("quantity")) | Q(quantity__gt=F("units") + F("back")))
    for line in lines.filter(short | rented, order__state__in=OWED).iterator():
        words = f"line {line.position} promises {line.quantity} and has {line.units}"
        yield Offence("orders_have_their_units", line.order.code, words)
    for line in lines.filter(order__state=OrderState.CANCELLED, units__gt=0).iterator():
        words = f"is cancelled, and line {line.position} keeps {line.units}"
        yield Offence("orders_have_their_units", line.order.code, words)


def holds_end_in_time() -> Iterator[Offence]:
    """No hold keeps units a minute after it has run out."""
    late = Hold.objects.filter(expires_at__lt=clock.now() - HOLDS_MAY_LAG).annotate(kept=Count("units"))
    for hold in late.filter(kept__gt=0).iterator():
        yield Offence("holds_end_in_time", hold.code, f"ran out at {hold.expires_at:%Y-%m-%d %H:%M} UTC")


def rented_units_have_their_agreement() -> Iterator[Offence]:
    """A unit on rent belongs to one live agreement, whose unit is with its customer or on its way."""
    for unit in Unit.objects.filter(state=UnitState.ON_RENT, live_agreement=None).iterator():
        yield Offence("rented_units_have_their_agreement", str(unit), "is on rent without an agreement")
    live = Agreement.objects.filter(live_unit__isnull=False).select_related("live_unit")
    for agreement in live.exclude(live_unit__state__in=RENTED).iterator():
        words = f"is {agreement.state}, its unit {agreement.live_unit} is {agreement.live_unit.state}"
        yield Offence("rented_units_have_their_agreement", agreement.code, words)


CHECKS: tuple[Check, ...] = (
    states_follow_the_ledger,
    nobody_is_promised_the_same_unit,
    promised_units_are_off_the_shelf,
    orders_have_their_units,
    holds_end_in_time,
    rented_units_have_their_agreement,
)
