"""The curve of owning: where lines, ticks and points lie in a drawing of 380 × 250. Every number is in the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rentals.rules.offering import Offer

LEFT, RIGHT, TOP, BOTTOM = Decimal(46), Decimal(366), Decimal(20), Decimal(210)
STEPS = (1, 2, 5)
MOST_TICKS = 4


@dataclass(frozen=True)
class Tick:
    """A line across at `y` with what it stands for."""

    y: str
    amount: Decimal


@dataclass(frozen=True)
class Point:
    """A payment: where it lies on each line."""

    number: int
    x: str
    own_y: str
    finish_y: str


@dataclass(frozen=True)
class Curve:
    """Everything that the drawing needs, as attributes of SVG. `same_as_cash` is a path, "" without such days."""

    ticks: Sequence[Tick]
    points: Sequence[Point]
    same_as_cash: str
    own: str
    finish: str


def curve_of(offer: Offer) -> Curve:
    """Return the curve of an offer: after each payment the price of owning and what is left to the end."""
    highest = max((max(month.to_own, month.to_finish) for month in offer.months), default=Decimal(0))
    step = _step(max(highest, Decimal(1)))
    top = step
    while top < highest:
        top += step
    width = (RIGHT - LEFT) / offer.payments
    points = [
        Point(
            number=month.number,
            x=_text(LEFT + width * (month.number - Decimal("0.5"))),
            own_y=_text(_height(month.to_own, top)),
            finish_y=_text(_height(month.to_finish, top)),
        )
        for month in offer.months
    ]
    ticks = []
    amount = Decimal(0)
    while amount <= top:
        ticks.append(Tick(_text(_height(amount, top)), amount))
        amount += step
    return Curve(
        ticks=ticks,
        points=points,
        same_as_cash=_same_as_cash(offer, width),
        own=_line([(point.x, point.own_y) for point in points]),
        finish=_line([(point.x, point.finish_y) for point in points]),
    )


def _same_as_cash(offer: Offer, width: Decimal) -> str:
    """Tint the payments whose following day is still within the first days."""
    if offer.same_as_cash_until is None:
        return ""
    months = sum(month.due < offer.same_as_cash_until for month in offer.months)
    if not months:
        return ""
    return f"M{LEFT} {TOP}H{_text(LEFT + width * months)}V{BOTTOM}H{LEFT}Z"


def _step(highest: Decimal) -> Decimal:
    """Return the smallest of 1, 2, 5, 10, 20 … with which at most four steps reach the highest amount."""
    tens = Decimal(1)
    while True:
        for step in STEPS:
            if step * tens * MOST_TICKS >= highest:
                return step * tens
        tens *= 10


def _height(amount: Decimal, top: Decimal) -> Decimal:
    return BOTTOM - (BOTTOM - TOP) * amount / top


def _text(number: Decimal) -> str:
    return f"{number:.1f}"


def _line(points: Sequence[tuple[str, str]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)
