"""Customers pay when they like: what is due, a part, ahead, for several agreements at once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core import clock
from core.db import atomic_retry
from core.money import ZERO, is_exact
from core.refusals import Conflict, Refusal
from payments.billing import being_checked, may_still_take_money, open_bill, start_payment, void_bill
from payments.collecting import check, collect, give_up, live_attempt
from payments.flow import LIVE, BillState, PaymentState
from payments.models import Bill, Payment
from payments.providers.registry import is_offered
from rentals.asking import refuse_while_being_paid
from rentals.bookkeeping import read_leases
from rentals.buyout import refuse_stale
from rentals.flow import RUNNING, AgreementState
from rentals.links import payment_link
from rentals.models import Agreement, Collection, CollectionPart
from rentals.rules.lease import Lease
from rentals.rules.schedule import local_day
from rentals.settlement import split_over

S = AgreementState
METHODS = (Payment.Method.CARD, Payment.Method.KHQR, Payment.Method.KHQR_RIEL)
# Nothing is asked for before the order is paid, nor after an agreement has come to its end.
PAYABLE = RUNNING | {S.CONFIRMED, S.SHIPPED, S.RETURN_PENDING, S.RETURNED, S.LOST}


def ways_to_pay() -> list[Payment.Method]:
    """Return how rent can be paid: by providers whose settings are complete, never by hand."""
    return [method for method in METHODS if is_offered(method)]


@atomic_retry
def open_collection(agreements: Sequence[Agreement], *, amount: Decimal, by: Any) -> Collection:
    """Open a bill over `amount` for one or more agreements of one customer; `pay_collection` takes the money.

    The money pays what is due of all of them, then charges, then rent to come; more than is owed is kept as credit.
    The same wish again returns the same collection. Raises Refusal "amount_impossible", "nothing_chosen",
    "not_your_agreement", "currencies_differ" and Conflict "nothing_to_pay", "payment_is_checked".
    """
    keys = sorted({agreement.pk for agreement in agreements})
    if not keys:
        raise Refusal("nothing_chosen", "Choose the agreements that you want to pay for.")
    rows = list(Agreement.objects.select_for_update().filter(pk__in=keys).select_related(None).order_by("pk"))
    _refuse_strangers(rows, by)
    first = rows[0]
    if not is_exact(amount, first.currency) or amount <= 0:
        raise Refusal("amount_impossible", "Enter an amount above zero, in whole cents.", amount=amount)
    leases = read_leases(rows)
    payable = [row for row in rows if row.state in PAYABLE and leases[row.pk].account.cost_to_finish]
    if len(payable) != len(rows):
        code = next(row.code for row in rows if row not in payable)
        raise Conflict("nothing_to_pay", f"Nothing is owed on agreement {code}.", agreement=code)
    refuse_while_being_paid(rows)
    shares = split_over([(row.pk, _ranks(leases[row.pk])) for row in _longest_due_first(rows, leases)], amount)
    known = _same_wish(shares)
    if known is not None:
        return known
    customer = first.customer
    bill = open_bill(
        amount=amount, currency=first.currency, payer=customer, payer_email=customer.email, due_at=clock.now()
    )
    collection = Collection.objects.create(bill=bill, purpose=Collection.Purpose.RENT)
    CollectionPart.objects.bulk_create(
        CollectionPart(collection=collection, agreement_id=key, amount=share) for key, share in shares.items()
    )
    for row in rows:
        row.record(kind="payment_opened", by=by, bill=bill.code, amount=amount)
    return collection


def pay_collection(collection: Collection, *, method: str, by: Any, saves_method: bool = False) -> Payment:
    """Begin to pay a collection by `method`, or go on with it; return the attempt as the provider's answer leaves it.

    `saves_method` keeps the card for later charges, with its owner's consent. Raises Refusal
    "payment_method_not_available", "not_your_agreement", Conflict "nothing_to_pay", "amount_changed", "quote_stale",
    "quote_ends_soon" and "payment_is_checked".
    """
    if method not in ways_to_pay():
        raise Refusal("payment_method_not_available", "This way of paying is not available.")
    _refuse_strangers([part.agreement for part in collection.parts.select_related("agreement")], by)
    bill = collection.bill
    _end_what_stands_in_the_way(bill, method=method, by=by)
    told = {
        "return_url": payment_link(collection, "paid"),
        "cancel_url": payment_link(collection),
        "description": _description(collection),
        "saves_method": saves_method and method == Payment.Method.CARD,
    }
    if not _begin(collection, method=method, by=by, **told):
        raise Conflict("amount_changed", "What is due has changed meanwhile. Look again at what is to be paid.")
    return collect(bill, method=method, by=by, **told)


def _end_what_stands_in_the_way(bill: Bill, *, method: str, by: Any) -> None:
    """End a live attempt by another method, or one whose page is over, before the locks are taken."""
    live = live_attempt(bill)
    if live is None or not may_still_take_money(live):
        return
    is_over = live.expires_at is not None and live.expires_at <= clock.now()
    live = give_up(live, by=by) if live.method != method or is_over else check(live)
    if live.state in LIVE and (live.method != method or live.state == PaymentState.CHECKING):
        raise being_checked(live)


@atomic_retry
def _begin(collection: Collection, *, method: str, by: Any, **told: Any) -> bool:
    """Write the attempt under the agreements' locks, so that the clock does not charge a card in the same moment.

    False: an automatic bill no longer asks for what is owed, and is void now.
    """
    bill = Bill.objects.select_for_update().get(pk=collection.bill_id)
    keys = collection.parts.values("agreement")
    rows = list(Agreement.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    if bill.state != BillState.OPEN:
        raise Conflict("nothing_to_pay", f"This bill is {bill.get_state_display().lower()}.", state=bill.state)
    refuse_while_being_paid(rows, but=bill)
    if collection.purpose == Collection.Purpose.BUYOUT:
        refuse_stale(bill.buyout_quote, rows[0])
    if collection.is_automatic and not is_still_right(collection, bill, rows[0]):
        drop(collection, by=by)
        return False
    start_payment(bill, method=method, by=by, **told)
    return True


def is_still_right(collection: Collection, bill: Bill, agreement: Agreement) -> bool:
    """Tell whether an automatic bill asks for exactly what is unpaid of its instalment."""
    part = collection.parts.select_related("instalment").get()
    lease = read_leases([agreement])[agreement.pk]
    paid = sum(bill.payments.values_list("applied_amount", flat=True), ZERO)
    return lease.account.debt_of(part.instalment.number).outstanding == bill.amount - paid


def drop(collection: Collection, *, by: Any, reason: str = "something else is owed now") -> None:
    """Void an automatic bill that nobody is paying, so that the period can be asked for anew. The bill is locked."""
    void_bill(collection.bill, by=by, reason=reason)
    collection.parts.update(once_key=None)


def _refuse_strangers(rows: Sequence[Agreement], by: Any) -> None:
    if by is None or (not by.is_staff and any(row.customer_id != by.pk for row in rows)):
        raise Refusal("not_your_agreement", "Only the person who rents it can pay here.")
    if len({row.customer_id for row in rows}) > 1:
        raise Refusal("not_your_agreement", "One payment is for the agreements of one person.")
    if len({row.currency for row in rows}) > 1:
        raise Refusal("currencies_differ", "These agreements are in different currencies; pay them one by one.")


def _ranks(lease: Lease) -> list[Decimal]:
    account = lease.account
    due = account.rent_due(local_day(clock.now(), account.terms.policy.zone))
    return [due, account.charges_outstanding, account.rent_outstanding - due]


def _longest_due_first(rows: list[Agreement], leases: dict[int, Lease]) -> list[Agreement]:
    def unpaid_since(row: Agreement) -> Any:
        account = leases[row.pk].account
        return min((due.due for due in account.dues if account.debt_of(due.number).outstanding), default=row.anchor)

    return sorted(rows, key=lambda row: (unpaid_since(row), row.pk))


def _same_wish(shares: dict[int, Decimal]) -> Collection | None:
    """Return an open collection by hand with exactly these parts: a button pressed twice opens one bill."""
    opened = Collection.objects.open().filter(
        is_automatic=False, purpose=Collection.Purpose.RENT, parts__agreement__in=shares, bill__payments=None
    )
    for collection in opened.distinct().order_by("-pk")[:10]:
        if dict(collection.parts.values_list("agreement", "amount")) == shares:
            return collection
    return None


def _description(collection: Collection) -> str:
    codes = ", ".join(collection.parts.values_list("agreement__code", flat=True))
    words = "Buy-out of agreement" if collection.purpose == Collection.Purpose.BUYOUT else "Rent for agreement"
    return f"{words} {codes}"[:200]
