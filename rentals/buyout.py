"""Own it now: the price that is promised, the bill for it, and what holds meanwhile."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core import clock
from core.codes import public_code
from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from payments.billing import open_bill
from payments.flow import BillState
from rentals.asking import refuse_while_being_paid
from rentals.bookkeeping import locked, read_lease
from rentals.models import Agreement, BuyoutQuote, Collection, CollectionPart
from rentals.rules import lease as rules
from rentals.rules.buyout import make_quote
from rentals.rules.lease import Lease
from rentals.steps import take_step

# A payment page lives 35 minutes: a payment begun now is over before the price is.
TIME_TO_PAY = timedelta(minutes=40)


@atomic_retry
def quote_buyout(agreement: Agreement, *, by: Any) -> BuyoutQuote:
    """Promise the price of owning the machine now; one that still holds is returned again.

    Raises Conflict("cannot_buy_out") and Refusal("nothing_to_buy_out").
    """
    row = locked(agreement)
    lease = read_lease(row)
    _refuse_unless_buyable(lease)
    now = clock.now()
    for known in row.quotes.filter(ledger_seq=row.ledger_seq, expires_at__gt=now).order_by("-pk"):
        if known.bill_id is None or known.bill.state == BillState.OPEN:
            return known
    quote = make_quote(lease.account, now)
    price = quote.price
    stored = BuyoutQuote.objects.create(
        code=public_code(),
        agreement=row,
        ledger_seq=quote.ledger_seq,
        basis=price.basis,
        due_unpaid=price.due_unpaid,
        future_unpaid=price.future_unpaid,
        rent_part=price.rent_part,
        charges=price.charges,
        amount=price.amount,
        waived=price.waived,
        made_at=quote.made_at,
        expires_at=quote.expires_at,
    )
    row.record(kind="buyout_quoted", by=by, quote=stored.code, amount=price.amount)
    return stored


@atomic_retry
def start_buyout(quote: BuyoutQuote, *, by: Any) -> Collection | None:
    """Open the bill over a quoted price and return its collection (rentals.paying.pay_collection takes the money).

    While its payment is under way nothing is charged and no fee grows. A price of nothing (same as cash, all of it
    paid) needs no bill: the machine is bought at once, and None is returned. Raises Refusal("not_your_agreement"),
    Conflict "quote_stale", "quote_ends_soon", "cannot_buy_out" and "payment_is_checked".
    """
    row = locked(quote.agreement)
    if by is None or (row.customer_id != by.pk and not by.is_staff):
        raise Refusal("not_your_agreement", "Only the person who rents it can buy it out.")
    quote = BuyoutQuote.objects.select_related("bill").get(pk=quote.pk)
    _refuse_unless_buyable(read_lease(row))
    refuse_stale(quote, row)
    refuse_while_being_paid([row], but=quote.bill)
    if quote.bill is not None:
        return quote.bill.collection
    if not quote.amount:
        take_step(row, lambda lease: rules.buy_out(lease, amount=Decimal(0), payment="", at=clock.now()), by=by)
        return None
    bill = open_bill(
        amount=quote.amount,
        currency=row.currency,
        payer=row.customer,
        payer_email=row.customer.email,
        due_at=quote.expires_at,
    )
    collection = Collection.objects.create(bill=bill, purpose=Collection.Purpose.BUYOUT)
    CollectionPart.objects.create(collection=collection, agreement=row, amount=quote.amount)
    quote.bill = bill
    quote.save(update_fields=["bill"])
    row.record(kind="buyout_begun", by=by, quote=quote.code, bill=bill.code, amount=quote.amount)
    return collection


def refuse_stale(quote: BuyoutQuote, row: Agreement) -> None:
    """Raise Conflict "quote_stale" or "quote_ends_soon" unless a payment for the quote can arrive before it ends."""
    now = clock.now()
    if quote.ledger_seq != row.ledger_seq or now >= quote.expires_at:
        raise Conflict("quote_stale", "This price no longer holds. Look at today's price.", quote=quote.code)
    if quote.amount and now > quote.expires_at - TIME_TO_PAY:
        raise Conflict(
            "quote_ends_soon",
            "This price ends before a payment could arrive. Please ask for a new one in a little while.",
            expires_at=quote.expires_at.isoformat(),
        )


def _refuse_unless_buyable(lease: Lease) -> None:
    if not lease.may_charge:
        raise Conflict(
            "cannot_buy_out",
            f"This agreement is {lease.state.label.lower()}; the machine cannot be bought out now."
            if not lease.disputed
            else "A payment is disputed at the bank; the machine can be bought out once that is decided.",
            state=str(lease.state),
        )
