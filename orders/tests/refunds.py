"""Orders whose money can go back, and callers who ask for it."""

from decimal import Decimal as D
from typing import Any

from backoffice.auditing.money import CHECKS
from catalog.tests.factories import make_variant
from orders.fulfilment import dispatch
from orders.models import Order
from orders.paying_online import check_payment, pay_order
from orders.refund_parts import amount_left
from orders.refunding import refund_order
from orders.tests.factories import make_delivered_order, make_order
from payments.models import Refund
from payments.tests.paying import pay


def paid_by_transfer(*prices: str) -> Order:
    """Return a delivered order with two pieces at each price; shipping costs 2.50. Its money goes back by hand."""
    return make_delivered_order(*[(make_variant(price=D(price), units=2), 2) for price in prices or ("50.00",)])


def paid_by_card(sandbox: Any, *prices: str) -> Order:
    """Return an order with two pieces at each price that was paid on Stripe's page and has left."""
    lines = [(make_variant(price=D(price), units=2), 2) for price in prices or ("50.00",)]
    order = make_order(*lines, payment_method="card")
    pay(sandbox, pay_order(order, method="card", by=None))
    check_payment(order)
    order.refresh_from_db()
    dispatch(order, by=None, serials={})
    order.refresh_from_db()
    return order


def refund(order: Order, *, by: Any = None, reason: str = "a broken hinge", **told: Any) -> list[Refund]:
    """Refund as a caller who has just looked."""
    told.setdefault("expected_remaining", amount_left(order))
    return refund_order(order, by=by, reason=reason, **told)


def everything(order: Order, **told: Any) -> list[Refund]:
    """Refund all that is left."""
    return refund(order, amount=amount_left(order), shipping=True, **told)


def offences() -> list[Any]:
    """Return what the audit of money finds."""
    return [offence for check in CHECKS for offence in check()]
