"""What was paid for each line of an order, what has gone back, and how much still can."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.money import ZERO, share
from orders.models import Order, OrderLine, RefundLine
from orders.refund_shares import Part, Share, left
from payments.models import Payment
from payments.refundable import settled_left


def parts_of(order: Order) -> list[Part]:
    """Return the order's lines as refunds see them, in their order."""
    shares = RefundLine.objects.standing().filter(line__order_id=order.pk)
    return parts_from(order, list(order.lines.order_by("position")), shares)


def parts_from(order: Order, lines: Sequence[OrderLine], shares: Iterable[RefundLine]) -> list[Part]:
    """Put the parts of an order together from its lines and the shares that stand. No queries.

    The placed bill asked for the first instalment of a rented line, so that is what its part holds. Shipping, and a
    discount of the whole order (never on rent), are shared among the lines by their value.
    """
    paid = _paid(order, lines)
    gone = _gone(shares)
    return [Part(line.pk, what, gone.get(line.pk, Share())) for line, what in zip(lines, paid, strict=True)]


def money_left(order: Order) -> Decimal:
    """Return how much of the money that settled the order has not gone back, in its currency."""
    payments = Payment.objects.filter(bill__order_bill__order_id=order.pk, applied_amount__gt=0)
    return sum((settled_left(payment) for payment in payments), ZERO)


def amount_left(order: Order, parts: Sequence[Part] | None = None, *, shipping: bool = True) -> Decimal:
    """Return how much can be refunded of an order: never more than came, nor more than its lines still hold."""
    return min(left(parts_of(order) if parts is None else parts, shipping=shipping), money_left(order))


def _paid(order: Order, lines: Sequence[OrderLine]) -> list[Share]:
    added = not order.prices_include_tax
    values = [line.due_now + (line.tax if added else ZERO) for line in lines]
    bought = [ZERO if line.rental_months else value for line, value in zip(lines, values, strict=True)]
    discounts = share(order.discount_total, bought, order.currency)
    goods = [value - discount for value, discount in zip(values, discounts, strict=True)]
    carriage = order.shipping_total + (order.shipping_tax if added else ZERO)
    shipping = share(carriage, goods, order.currency)
    taxes = [min(line.tax, value) for line, value in zip(lines, goods, strict=True)]
    return [
        Share(net=value - tax, tax=tax, shipping=carried, quantity=line.quantity)
        for line, value, tax, carried in zip(lines, goods, taxes, shipping, strict=True)
    ]


def _gone(shares: Iterable[RefundLine]) -> dict[int, Share]:
    """Return what has gone back, or will, by the line's key. Added up here: SQLite adds decimals as floats."""
    gone: dict[int, Share] = {}
    for row in shares:
        before = gone.get(row.line_id, Share())
        gone[row.line_id] = Share(
            before.net + row.net,
            before.tax + row.tax,
            before.shipping + row.shipping,
            before.quantity + row.quantity,
        )
    return gone
