"""Does every agreement say what its ledger says, and has all rent found its ledger?"""

from collections.abc import Iterator

from django.db.models import Count, DecimalField, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from backoffice.auditing import Check, Offence
from core.money import MONEY_DIGITS, ZERO
from payments.flow import BillState
from payments.models import Payment
from rentals.bookkeeping import read_leases
from rentals.flow import ENDED, OWNED, RUNNING
from rentals.models import Agreement, Collection, Instalment, LedgerEntry
from rentals.rules.arrears import standing
from rentals.rules.lease import Lease
from rentals.rules.ledger import Kind, LedgerBroken

AT_ONCE = 500
MONEY = DecimalField(**MONEY_DIGITS)


def agreements_say_what_their_ledger_says() -> Iterator[Offence]:
    """Every agreement is worked out again from its entries: sums, balances, dates, state and ownership agree."""
    for some in _in_parts():
        try:
            leases = read_leases(some)
        except LedgerBroken:
            # One of these cannot be booked again: find out which.
            for agreement in some:
                yield from _alone(agreement)
            continue
        marks = _marks(some)
        for agreement in some:
            yield from _compare(agreement, leases[agreement.pk], marks[agreement.pk])


def _marks(agreements: list[Agreement]) -> dict[int, dict[int, bool]]:
    """Return what is marked settled, by agreement and number."""
    marks: dict[int, dict[int, bool]] = {agreement.pk: {} for agreement in agreements}
    rows = Instalment.objects.filter(agreement__in=agreements).values_list("agreement", "number", "settled")
    for key, number, settled in rows:
        marks[key][number] = settled
    return marks


def _in_parts() -> Iterator[list[Agreement]]:
    last = 0
    while some := list(Agreement.objects.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield some
        last = some[-1].pk


def _alone(agreement: Agreement) -> Iterator[Offence]:
    try:
        yield from _compare(agreement, read_leases([agreement])[agreement.pk], _marks([agreement])[agreement.pk])
    except LedgerBroken as broken:
        yield Offence("agreements_say_what_their_ledger_says", agreement.code, f"cannot be booked again: {broken}")


def _compare(agreement: Agreement, lease: Lease, marks: dict[int, bool]) -> Iterator[Offence]:
    account = lease.account
    numbers = [entry.seq for entry in account.entries]
    late = agreement.looked_on
    wrong = {
        "instalments do not make the total": account.terms.total != agreement.total,
        "entries are not numbered without gaps": numbers != list(range(1, len(numbers) + 1)),
        "the number of the last entry differs": account.ledger_seq != agreement.ledger_seq,
        "the refund that is due differs": account.refund_due != agreement.refund_due,
        "a balance is below zero": not all(
            part.is_sound for part in [*account.debts.values(), *account.purses.values()]
        ),
        "it is owned and something is owed": lease.state in OWNED and bool(account.cost_to_finish),
        "it has ended and keeps credit": lease.state in ENDED and bool(account.credit),
        "its state is not that of its ledger": lease.state in RUNNING
        and not lease.disputed
        and late is not None
        and lease.state not in ("defaulted", standing(account, late)),
    }
    for words, is_wrong in wrong.items():
        if is_wrong:
            yield Offence("agreements_say_what_their_ledger_says", agreement.code, words)
    for number, settled in marks.items():
        if settled != (account.debt_of(number).outstanding == ZERO):
            words = f"payment {number} is marked {'settled' if settled else 'open'}"
            yield Offence("agreements_say_what_their_ledger_says", agreement.code, words)


def rent_is_in_the_ledger() -> Iterator[Offence]:
    """What a payment settled of a bill for rent is in the ledgers, to the cent."""
    booked = (
        LedgerEntry.objects.filter(payment=OuterRef("key"), kind=Kind.RECEIVED.value)
        .order_by()
        .values("payment")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    rent = Payment.objects.filter(bill__collection__isnull=False).annotate(
        booked=Coalesce(Subquery(booked, output_field=MONEY), Value(ZERO, output_field=MONEY))
    )
    for payment in rent.exclude(applied_amount=F("booked")).iterator():
        words = f"{payment.applied_amount} applied, {payment.booked} in the ledgers"
        yield Offence("rent_is_in_the_ledger", payment.key, words)


def each_period_is_collected_once() -> Iterator[Offence]:
    """The clock has taken each period's rent once (again only when a bank took it back), from nobody who left."""
    taken = Q(collection_parts__collection__is_automatic=True) & Q(
        collection_parts__collection__bill__state=BillState.SETTLED
    )
    often = Instalment.objects.annotate(times=Count("collection_parts", filter=taken)).filter(times__gt=1)
    for row in often.exclude(agreement__entries__kind=Kind.REVERSED.value).select_related("agreement").iterator():
        words = f"payment {row.number} was taken {row.times} times"
        yield Offence("each_period_is_collected_once", row.agreement.code, words)
    charged = Collection.objects.filter(
        is_automatic=True, bill__live_payment__isnull=False, parts__agreement__state__in=ENDED
    )
    for collection in charged.select_related("bill").iterator():
        yield Offence("each_period_is_collected_once", collection.bill.code, "is charged after the end")


RENT_CHECKS: tuple[Check, ...] = (
    agreements_say_what_their_ledger_says,
    rent_is_in_the_ledger,
    each_period_is_collected_once,
)
