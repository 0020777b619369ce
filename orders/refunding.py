"""Give money of an order back: decide how much of which line, and let payments move the sum."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.db import atomic_retry
from core.money import ZERO, amount_text
from core.nudge import nudge
from core.refusals import Refusal
from orders.flow import OrderState
from orders.models import Order, RefundLine
from orders.refund_parts import amount_left, money_left, parts_of
from orders.refund_shares import Part, Share, by_amount, by_quantity, divide, left
from payments.flow import BillState
from payments.models import Bill, Break, Payment, Refund
from payments.refundable import needs_second_person, settled_left
from payments.refunding import (
    refuse_changed,
    refuse_impossible,
    refuse_too_much,
    release_refund,
    send_refund,
    share_among_payments,
    write_refund,
)
from payments.settling import open_break

# Goods that have not left stay here when the whole order is called off; a refund alone would still send them.
NOT_YET_SENT = (OrderState.CONFIRMED, OrderState.PACKING)


@atomic_retry
def refund_lines(
    order: Order,
    *,
    by: Any,
    reason: str,
    expected_remaining: Decimal,
    pieces: Mapping[int, int] | None = None,
    amount: Decimal | None = None,
    line: int | None = None,
    shipping: bool = False,
) -> list[Refund]:
    """Decide that money of `order` goes back, in the order's currency; returns one refund for each payment it is from.

    Either `pieces` of lines (how many, by line id) with `shipping` (all that is left of it) or without, or an `amount`
    spread over all lines, or of one `line` alone, and over the shipping too when `shipping`. `expected_remaining` is
    what the caller saw: `amount_left`. Writes only, so `refund_order` or the next sweep sends it; above the limit it
    waits for a second person. Raises Refusal "reason_missing", "not_refundable", "bill_open", "disputed",
    "nothing_to_refund", "line_unknown", "too_many" (line, left), "amount_impossible", "too_much" (remaining),
    "too_small", "cancel_instead" and Conflict "remaining_changed" (shown, remaining).
    """
    reason = reason.strip()
    if not reason:
        raise Refusal("reason_missing", "Say in a few words why the money goes back.")
    order, bills, payments = _lock(order)
    parts = parts_of(order)
    remaining = amount_left(order, parts)
    if any(bill.state == BillState.OPEN for bill in bills) and remaining > 0:
        raise Refusal(
            "bill_open", "This order still waits for money. Cancel it: that gives back what has come. Nothing is owed."
        )
    refuse_changed(expected_remaining, remaining, order.currency)
    if remaining <= 0:
        raise Refusal("not_refundable", "There is no money here that could be refunded.")
    shares = _shares(order, parts, pieces=pieces, amount=amount, line=line, shipping=shipping)
    whole = sum((share.total for share in shares), ZERO)
    if whole <= 0:
        raise Refusal("nothing_to_refund", "Choose what goes back: pieces, shipping or a sum.")
    refuse_too_much(whole, remaining, order.currency)
    goods_left = left(parts, shipping=False) - sum((share.goods for share in shares), ZERO)
    if order.state in NOT_YET_SENT and goods_left <= 0:
        raise Refusal(
            "cancel_instead",
            "The goods of this order have not left. Cancel the order: that gives all the money back and keeps them.",
        )
    is_for_two = by is not None and needs_second_person(bills, whole)
    refunds = _write(order, payments, parts, shares, by=by, reason=reason)
    if not is_for_two:
        for refund in refunds:
            release_refund(refund, by=by)
    return refunds


def refund_order(order: Order, **told: Any) -> list[Refund]:
    """Decide a refund as `refund_lines` does, and have the provider send it at once. Not inside a transaction."""
    return [send_refund(refund) for refund in refund_lines(order, **told)]


def give_back_everything(order: Order, bills: Sequence[Bill], *, by: Any, reason: str) -> Decimal:
    """Give back what has settled a locked order that is off; return the sum, in the order's currency.

    A provider sends it without a second person, for it goes where it came from. What staff send by hand above the limit
    two must decide, and disputed money is only listed: the bank holds it.
    """
    payments = [
        payment
        for payment in Payment.objects.select_for_update().filter(bill__in=bills, applied_amount__gt=0).order_by("pk")
        if settled_left(payment) > 0
    ]
    held = [payment for payment in payments if payment.disputes.holding().exists()]
    for payment in held:
        open_break(payment, kind=Break.Kind.TO_GIVE_BACK, amount=settled_left(payment), reason=reason)
    free = [payment for payment in payments if payment not in held]
    whole = sum((settled_left(payment) for payment in free), ZERO)
    owed = whole + sum((settled_left(payment) for payment in held), ZERO)
    if whole > 0:
        parts = parts_of(order)
        shares = by_amount(parts, whole, order.currency, shipping=True)
        is_for_two = needs_second_person(bills, whole)
        for refund in _write(order, free, parts, shares, by=by, reason=reason):
            if not (refund.by_hand and is_for_two):
                release_refund(refund, by=by)
        nudge("payments.poll_refunds")
    return owed


def _lock(order: Order) -> tuple[Order, list[Bill], list[Payment]]:
    """Lock the order's bills, their payments, then the order itself, as the lock order says."""
    ids = list(Bill.objects.filter(order_bill__order_id=order.pk).values_list("pk", flat=True))
    bills = list(Bill.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    payments = list(Payment.objects.select_for_update().filter(bill__in=ids, applied_amount__gt=0).order_by("pk"))
    return Order.objects.select_for_update().get(pk=order.pk), bills, payments


def _shares(
    order: Order,
    parts: Sequence[Part],
    *,
    pieces: Mapping[int, int] | None,
    amount: Decimal | None,
    line: int | None,
    shipping: bool,
) -> list[Share]:
    """Return what goes back for each line."""
    if amount is not None:
        refuse_impossible(amount, order.currency)
        among = [part for part in parts if line in (None, part.key)]
        if not among:
            raise Refusal("line_unknown", "This line is not in this order.", line=line)
        refuse_too_much(amount, amount_left(order, among, shipping=shipping), order.currency)
        shared = by_amount(among, amount, order.currency, shipping=shipping)
        found = {part.key: share for part, share in zip(among, shared, strict=True)}
        return [found.get(part.key, Share()) for part in parts]
    known = {part.key: part for part in parts}
    for key, count in (pieces or {}).items():
        if key not in known:
            raise Refusal("line_unknown", "This line is not in this order.", line=key)
        if count < 0:
            raise Refusal("amount_impossible", "Enter how many pieces go back, zero or more.", line=key)
        if count > known[key].quantity_left:
            some = known[key].quantity_left
            raise Refusal("too_many", f"At most {some} of this line can still go back.", line=key, left=some)
    return by_quantity(parts, pieces or {}, order.currency, shipping=shipping)


def _write(
    order: Order, payments: Sequence[Payment], parts: Sequence[Part], shares: Sequence[Share], *, by: Any, reason: str
) -> list[Refund]:
    """Write the refunds and which line has which part of each."""
    whole = sum((share.total for share in shares), ZERO)
    among = share_among_payments(payments, whole)
    if sum((sum_ for _, sum_ in among), ZERO) != whole:
        raise Refusal("too_much", "The payments of this order hold less than that.", remaining=money_left(order))
    rows = divide(parts, shares, [sum_ for _, sum_ in among], order.currency)
    refunds = []
    for (payment, sum_), row in zip(among, rows, strict=True):
        refund = write_refund(payment, amount=sum_, by=by, reason=reason)
        RefundLine.objects.bulk_create(
            RefundLine(
                refund=refund,
                line_id=part.key,
                quantity=share.quantity,
                net=share.net,
                tax=share.tax,
                shipping=share.shipping,
            )
            for part, share in zip(parts, row, strict=True)
            if share.total or share.quantity
        )
        refunds.append(refund)
    words = amount_text(whole, order.currency)
    order.record(kind="refund_asked_for", by=by, reason=reason, amount=words, refunds=[row.key for row in refunds])
    return refunds
