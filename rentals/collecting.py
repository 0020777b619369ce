"""Rent is collected on its day: saved cards are charged, everybody else gets a link. Each period once, never early.

What is decided is committed under the agreement's lock before a provider is asked, so a second run, a parallel one or
one after a crash finds it. A period has one open bill at most; its attempts bear the keys "<bill>:<n>".
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef

from core import clock
from core.db import atomic_retry
from core.refusals import Refusal
from payments.billing import open_bill, start_payment
from payments.collecting import charge_saved
from payments.flow import BillState
from payments.models import Bill, Payment, SavedMethod
from rentals.asking import live_attempts
from rentals.bookkeeping import locked, read_lease
from rentals.flow import RUNNING
from rentals.models import Agreement, Collection, CollectionPart, Instalment
from rentals.paying import drop, is_still_right
from rentals.rules.arrears import Step, steps
from rentals.rules.lease import Lease, to_collect
from rentals.rules.schedule import local_day
from rentals.telling import NEEDS_CUSTOMER, conclude, send_link

log = structlog.get_logger(__name__)
AT_ONCE = 200
# Somewhere on Earth it is tomorrow already; the agreement's own zone decides.
AHEAD = timedelta(hours=14)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Charge:
    """A card that must be charged now: the attempt is written, the provider not yet asked."""

    collection: Collection
    card: SavedMethod


def bill_rentals(*, as_of: datetime | None = None, progress: Progress | None = None) -> Counter[str]:
    """Collect all rent that is due at `as_of` (now), each agreement in its own transactions; return what was done.

    The counts: "charged", "declined", "unknown" (charges by their outcome), "links" sent, "failed" (an error, logged;
    the next run tries again). Raises Refusal("as_of_in_future") unless this is a development shop.
    """
    at = checked_instant(as_of)
    waiting = _to_bill(at)
    done: Counter[str] = Counter()
    for number, key in enumerate(waiting, start=1):
        try:
            done.update(collect_rent(key, at=at))
        except Exception:
            # One agreement's trouble must not keep the others' rent from being collected.
            log.exception("rent_not_collected", agreement=key)
            done["failed"] += 1
        if progress is not None:
            progress(number, len(waiting))
    return done


def checked_instant(as_of: datetime | None) -> datetime:
    """Return the instant for which the clock is to be let come. Raises Refusal("as_of_in_future")."""
    now = clock.now()
    if as_of is not None and as_of > now and not settings.DEBUG:
        raise Refusal("as_of_in_future", "Rent is never collected early: this instant has not come.", now=str(now))
    return as_of or now


def collect_rent(agreement_id: int, *, at: datetime) -> Counter[str]:
    """Collect what one agreement has due at `at`; return what was done. Asks the provider outside every transaction."""
    charges, done = _intend(agreement_id, at)
    for charge in charges:
        done[_charge(charge)] += 1
    return done


def resume_charges() -> int:
    """Take up charges that a crash has cut off, and tell customers what became of theirs. Returns how many.

    Charges whose provider was asked are asked about by payments.polling; those never asked are begun again here, under
    the same key.
    """
    begun_before = clock.now() - timedelta(seconds=30)
    waiting = Collection.objects.filter(waits_for_answer=True).select_related("bill")
    resumed = 0
    for collection in waiting.order_by("pk").iterator(chunk_size=AT_ONCE):
        live = Payment.objects.filter(live_bill=collection.bill_id).select_related("saved_method").first()
        try:
            if live is None:
                conclude(collection)
            elif live.asked_at is None and live.saved_method is not None and live.started_at < begun_before:
                _charge(Charge(collection, live.saved_method))
            else:
                continue
        except Exception:
            log.exception("charge_not_resumed", bill=collection.bill.code)
            continue
        resumed += 1
    return resumed


def close_paid_bills() -> int:
    """Void automatic bills whose rent came another way: nobody pays by an old link. Returns how many."""
    over = Collection.objects.open().filter(
        is_automatic=True, bill__live_payment__isnull=True, parts__instalment__settled=True
    )
    closed = 0
    for key in over.order_by("pk").values_list("pk", flat=True):
        try:
            closed += _close_if_paid(key)
        except Exception:
            # The clock goes on for everybody else.
            log.exception("paid_bill_not_closed", collection=key)
    return closed


@atomic_retry
def _close_if_paid(collection_id: int) -> int:
    collection = Collection.objects.get(pk=collection_id)
    bill = Bill.objects.select_for_update().get(pk=collection.bill_id)
    row = locked(collection.parts.select_related("agreement").get().agreement)
    is_being_paid = Payment.objects.filter(live_bill=bill).exists()
    if bill.state != BillState.OPEN or is_being_paid or is_still_right(collection, bill, row):
        return 0
    drop(collection, by=None, reason="the rent came another way")
    return 1


def _to_bill(at: datetime) -> list[int]:
    """Return the running agreements, by id, that have rent due and have not been looked at on that day."""
    latest = (at + AHEAD).date()
    seen = CollectionPart.objects.filter(
        instalment=OuterRef("pk"), once_key__isnull=False, collection__looked_on__gte=clock.day_of(at)
    )
    due = Instalment.objects.due_by(latest).filter(~Exists(seen), agreement__state__in=RUNNING, on_hold=False)
    return list(due.order_by("agreement_id").values_list("agreement_id", flat=True).distinct())


@atomic_retry
def _intend(agreement_id: int, at: datetime) -> tuple[list[Charge], Counter[str]]:
    """Decide and commit what is collected now: bills, attempts of cards, letters with links."""
    found = Collection.objects.filter(parts__agreement=agreement_id, parts__once_key__isnull=False)
    bills = {
        bill.pk: bill
        for bill in Bill.objects.select_for_update().filter(pk__in=found.values("bill"), state="open").order_by("pk")
    }
    row = locked(Agreement(pk=agreement_id))
    lease = read_lease(row)
    day = local_day(at, lease.account.terms.policy.zone)
    nothing: Counter[str] = Counter()
    collections = _open_collections(row)
    if live_attempts([row]) or any(collection.bill_id not in bills for collection in collections.values()):
        # Somebody is paying, or another worker is at it.
        return [], nothing
    for number, collection in list(collections.items()):
        if not is_still_right(collection, bills[collection.bill_id], row):
            drop(collections.pop(number), by=None)
    charges, card = [], _card_of(row)
    for number in to_collect(lease, day):
        planned = _planned(lease, number, day)
        if planned is None:
            continue
        collection = collections.get(number) or _open(row, lease, number, day)
        is_due = collection.looked_on is None or collection.looked_on < planned
        collection.looked_on = day
        if is_due and card is not None and _may_charge(collection, card):
            collection.waits_for_answer = True
            start_payment(
                collection.bill,
                method=Payment.Method.CARD,
                by=None,
                description=_description(row),
                saved_method=card,
            )
            charges.append(Charge(collection, card))
        elif is_due:
            send_link(collection, row, on=planned)
            nothing["links"] += 1
        collection.save(update_fields=["looked_on", "waits_for_answer"])
    return charges, nothing


def _open_collections(agreement: Agreement) -> dict[int, Collection]:
    """Return the agreement's open automatic collections by the number of their instalment."""
    parts = CollectionPart.objects.filter(
        agreement=agreement, once_key__isnull=False, collection__bill__state="open"
    ).select_related("collection__bill", "instalment")
    return {part.instalment.number: part.collection for part in parts if part.instalment is not None}


def _planned(lease: Lease, number: int, day: date) -> date | None:
    """Return the last day, up to `day`, on which the instalment is to be charged; None when none has come."""
    planned = steps(lease.account.due_of(number), lease.account.terms.policy)
    return max((on for on, step in planned if step is Step.CHARGE and on <= day), default=None)


def _open(agreement: Agreement, lease: Lease, number: int, day: date) -> Collection:
    """Open the one bill for this period. The key of its part is unique: of two workers one succeeds.

    An earlier bill whose money went to older rent, as the order of allocation says, gives its key back.
    """
    once_key = f"{agreement.pk}:{number}:{Collection.Purpose.RENT}"
    CollectionPart.objects.filter(once_key=once_key).exclude(collection__bill__state=BillState.OPEN).update(
        once_key=None
    )
    instalment = agreement.instalments.get(number=number)
    amount = lease.account.debt_of(number).outstanding
    bill = open_bill(
        amount=amount,
        currency=agreement.currency,
        payer=agreement.customer,
        payer_email=agreement.customer.email,
        due_at=None,
    )
    collection = Collection.objects.create(bill=bill, purpose=Collection.Purpose.RENT, is_automatic=True, begun_on=day)
    CollectionPart.objects.create(
        collection=collection,
        agreement=agreement,
        instalment=instalment,
        amount=amount,
        once_key=once_key,
    )
    return collection


def _card_of(agreement: Agreement) -> SavedMethod | None:
    """Return the card to charge: the one that its owner chose for later charges, else the newest."""
    return SavedMethod.objects.of_person(agreement.customer_id).first()


def has_card(agreement: Agreement) -> bool:
    """Tell whether rent is charged to a saved card."""
    return _card_of(agreement) is not None


def _may_charge(collection: Collection, card: SavedMethod) -> bool:
    """Tell whether this card may be tried: not after the bank has said a final no to it, or wants its owner."""
    if not collection.stopped_by:
        return True
    last = collection.bill.payments.order_by("-pk").first()
    return last is None or (last.saved_method_id != card.pk and collection.stopped_by not in NEEDS_CUSTOMER)


def _charge(charge: Charge) -> str:
    """Ask the provider and act on the answer; return how it went."""
    collection = charge.collection
    part = collection.parts.select_related("agreement").get()
    payment = charge_saved(collection.bill, card=charge.card, by=None, description=_description(part.agreement))
    if payment.live_bill_id is not None:
        return "unknown"
    conclude(collection)
    return "charged" if payment.state == "captured" else "declined"


def _description(agreement: Agreement) -> str:
    return f"Rent for agreement {agreement.code}"
