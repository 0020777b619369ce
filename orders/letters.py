"""What customers are told about their orders. One function a letter; each writes a row of the outbox."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime

from catalog.models import Variant
from core.money import amount_text
from notifications.models import Email
from notifications.outbox import queue_email
from orders.models import Order, OrderLine, Shipment
from orders.paying import CONFIRMED_WHEN_PLACED, ONLINE
from payments.models import Bill, Payment


def order_placed(order: Order, lines: Sequence[OrderLine], bill: Bill, *, link: str) -> Email:
    """The order is in; what to pay, how and by when (the shop's local day)."""
    return _letter(
        "order_placed",
        order,
        link,
        lines=lines,
        bill_code=bill.code,
        bill_amount=amount_text(bill.amount, bill.currency),
        pay_by=date_format(localtime(bill.due_at), "j F Y, H:i"),
        bank_instructions=settings.BANK_TRANSFER_INSTRUCTIONS,
        is_paid_online=order.payment_method in ONLINE,
    )


def order_confirmed(order: Order, *, link: str) -> Email:
    """The order is paid, or needs no payment before delivery: we begin to pack."""
    is_paid = order.payment_method not in CONFIRMED_WHEN_PLACED
    # A revived order is confirmed a second time and deserves a second letter.
    return _letter("order_confirmed", order, link, about=str(order.confirmed_at), is_paid=is_paid)


def order_shipped(order: Order, shipment: Shipment, *, link: str) -> Email:
    """The parcel has left, or lies ready at the counter."""
    return _letter("order_shipped", order, link, about=shipment.code, shipment=shipment)


def order_delivered(order: Order, shipment: Shipment, *, link: str) -> Email:
    """The parcel has arrived."""
    return _letter("order_delivered", order, link, about=shipment.code, shipment=shipment)


def order_cancelled(order: Order, *, link: str, to_give_back: str) -> Email:
    """The order is off; `to_give_back` is the sum we owe the customer in words, or ""."""
    return _letter("order_cancelled", order, link, about=str(order.confirmed_at or "unpaid"), to_give_back=to_give_back)


def proof_rejected(order: Order, *, link: str, proof_code: str, reason: str) -> Email:
    """The picture of a transfer did not show us the money; `reason` is what staff wrote."""
    return _letter("proof_rejected", order, link, about=proof_code, reason=reason)


def order_link(order: Order, *, link: str, request_code: str) -> Email:
    """The link somebody with the right code and e-mail asked for."""
    return _letter("order_link", order, link, about=request_code)


def _letter(
    kind: str, order: Order, link: str, *, about: str = "", lines: Sequence[OrderLine] | None = None, **facts: object
) -> Email:
    """Queue a letter once for an order and what it is about."""
    context = {
        "order": order,
        "lines": [_line_facts(order, line) for line in (order.lines.all() if lines is None else lines)],
        "link": link,
        "total": amount_text(order.total, order.currency),
        "shipping": amount_text(order.shipping_total, order.currency),
        "tax": amount_text(order.tax_total, order.currency),
        "payment_method": Payment.Method(order.payment_method).label,
        "tax_percent": f"{order.tax_rate.normalize():f}",
        "pickup_address": settings.PICKUP_ADDRESS,
        "address": order.shipping_address,
        **facts,
    }
    return queue_email(kind=kind, to=order.email, context=context, dedupe_key=f"{kind}:{order.code}:{about}")


def _line_facts(order: Order, line: OrderLine) -> dict[str, object]:
    return {
        "quantity": line.quantity,
        "name": line.name,
        "grade": Variant.Grade(line.grade).label,
        "options": line.options,
        "total": amount_text(line.due_now, order.currency),
    }
