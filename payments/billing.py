"""Bills and the attempts to pay them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from core import clock
from core.codes import public_code
from core.db import atomic_retry
from core.flows import move
from core.money import ZERO, is_exact
from core.refusals import Conflict, Refusal
from core.timeline import event_values
from payments.flow import BillState, PaymentState
from payments.models import Bill, BillEvent, Payment
from payments.providers.registry import PROVIDER_OF


@atomic_retry
def open_bill(
    *,
    amount: Decimal,
    currency: str,
    payer: Any,
    payer_email: str,
    due_at: datetime | None,
    method: str = "",
    withheld_reason: str = "",
) -> Bill:
    """Write a bill over `amount` (whole quanta of `currency`), due at `due_at` (UTC).

    A `method` starts the first attempt to pay it at once, unless there is nothing to pay. A `withheld_reason` keeps the
    bill from being paid until somebody opens it. Raises Refusal("amount_impossible").
    """
    if not is_exact(amount, currency) or amount < 0:
        raise Refusal(
            "amount_impossible", "A bill's amount is zero or more, in whole units of its currency.", amount=amount
        )
    bill = Bill.objects.create(
        code=public_code(),
        payer=payer if payer is not None and payer.is_authenticated else None,
        payer_email=payer_email,
        amount=amount,
        currency=currency,
        due_at=due_at,
        state=BillState.WITHHELD if withheld_reason else BillState.OPEN,
        withheld_reason=withheld_reason,
    )
    events = [event_values(kind=bill.state, by=payer, amount=amount, reason=withheld_reason)]
    if method and amount and not withheld_reason:
        events.append(_new_attempt(bill, number=1, amount=amount, method=method, by=payer)[1])
    BillEvent.objects.bulk_create(BillEvent(bill=bill, **values) for values in events)
    return bill


@atomic_retry
def start_payment(bill: Bill, *, method: str, by: Any) -> Payment:
    """Begin an attempt to pay what is left of `bill` by `method`; a live attempt by the same method is returned again.

    Another method closes the live attempt first. Raises Refusal("bill_withheld"), Conflict("bill_not_open").
    """
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if bill.state == BillState.WITHHELD:
        raise Refusal("bill_withheld", "This bill can be paid once the agreement is signed.", why=bill.withheld_reason)
    if bill.state != BillState.OPEN:
        raise Conflict("bill_not_open", f"This bill is {bill.get_state_display().lower()}.", state=bill.state)
    attempts = list(Payment.objects.select_for_update().filter(bill=bill).order_by("pk"))
    live = next((attempt for attempt in attempts if attempt.live_bill_id is not None), None)
    if live is not None:
        if live.method == method:
            return live
        close_attempt(live, by=by, reason="another way of paying was chosen")
    left = bill.amount - sum((attempt.applied_amount for attempt in attempts), ZERO)
    payment, event = _new_attempt(bill, number=len(attempts) + 1, amount=left, method=method, by=by)
    BillEvent.objects.create(bill=bill, **event)
    return payment


def _new_attempt(bill: Bill, *, number: int, amount: Decimal, method: str, by: Any) -> tuple[Payment, dict[str, Any]]:
    """Write the attempt; return it with the values of its timeline row."""
    payment = Payment.objects.create(
        bill=bill,
        live_bill=bill,
        key=f"{bill.code}:{number}",
        provider=PROVIDER_OF[method],
        method=method,
        amount=amount,
        currency=bill.currency,
    )
    return payment, event_values(kind="payment_started", by=by, payment=payment.key, method=method, amount=amount)


def close_attempt(payment: Payment, *, by: Any, reason: str) -> None:
    """End a locked pending attempt that brought no money. The caller holds the locks of bill and payment."""
    move(payment, PaymentState.CLOSED, by=by, reason=reason, changes={"live_bill": None})


@atomic_retry
def void_bill(bill: Bill, *, by: Any, reason: str) -> None:
    """Declare that nothing is owed any more and close the live attempt. A settled bill stays settled."""
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    for payment in Payment.objects.select_for_update().filter(live_bill=bill).order_by("pk"):
        close_attempt(payment, by=by, reason=reason)
    if bill.state in (BillState.OPEN, BillState.WITHHELD):
        move(bill, BillState.VOID, by=by, reason=reason)


@atomic_retry
def reopen_bill(bill: Bill, *, by: Any, reason: str) -> None:
    """Make a void bill payable again, for late money that revives its order. Raises Conflict("wrong_state")."""
    move(Bill.objects.select_for_update().get(pk=bill.pk), BillState.OPEN, by=by, reason=reason)


def mark_settled(bill: Bill, *, by: Any, reason: str = "") -> None:
    """Close a locked bill as paid. The caller holds its lock."""
    move(bill, BillState.SETTLED, by=by, reason=reason, changes={"settled_at": clock.now()})
