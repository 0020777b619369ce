"""Who is being asked for money right now: nobody is asked twice for the same rent at the same time."""

from collections.abc import Iterable

from payments.billing import being_checked, may_still_take_money
from payments.models import Bill, Payment
from rentals.models import Agreement


def live_attempts(agreements: Iterable[Agreement]) -> list[Payment]:
    """Return the attempts that may still pay anything for these agreements (first payments with the order included)."""
    bills = Bill.objects.filter(collection__parts__agreement__in=list(agreements)).values("pk")
    return list(Payment.objects.filter(live_bill__in=bills).select_related("bill").order_by("pk"))


def refuse_while_being_paid(agreements: Iterable[Agreement], *, but: Bill | None = None) -> None:
    """Raise Conflict("payment_is_checked") while a provider may take money for one of the locked agreements.

    An attempt for the bill `but` does not count: paying goes on there.
    """
    for attempt in live_attempts(agreements):
        if may_still_take_money(attempt) and (but is None or attempt.bill_id != but.pk):
            raise being_checked(attempt)
