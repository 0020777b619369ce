"""How a refund is shared among the lines of an order: pure arithmetic, without tables.

All shares are differences of running totals that round down, the last of which is exact. So in whatever steps money
goes back, the shares of a line, of its tax and of its shipping never exceed what was paid and add up to it to the cent.
(Rounding each refund by itself does not: WooCommerce 26734, 64668.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate

from core.money import ZERO, round_down


@dataclass(frozen=True)
class Share:
    """What goes back for one line: goods without tax, their tax, shipping, and how many pieces."""

    net: Decimal = ZERO
    tax: Decimal = ZERO
    shipping: Decimal = ZERO
    quantity: int = 0

    @property
    def goods(self) -> Decimal:
        """Return the goods with their tax."""
        return self.net + self.tax

    @property
    def total(self) -> Decimal:
        """Return all of it."""
        return self.net + self.tax + self.shipping


@dataclass(frozen=True)
class Part:
    """A line as refunds see it: what was paid for it and what has gone back so far."""

    key: int
    paid: Share
    gone: Share = field(default_factory=Share)

    @property
    def goods_left(self) -> Decimal:
        """Return what can still go back for the goods."""
        return self.paid.goods - self.gone.goods

    @property
    def shipping_left(self) -> Decimal:
        """Return what can still go back of the line's shipping."""
        return self.paid.shipping - self.gone.shipping

    @property
    def quantity_left(self) -> int:
        """Return how many pieces have not gone back."""
        return self.paid.quantity - self.gone.quantity


def left(parts: Sequence[Part], *, shipping: bool = True) -> Decimal:
    """Return what can still go back of all parts together."""
    return sum((part.goods_left + (part.shipping_left if shipping else ZERO) for part in parts), ZERO)


def spread(amount: Decimal, rooms: Sequence[Decimal], code: str) -> list[Decimal]:
    """Share `amount` in proportion to `rooms`: no share exceeds its room, and all add up to `amount`.

    `amount` is at most the sum of the rooms. Running totals round down; the last one is exact.
    """
    whole = sum(rooms, ZERO)
    if whole == 0:
        return [ZERO] * len(rooms)
    running = [round_down(amount * upto / whole, code) if upto < whole else amount for upto in accumulate(rooms)]
    return [upto - before for before, upto in zip([ZERO, *running], running, strict=False)]


def by_amount(parts: Sequence[Part], amount: Decimal, code: str, *, shipping: bool) -> list[Share]:
    """Share a sum among all parts, and among goods and shipping alike when `shipping` goes back too."""
    rooms = [part.goods_left for part in parts]
    if shipping:
        rooms += [part.shipping_left for part in parts]
    shared = spread(amount, rooms, code)
    carried = shared[len(parts) :] or [ZERO] * len(parts)
    return [
        goods_share(part, goods, code, shipping=carriage)
        for part, goods, carriage in zip(parts, shared, carried, strict=False)
    ]


def by_quantity(parts: Sequence[Part], pieces: Mapping[int, int], code: str, *, shipping: bool) -> list[Share]:
    """Give back so many pieces of some lines (by key), and all that is left of the shipping when asked.

    A piece is worth its part of what was paid for the line, but never more than is left of it.
    """
    shares = []
    for part in parts:
        count = pieces.get(part.key, 0)
        before, after = part.gone.quantity, part.gone.quantity + count
        worth = _upto(part, after, code) - _upto(part, before, code)
        carriage = part.shipping_left if shipping else ZERO
        shares.append(goods_share(part, min(worth, part.goods_left), code, shipping=carriage, quantity=count))
    return shares


def goods_share(part: Part, goods: Decimal, code: str, *, shipping: Decimal = ZERO, quantity: int = 0) -> Share:
    """Divide `goods` (tax included) of a line into net and tax, so that the line's refunds add up to both."""
    paid, gone = part.paid, part.gone
    upto = gone.goods + goods
    wanted = round_down(paid.tax * upto / paid.goods, code) - gone.tax if paid.goods else ZERO
    # A withdrawn refund leaves a gap in the running total: stay within what is left of the tax and of the net.
    least = max(goods - (paid.net - gone.net), ZERO)
    most = min(goods, paid.tax - gone.tax)
    tax = min(max(wanted, least), most)
    return Share(net=goods - tax, tax=tax, shipping=shipping, quantity=quantity)


def after(part: Part, share: Share) -> Part:
    """Return the part as it stands when `share` has gone back."""
    gone = part.gone
    return Part(
        part.key,
        part.paid,
        Share(
            gone.net + share.net,
            gone.tax + share.tax,
            gone.shipping + share.shipping,
            gone.quantity + share.quantity,
        ),
    )


def divide(parts: Sequence[Part], shares: Sequence[Share], amounts: Sequence[Decimal], code: str) -> list[list[Share]]:
    """Divide shares among refunds of several payments: one list of shares for each amount, which together are `shares`.

    Pieces are counted with the first of them.
    """
    parts, divided = list(parts), []
    goods, shipping = [share.goods for share in shares], [share.shipping for share in shares]
    pieces = [share.quantity for share in shares]
    for amount in amounts:
        taken = spread(amount, goods + shipping, code)
        of_goods, of_shipping = taken[: len(parts)], taken[len(parts) :]
        row = [
            goods_share(part, here, code, shipping=carriage, quantity=count)
            for part, here, carriage, count in zip(parts, of_goods, of_shipping, pieces, strict=True)
        ]
        divided.append(row)
        parts = [after(part, share) for part, share in zip(parts, row, strict=True)]
        goods = [before - here for before, here in zip(goods, of_goods, strict=True)]
        shipping = [before - here for before, here in zip(shipping, of_shipping, strict=True)]
        pieces = [0] * len(parts)
    return divided


def _upto(part: Part, pieces: int, code: str) -> Decimal:
    """Return what so many pieces of a line cost together."""
    if pieces >= part.paid.quantity:
        return part.paid.goods
    return round_down(part.paid.goods * pieces / part.paid.quantity, code)
