"""Do refunds and their shares add up, and is each proved by somebody?"""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import DecimalField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from backoffice.auditing import Check, Offence
from core.money import MONEY_DIGITS, ZERO
from orders.models import Order, OrderBill, RefundLine
from orders.refund_parts import parts_from
from payments.flow import RefundState
from payments.models import Payment, Refund

MONEY = DecimalField(**MONEY_DIGITS)
NOTHING = Value(Decimal(0), output_field=MONEY)
HAVE = "payments_give_back_what_they_have"


def refunds_name_their_lines() -> Iterator[Offence]:
    """The shares of a refund of an order add up to it. (One that a listed difference asked for has none.)"""
    of_an_order = Exists(OrderBill.objects.filter(bill=OuterRef("payment__bill")))
    refunds = Refund.objects.filter(of_an_order, from_surplus=False, difference=None).prefetch_related("lines")
    for refund in refunds.iterator(chunk_size=500):
        shared = sum((share.total for share in refund.lines.all()), ZERO)
        if shared != refund.amount:
            yield Offence("refunds_name_their_lines", refund.key, f"{refund.amount} go back, lines say {shared}")


def lines_give_back_what_was_paid() -> Iterator[Offence]:
    """No line gives more back than was paid for it: of its goods, their tax, its shipping, or in pieces."""
    refunded = RefundLine.objects.standing().order_by().values("line__order")
    standing = Prefetch("lines__refund_lines", RefundLine.objects.standing())
    for order in Order.objects.filter(pk__in=refunded).prefetch_related(standing).iterator(chunk_size=500):
        lines = sorted(order.lines.all(), key=lambda line: line.position)
        for part in parts_from(order, lines, [share for line in lines for share in line.refund_lines.all()]):
            paid, gone = part.paid, part.gone
            pairs = ((gone.net, paid.net), (gone.tax, paid.tax), (gone.shipping, paid.shipping))
            if any(back > came for back, came in pairs) or gone.quantity > paid.quantity:
                words = f"line {part.key}: paid {paid}, goes back {gone}"
                yield Offence("lines_give_back_what_was_paid", order.code, words)


def payments_give_back_what_they_have() -> Iterator[Offence]:
    """What goes back of a bill never exceeds what settled it, and never moves more than was moved."""
    of_bill = _sum_of(Refund.objects.standing().filter(from_surplus=False, difference=None), "amount")
    moved = _sum_of(Refund.objects.standing(), "charge_amount")
    payments = Payment.objects.filter(refunds__isnull=False).distinct().annotate(of_bill=of_bill, moved=moved)
    for payment in payments.iterator():
        came = payment.captured_amount if payment.charge_amount is None else payment.charge_amount
        if payment.of_bill > payment.applied_amount:
            yield Offence(HAVE, payment.key, f"{payment.applied_amount} settled its bill, {payment.of_bill} goes back")
        if payment.moved > came:
            yield Offence(HAVE, payment.key, f"{came} moved, {payment.moved} move back")


def hand_made_refunds_are_proved() -> Iterator[Offence]:
    """A refund sent by hand is done by somebody, with a reference; and nobody approves their own."""
    done = Refund.objects.filter(by_hand=True, state=RefundState.DONE)
    for refund in done.filter(Q(reference=None) | Q(finished_by=None)).iterator():
        yield Offence("hand_made_refunds_are_proved", refund.key, "is done without a reference or a person")
    for refund in Refund.objects.filter(approved_by__isnull=False, approved_by=F("requested_by")).iterator():
        yield Offence("hand_made_refunds_are_proved", refund.key, f"was asked for and approved by {refund.approved_by}")


def _sum_of(refunds: QuerySet, column: str) -> Coalesce:
    rows = refunds.filter(payment=OuterRef("pk")).order_by().values("payment").annotate(total=Sum(column))
    return Coalesce(Subquery(rows.values("total"), output_field=MONEY), NOTHING)


CHECKS: tuple[Check, ...] = (
    refunds_name_their_lines,
    lines_give_back_what_was_paid,
    payments_give_back_what_they_have,
    hand_made_refunds_are_proved,
)
