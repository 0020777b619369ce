"""Does every sum add up, and has all the money found its purpose?"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from backoffice.auditing import Check, Offence
from backoffice.auditing.rent import RENT_CHECKS
from core import clock
from core.money import MONEY_DIGITS
from notifications.flow import EmailState
from notifications.models import Email
from orders.flow import OrderState
from orders.models import Order, OrderBill, OrderLine
from orders.paying import CONFIRMED_WHEN_PLACED
from payments.flow import LIVE, BillState, PaymentState, RefundState
from payments.models import Bill, Break, Payment, ProviderEvent, Refund

SETTLING_MAY_LAG = timedelta(seconds=60)
ASKING_MAY_LAG = timedelta(minutes=5)
LETTERS_MAY_LAG = timedelta(seconds=60)
MONEY = DecimalField(**MONEY_DIGITS)
NOTHING = Value(Decimal(0), output_field=MONEY)
ON_THEIR_WAY = [OrderState.CONFIRMED, OrderState.PACKING, OrderState.SHIPPED, OrderState.DELIVERED]


def _total_of(rows: QuerySet, key: str, amount: str) -> Coalesce:
    """Return the sum of `amount` over the rows whose `key` is the outer row."""
    sums = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(total=Sum(amount)).values("total")
    return Coalesce(Subquery(sums, output_field=MONEY), NOTHING)


def orders_add_up() -> Iterator[Offence]:
    """What the lines ask for now makes the goods total of the order. (Its total is guarded by a constraint.)"""
    due = _total_of(OrderLine.objects, "order", "due_now")
    for order in Order.objects.annotate(due=due).exclude(due=F("goods_total")).iterator():
        yield Offence("orders_add_up", order.code, f"lines make {order.due}, the order says {order.goods_total}")


def bills_ask_for_what_was_ordered() -> Iterator[Offence]:
    """The bills of an order ask for its total, no more and no less."""
    billed = _total_of(OrderBill.objects, "order", "bill__amount")
    for order in Order.objects.annotate(billed=billed).exclude(billed=F("total")).iterator():
        yield Offence("bills_ask_for_what_was_ordered", order.code, f"costs {order.total}, billed are {order.billed}")


def bills_are_paid_by_payments() -> Iterator[Offence]:
    """A bill is settled exactly when the money applied to it is its amount."""
    for bill in Bill.objects.with_paid().exclude(state=BillState.SETTLED, paid=F("amount")).iterator():
        if bill.state == BillState.SETTLED or bill.paid > bill.amount:
            yield Offence("bills_are_paid_by_payments", bill.code, f"is {bill.state}: {bill.paid} of {bill.amount}")
        elif bill.paid == bill.amount and bill.amount > 0:
            yield Offence("bills_are_paid_by_payments", bill.code, f"is {bill.state} although it is paid")


def money_finds_its_purpose() -> Iterator[Offence]:
    """A minute after it came, money is applied, or somebody has been told that it is not."""
    waiting = Payment.objects.unclaimed(clock.now() - SETTLING_MAY_LAG).filter(breaks=None)
    for payment in waiting.iterator():
        yield Offence("money_finds_its_purpose", payment.key, f"{payment.captured_amount} wait for a purpose")
    unexplained = (
        Payment.objects.filter(state=PaymentState.CAPTURED, claimed_at__isnull=False)
        .annotate(
            surplus=_total_of(
                Break.objects.filter(kind__in=[Break.Kind.SURPLUS, Break.Kind.UNCLAIMED]), "payment", "amount"
            )
        )
        .exclude(captured_amount=F("applied_amount") + F("surplus"))
    )
    for payment in unexplained.iterator():
        words = f"{payment.captured_amount} came, {payment.applied_amount} applied, {payment.surplus} listed"
        yield Offence("money_finds_its_purpose", payment.key, words)


def refunds_stay_within_captures() -> Iterator[Offence]:
    """Never goes more back than came in."""
    back = _total_of(Refund.objects.exclude(state=RefundState.FAILED), "payment", "amount")
    for payment in Payment.objects.annotate(back=back).filter(back__gt=F("captured_amount")).iterator():
        words = f"{payment.captured_amount} came, {payment.back} goes back"
        yield Offence("refunds_stay_within_captures", payment.key, words)


def open_questions_are_asked() -> Iterator[Offence]:
    """Whatever a provider may still decide is asked about in time, and no message of a provider lies forgotten."""
    late = clock.now() - ASKING_MAY_LAG
    for model, states in ((Payment, LIVE), (Refund, (RefundState.REQUESTED, RefundState.PENDING))):
        asked = model.objects.filter(asked_at__isnull=False)
        forgotten = Q(state__in=states, next_poll_at=None) | Q(next_poll_at__lt=late)
        for row in asked.filter(forgotten).iterator():
            yield Offence("open_questions_are_asked", row.key, f"is {row.state}, to be asked at {row.next_poll_at}")
    for event in ProviderEvent.objects.filter(processed_at=None, next_try_at__lt=late).iterator():
        yield Offence("open_questions_are_asked", event.event_id, f"{event.kind} waits since {event.received_at}")


def nothing_leaves_unpaid() -> Iterator[Offence]:
    """An order on its way is paid, unless it is paid at the door or at the counter."""
    open_bill = Q(order_bills__bill__state__in=[BillState.OPEN, BillState.WITHHELD], order_bills__bill__amount__gt=0)
    unpaid = Order.objects.filter(open_bill, state__in=ON_THEIR_WAY).exclude(payment_method__in=CONFIRMED_WHEN_PLACED)
    for order in unpaid.distinct().iterator():
        yield Offence("nothing_leaves_unpaid", order.code, f"is {order.state} and not paid")


def letters_leave_in_time() -> Iterator[Offence]:
    """No letter that could be sent waits longer than a minute."""
    late = Email.objects.filter(state=EmailState.QUEUED, tries=0, due_at__lt=clock.now() - LETTERS_MAY_LAG)
    for letter in late.iterator():
        yield Offence("letters_leave_in_time", f"letter {letter.pk}", f"{letter.kind} waits since {letter.due_at}")


CHECKS: tuple[Check, ...] = (
    orders_add_up,
    bills_ask_for_what_was_ordered,
    bills_are_paid_by_payments,
    money_finds_its_purpose,
    refunds_stay_within_captures,
    open_questions_are_asked,
    nothing_leaves_unpaid,
    letters_leave_in_time,
    *RENT_CHECKS,
)
