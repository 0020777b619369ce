"""Bills and the attempts to pay them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from core import clock
from core.codes import public_code
from core.db import atomic_retry
from core.flows import move
from core.money import ZERO, is_exact
from core.nudge import nudge
from core.refusals import Conflict, Refusal
from core.timeline import event_values
from payments.attempts import attempt_of
from payments.flow import BillState, PaymentState
from payments.models import Bill, BillEvent, Payment, SavedMethod
from payments.providers.registry import PROVIDER_OF, is_remote, provider_named


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

    A `method` of the shop's own starts the first attempt to pay it at once, unless there is nothing to pay; that of a
    provider starts when the payer comes to pay. A `withheld_reason` keeps the bill from being paid until somebody opens
    it. Raises Refusal("amount_impossible").
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
    if method and not is_remote(PROVIDER_OF[method]) and amount and not withheld_reason:
        events.append(_new_attempt(bill, number=1, amount=amount, method=method, by=payer)[1])
    BillEvent.objects.bulk_create(BillEvent(bill=bill, **values) for values in events)
    return bill


@atomic_retry
def start_payment(
    bill: Bill,
    *,
    method: str,
    by: Any,
    return_url: str = "",
    cancel_url: str = "",
    description: str = "",
    saved_method: SavedMethod | None = None,
    saves_method: bool = False,
) -> Payment:
    """Begin an attempt to pay what is left of `bill` by `method`; a live attempt by the same method is returned again.

    Another method closes the live attempt first, unless a provider may still take money for it. Writes only: providers
    are asked after the commit (payments.collecting). `description` and the addresses are what the payer is shown and
    where the provider's page leads. Raises Refusal("bill_withheld"), Conflict("bill_not_open"),
    Conflict("payment_is_checked"), also while money that has come is not booked.
    """
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if bill.state == BillState.WITHHELD:
        raise Refusal("bill_withheld", "This bill can be paid once the agreement is signed.", why=bill.withheld_reason)
    if bill.state != BillState.OPEN:
        raise Conflict("bill_not_open", f"This bill is {bill.get_state_display().lower()}.", state=bill.state)
    attempts = list(Payment.objects.select_for_update().filter(bill=bill).order_by("pk"))
    unbooked = next((attempt for attempt in attempts if is_unbooked(attempt)), None)
    if unbooked is not None:
        # The money is here and has not found its purpose yet: to ask for more would be to charge twice.
        raise being_checked(unbooked)
    live = next((attempt for attempt in attempts if attempt.live_bill_id is not None), None)
    if live is not None:
        wanted = (method, saved_method.pk if saved_method else None, saves_method)
        if (live.method, live.saved_method_id, live.saves_method) == wanted:
            return live
        if may_still_take_money(live):
            raise being_checked(live)
        close_attempt(live, by=by, reason="another way of paying was chosen")
    left = bill.amount - sum((attempt.applied_amount for attempt in attempts), ZERO)
    told = {"description": description, "return_url": return_url, "cancel_url": cancel_url}
    payment, event = _new_attempt(
        bill,
        number=len(attempts) + 1,
        amount=left,
        method=method,
        by=by,
        data={name: value for name, value in told.items() if value},
        saved_method=saved_method,
        saves_method=saves_method,
    )
    BillEvent.objects.create(bill=bill, **event)
    return payment


@atomic_retry
def start_late_payment(bill: Bill, *, method: str, by: Any) -> Payment:
    """Write an attempt for money that has come by hand for a bill that asks for none any more. It is never live."""
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    payment, event = _new_attempt(
        bill, number=bill.payments.count() + 1, amount=bill.amount, method=method, by=by, is_live=False
    )
    BillEvent.objects.create(bill=bill, **event)
    return payment


def may_still_take_money(payment: Payment) -> bool:
    """Tell whether a provider has been asked for this live attempt, so that only the provider can end it."""
    return payment.live_bill_id is not None and is_remote(payment.provider) and payment.asked_at is not None


def is_unbooked(payment: Payment) -> bool:
    """Tell whether money has come by this attempt that found no purpose yet, and that nobody has dealt with."""
    if payment.state != PaymentState.CAPTURED or payment.claimed_at is not None:
        return False
    return not payment.breaks.filter(kind="claim_failed", resolved_at__isnull=False).exists()


def being_checked(payment: Payment) -> Conflict:
    """Return the refusal of a second payment while nobody knows how the first one stands."""
    return Conflict(
        "payment_is_checked",
        "We are checking your last payment. Please wait a moment; you need not pay again.",
        payment=payment.key,
    )


def _new_attempt(
    bill: Bill,
    *,
    number: int,
    amount: Decimal,
    method: str,
    by: Any,
    data: dict[str, Any] | None = None,
    saved_method: SavedMethod | None = None,
    saves_method: bool = False,
    is_live: bool = True,
) -> tuple[Payment, dict[str, Any]]:
    """Write the attempt with all that its provider makes beforehand; return it with the values of its timeline row."""
    payment = Payment(
        bill=bill,
        live_bill=bill if is_live else None,
        key=f"{bill.code}:{number}",
        provider=PROVIDER_OF[method],
        method=method,
        amount=amount,
        currency=bill.currency,
        data=data or {},
        saved_method=saved_method,
        saves_method=saves_method,
    )
    if is_remote(payment.provider):
        _prepare(payment)
    payment.save(force_insert=True)
    return payment, event_values(kind="payment_started", by=by, payment=payment.key, method=method, amount=amount)


def _prepare(payment: Payment) -> None:
    """Let the provider fix what its calls will say, so that a repeated call says the same."""
    if payment.saves_method and payment.bill.payer_id is not None:
        kept = SavedMethod.objects.filter(user_id=payment.bill.payer_id, provider=payment.provider).first()
        if kept is not None:
            payment.data |= {"customer_id": kept.customer_id}
    prepared = provider_named(payment.provider).prepare(attempt_of(payment))
    payment.expires_at = prepared.expires_at
    payment.provider_id = prepared.provider_id or None
    payment.data = {**payment.data, **prepared.data}
    if prepared.charge_currency:
        payment.charge_amount = prepared.charge_amount
        payment.charge_currency = prepared.charge_currency
        payment.rate = prepared.rate


def close_attempt(payment: Payment, *, by: Any, reason: str) -> None:
    """Give a locked live attempt up. The caller holds the locks of bill and payment.

    A provider that was asked is told so as soon as possible (payments.polling), and asked whether money was faster.
    """
    changes: dict[str, Any] = {"live_bill": None}
    if is_remote(payment.provider) and payment.asked_at is not None:
        changes["next_poll_at"] = clock.now()
        nudge("payments.poll_payments")
    move(payment, PaymentState.CLOSED, by=by, reason=reason, changes=changes)


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
