"""What customers are told about their orders. One function a letter; each writes a row of the outbox."""

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from catalog.models import Variant
from core.money import ZERO, amount_text
from notifications.models import Email
from notifications.outbox import queue_email
from orders.models import Order, OrderLine, RefundLine, Shipment
from orders.paying import CONFIRMED_WHEN_PLACED, ONLINE
from orders.receipts import Receipt, Received, receipt_of, received_of
from payments.declines import advice
from payments.models import Bill, Break, Payment, Refund
from payments.providers.khqr.rates import rate_text


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
    """The order is paid, or needs no payment before delivery: we begin to pack. A paid one gets its receipt."""
    is_paid = order.payment_method not in CONFIRMED_WHEN_PLACED
    # A revived order is confirmed a second time and deserves a second letter.
    about = str(order.confirmed_at)
    return _letter("order_confirmed", order, link, about=about, is_paid=is_paid, **_money(receipt_of(order)))


def payment_received(order: Order, payment: Payment, *, left: Decimal, link: str) -> Email:
    """Money has arrived that does not confirm the order: a part of the sum, or cash at the door. The receipt.

    `left` is what is still to be paid, in the order's currency.
    """
    return _letter(
        "payment_received",
        order,
        link,
        about=payment.key,
        payment=_payment_facts(received_of(payment), order.currency),
        left=amount_text(left, order.currency) if left else "",
    )


def payment_failed(order: Order, payment: Payment, *, code: str, link: str) -> Email:
    """A payment did not work: what the customer can do, by when, and where. Once an attempt."""
    held_until = order.hold.expires_at if order.hold is not None else None
    return _letter(
        "payment_failed",
        order,
        link,
        about=payment.key,
        amount=amount_text(payment.amount, payment.currency),
        method=Payment.Method(payment.method).label,
        advice=advice(code),
        held_until=date_format(localtime(held_until), "j F Y, H:i") if held_until else "",
        pay_link=f"{link}pay/",
    )


def money_unmatched(
    order: Order,
    payment: Payment,
    *,
    kind: str,
    amount: Decimal,
    currency: str,
    reason: str,
    goes_back: bool,
    link: str,
) -> Email:
    """Money has come that we cannot use for the order: what it is, and what happens with it.

    `goes_back`: it is sent back without anybody's doing; otherwise staff get a letter, too.
    """
    facts = {
        "amount": amount_text(amount, currency),
        "asked_for": amount_text(payment.charge_amount or payment.amount, payment.charge_currency or payment.currency),
        "is_mismatch": kind == Break.Kind.MISMATCH,
        "method": Payment.Method(payment.method).label,
        "reason": reason,
        "goes_back": goes_back,
        "payment_key": payment.key,
    }
    about = f"{payment.key}:{kind}"
    if not goes_back:
        breaks = f"{settings.SITE_URL}/admin/payments/break/?standing=open"
        _letter("money_unmatched_staff", order, link, about=about, to=settings.SHOP_EMAIL, breaks_url=breaks, **facts)
    return _letter("money_unmatched", order, link, about=about, **facts)


def order_shipped(order: Order, shipment: Shipment, *, link: str) -> Email:
    """The parcel has left, or lies ready at the counter."""
    return _letter("order_shipped", order, link, about=shipment.code, shipment=shipment)


def order_delivered(order: Order, shipment: Shipment, *, link: str) -> Email:
    """The parcel has arrived."""
    return _letter("order_delivered", order, link, about=shipment.code, shipment=shipment)


def order_cancelled(order: Order, *, link: str, to_give_back: str) -> Email:
    """The order is off; `to_give_back` is the sum we owe the customer in words, or ""."""
    return _letter("order_cancelled", order, link, about=str(order.confirmed_at or "unpaid"), to_give_back=to_give_back)


def refund_started(order: Order, refund: Refund, *, link: str) -> Email:
    """Money goes back: how much, which way, and for what. One that failed and goes by hand has a letter of its own."""
    return _letter("refund_started", order, link, about=_way_of(refund), **_refund_facts(refund))


def refund_done(order: Order, refund: Refund, *, link: str) -> Email:
    """The provider, or our bank, has sent the money."""
    return _letter("refund_done", order, link, about=_way_of(refund), **_refund_facts(refund))


def refund_failed(order: Order, refund: Refund) -> Email:
    """To the shop itself: the provider could not send the money, which is still owed."""
    link = settings.SITE_URL + reverse("admin:payments_refund_change", args=[refund.pk])
    facts = {**_refund_facts(refund), "failure": refund.failure_reason}
    return _letter("refund_failed", order, link, to=settings.SHOP_EMAIL, about=_way_of(refund), **facts)


def _way_of(refund: Refund) -> str:
    return f"{refund.key}:{'hand' if refund.by_hand else 'provider'}"


def _refund_facts(refund: Refund) -> dict[str, object]:
    """Return the sum, what was moved when that is riel, the way it goes, and the lines it is for."""
    moved = ""
    if refund.charge_currency != refund.currency:
        moved = amount_text(refund.charge_amount, refund.charge_currency)
    shares = RefundLine.objects.filter(refund=refund).select_related("line").order_by("line__position")
    carried = sum((share.shipping for share in shares), ZERO)
    return {
        "amount": amount_text(refund.amount, refund.currency),
        "moved": moved,
        "refund_key": refund.key,
        "by_hand": refund.by_hand,
        "reference": refund.reference or "",
        "shares": [
            {
                "name": f"{share.quantity} × {share.line.name}" if share.quantity else share.line.name,
                "amount": amount_text(share.net + share.tax, refund.currency),
            }
            for share in shares
            if share.net + share.tax
        ],
        "carried": amount_text(carried, refund.currency) if carried else "",
    }


def proof_rejected(order: Order, *, link: str, proof_code: str, reason: str) -> Email:
    """The picture of a transfer did not show us the money; `reason` is what staff wrote."""
    return _letter("proof_rejected", order, link, about=proof_code, reason=reason)


def order_link(order: Order, *, link: str, request_code: str) -> Email:
    """The link somebody with the right code and e-mail asked for."""
    return _letter("order_link", order, link, about=request_code)


def _letter(
    kind: str,
    order: Order,
    link: str,
    *,
    about: str = "",
    to: str = "",
    lines: Sequence[OrderLine] | None = None,
    **facts: object,
) -> Email:
    """Queue a letter once for an order and what it is about, to its customer unless `to` says otherwise."""
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
    return queue_email(kind=kind, to=to or order.email, context=context, dedupe_key=f"{kind}:{order.code}:{about}")


def _money(receipt: Receipt) -> dict[str, object]:
    """Return what has been paid, as the letters' templates print it."""
    code = receipt.order.currency
    return {
        "payments": [_payment_facts(payment, code) for payment in receipt.received],
        "too_much": amount_text(receipt.too_much, code) if receipt.too_much else "",
    }


def _payment_facts(payment: Received, code: str) -> dict[str, object]:
    exchanged = payment.exchanged
    return {
        "method": Payment.Method(payment.method).label,
        "card": f"{payment.brand} ending in {payment.last4}" if payment.last4 else "",
        "reference": payment.reference,
        "at": date_format(localtime(payment.at), "j F Y, H:i"),
        "amount": amount_text(payment.amount, code),
        "exchanged": amount_text(exchanged.amount, exchanged.currency) if exchanged else "",
        "rate": rate_text(exchanged.rate) if exchanged else "",
    }


def _line_facts(order: Order, line: OrderLine) -> dict[str, object]:
    return {
        "quantity": line.quantity,
        "name": line.name,
        "grade": Variant.Grade(line.grade).label,
        "options": line.options,
        "total": amount_text(line.due_now, order.currency),
    }
