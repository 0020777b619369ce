"""Who is being asked for money right now: nobody is asked twice for the same rent at the same time."""

from collections.abc import Iterable

from django.db.models import Q

from payments.billing import being_checked, is_unbooked, may_still_take_money
from payments.models import Bill, Payment
from rentals.models import Agreement


def live_attempts(agreements: Iterable[Agreement]) -> list[Payment]:
    """Return the attempts that may still pay anything for these agreements, and money that came and is not booked."""
    bills = Bill.objects.filter(collection__parts__agreement__in=list(agreements)).values("pk")
    found = Payment.objects.filter(Q(live_bill__in=bills) | Q(bill__in=bills, state="captured", claimed_at=None))
    attempts = found.select_related("bill").order_by("pk")
    return [attempt for attempt in attempts if attempt.live_bill_id is not None or is_unbooked(attempt)]


def refuse_while_being_paid(agreements: Iterable[Agreement], *, but: Bill | None = None) -> None:
    """Raise Conflict("payment_is_checked") while a provider may take money for one of the locked agreements.

    An attempt for the bill `but` does not count: paying goes on there.
    """
    for attempt in live_attempts(agreements):
        # A charge of a saved card is on its way from the moment that it is written down, asked or not.
        is_coming = may_still_take_money(attempt) or attempt.saved_method_id is not None or is_unbooked(attempt)
        if is_coming and (but is None or attempt.bill_id != but.pk):
            raise being_checked(attempt)
