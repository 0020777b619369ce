"""Each night: does a provider's own book of the day say the same as ours? Each difference becomes a Break.

Both ways: money that only the provider knows, and money that only we believe in. What can be healed by asking (a
capture nobody told us of, a failed refund) is healed first and not listed. A day without a row in ComparedDay was not
compared; it is tried again every hour, and after a day somebody is told.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import structlog
from django.db.models import Q
from django.utils import timezone

from core import clock
from core.money import amount_text
from core.refusals import Refusal
from payments.attempts import attempt_of, refund_order_of
from payments.collecting import check
from payments.disputing import record_dispute
from payments.finalising import finalise
from payments.flow import LIVE, PaymentState, RefundState
from payments.models import Break, ComparedDay, Dispute, Payment, Refund
from payments.providers.port import Captured, Mismatch, Movement, Provider, Refunded, RefundPending, Unknown
from payments.providers.registry import PROVIDERS, provider_named
from payments.refunding import send_refund
from payments.settling import LONGEST_KEY, TIME_TO_RESOLVE, open_break

log = structlog.get_logger(__name__)
# How far back days are caught up: providers list about thirty days.
CAUGHT_UP = timedelta(days=28)
# A day that was not compared so long after its end is an alarm.
ALARM_AFTER = timedelta(hours=26)
CLOCKS_DIFFER = timedelta(minutes=10)
# Money may reach a code that has ended; the poller gives up after three days, the comparison after a week.
STILL_ASKED = timedelta(days=7)


def compare_missing_days() -> int:
    """Compare every day that is over and was not compared yet, the oldest first. Returns how many it compared.

    A provider that does not answer is asked again in an hour; the other ones are compared all the same.
    """
    compared, now = 0, clock.now()
    for name in _configured():
        for day in _days_without_row(name, now):
            try:
                compare_day(name, day)
            except Refusal as refusal:
                log.warning("day_not_compared", provider=name, day=day.isoformat(), code=refusal.code, **refusal.facts)
                break
            compared += 1
    for words in alarms(now):
        log.error("payments_need_staff", reason=words)
    return compared


def alarms(now: datetime) -> list[str]:
    """Return, in words for staff, which days nobody has compared in time and what providers need soon."""
    words: list[str] = []
    for name in _configured():
        late = [day for day in _days_without_row(name, now) if now - _bounds(day)[1] > ALARM_AFTER]
        words += [f"{day:%-d %B %Y} was not compared with {name}." for day in late]
    for name in PROVIDERS:
        words += provider_named(name).alarms(now)
    return words


def compare_day(name: str, day: date) -> ComparedDay:
    """Compare one day of the shop with the books of provider `name`; doing it again finds the same once.

    Raises Refusal("day_not_over") and Refusal("provider_silent", reason).
    """
    start, end = _bounds(day)
    now = clock.now()
    if end > now:
        raise Refusal("day_not_over", "A day can be compared when it is over.")
    provider = provider_named(name)
    if provider.lists_movements:
        movements, found = _compare_books(provider, start, end, now)
        asked = 0
    else:
        movements = 0
        asked, found = _ask_again(provider, end)
    row, _ = ComparedDay.objects.update_or_create(
        provider=name,
        day=day,
        defaults={"compared_at": now, "movements": movements, "asked_again": asked, "differences": found},
    )
    return row


def _configured() -> list[str]:
    providers = [provider_named(name) for name in PROVIDERS]
    return [one.name for one in providers if any(one.is_configured(method) for method in one.methods)]


def _days_without_row(name: str, now: datetime) -> list[date]:
    """Return the days that are over and were not compared, from the provider's first payment on, the oldest first."""
    first = Payment.objects.filter(provider=name).order_by("pk").values_list("started_at", flat=True).first()
    if first is None:
        return []
    zone = timezone.get_default_timezone()
    today = timezone.localdate(now, zone)
    day = max(timezone.localdate(first, zone), today - CAUGHT_UP)
    done = set(ComparedDay.objects.filter(provider=name, day__gte=day).values_list("day", flat=True))
    return [one for one in (day + timedelta(days=n) for n in range((today - day).days)) if one not in done]


def _bounds(day: date) -> tuple[datetime, datetime]:
    """Return when a day of the shop begins and ends."""
    zone = timezone.get_default_timezone()
    return (
        timezone.make_aware(datetime.combine(day, time.min), zone),
        timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min), zone),
    )


def _silent(provider: Provider, answer: Unknown) -> Refusal:
    """Return the refusal of a comparison that cannot be finished now."""
    return Refusal("provider_silent", f"{provider.name} does not answer now. Try again later.", reason=answer.reason)


# --- A provider with books ------------------------------------------------------------------------------------------


def _compare_books(provider: Provider, start: datetime, end: datetime, now: datetime) -> tuple[int, int]:
    """Return how many movements the provider's books have, and how many differences there are."""
    during = {"captured_at__gte": start, "captured_at__lt": end}
    captured = list(Payment.objects.select_related("bill", "saved_method").filter(provider=provider.name, **during))
    refunded = list(
        Refund.objects.select_related("payment__bill").filter(
            payment__provider=provider.name,
            by_hand=False,
            state=RefundState.DONE,
            finished_at__gte=start,
            finished_at__lt=end,
        )
    )
    begun = [start, *(one.started_at for one in captured), *(one.requested_at for one in refunded)]
    listed = provider.movements(max(min(begun), start - CAUGHT_UP) - CLOCKS_DIFFER, now + CLOCKS_DIFFER)
    if isinstance(listed, Unknown):
        raise _silent(provider, listed)
    found = sum(1 for _ in _differences_there(provider, listed))
    found += sum(1 for _ in _differences_here(provider, captured, refunded, listed))
    return len(listed), found


def _differences_there(provider: Provider, listed: Sequence[Movement]) -> Iterator[Break]:
    """Yield what the provider's books say and ours do not."""
    failed = {one.source_id for one in listed if one.kind == "refund_failed"}
    for one in listed:
        if one.kind == "capture":
            difference = _compare_capture(provider, one)
        elif one.kind == "refund":
            difference = _compare_refund(provider, one, has_failed=one.source_id in failed)
        elif one.kind == "dispute":
            difference = _compare_dispute(provider, one)
        else:
            continue
        if difference is not None:
            yield difference


def _compare_capture(provider: Provider, moved: Movement) -> Break | None:
    payment = _capture_on_record(provider.name, moved)
    if payment is not None and payment.capture_id == moved.capture_id:
        ours = (payment.captured_amount, payment.currency)
        if ours == (moved.amount, moved.currency):
            return None
        words = f"{amount_text(*ours)} is on record for {moved.capture_id}; {provider.name} says"
        return _list(provider, Break.Kind.AMOUNT_DIFFERS, moved, words, payment=payment, name=moved.capture_id)
    standing = Break.objects.filter(provider=provider.name, provider_id=moved.capture_id).first()
    if standing is not None:
        return standing if standing.resolved_at is None else None
    words = f"{moved.capture_id} is not on record here:"
    return _list(provider, Break.Kind.MISSING_HERE, moved, words, payment=payment, name=moved.capture_id)


def _capture_on_record(name: str, moved: Movement) -> Payment | None:
    """Return the payment that has this money; one that has not heard of it is asked about first."""
    known = Payment.objects.select_related("bill", "saved_method").filter(provider=name)
    payment = known.filter(capture_id=moved.capture_id).first()
    if payment is None and moved.key:
        payment = known.filter(key=moved.key).first()
        if payment is not None and payment.state != PaymentState.CAPTURED:
            check(payment)
            payment.refresh_from_db()
    return payment


def _compare_refund(provider: Provider, moved: Movement, *, has_failed: bool) -> Break | None:
    ours = Refund.objects.select_related("payment__bill").filter(payment__provider=provider.name)
    refund = ours.filter(Q(provider_id=moved.source_id) | Q(key=moved.key or None)).first()
    if refund is None:
        payment = Payment.objects.filter(provider=provider.name, capture_id=moved.capture_id).first()
        words = f"Refund {moved.source_id} was not made here:"
        return _list(provider, Break.Kind.REVERSED, moved, words, payment=payment, name=moved.source_id)
    is_open = RefundState(refund.state) in {RefundState.REQUESTED, RefundState.PENDING}
    if is_open or (has_failed and refund.state == RefundState.DONE):
        # What was on its way may have arrived, and what had arrived may have come back since.
        refund = send_refund(refund, final_too=True)
    if refund.by_hand:
        if has_failed:
            return None
        words = f"Refund {refund.key} was sent by hand here, and {provider.name} has sent it too:"
        return _list(provider, Break.Kind.REVERSED, moved, words, payment=refund.payment, name=moved.source_id)
    if (refund.state == RefundState.FAILED) != has_failed:
        kind = Break.Kind.MISSING_THERE if has_failed else Break.Kind.REVERSED
        words = f"Refund {refund.key} is {refund.get_state_display().lower()} here, at {provider.name} it is not:"
        return _list(provider, kind, moved, words, payment=refund.payment, name=moved.source_id)
    if (refund.charge_amount, refund.charge_currency) != (moved.amount, moved.currency):
        words = f"Refund {refund.key} is {amount_text(refund.charge_amount, refund.charge_currency)} here:"
        return _list(provider, Break.Kind.AMOUNT_DIFFERS, moved, words, payment=refund.payment, name=moved.source_id)
    return None


def _compare_dispute(provider: Provider, moved: Movement) -> Break | None:
    if Dispute.objects.filter(dispute_id=moved.source_id).exists():
        return None
    payment = Payment.objects.filter(provider=provider.name, capture_id=moved.capture_id).first()
    if payment is None:
        words = f"Dispute {moved.source_id} is about money that is not on record here:"
        return _list(provider, Break.Kind.REVERSED, moved, words, payment=None, name=moved.source_id)
    facts = provider.dispute(moved.source_id)
    if isinstance(facts, Unknown):
        raise _silent(provider, facts)
    record_dispute(payment, facts)
    return None


def _differences_here(
    provider: Provider, captured: Sequence[Payment], refunded: Sequence[Refund], listed: Sequence[Movement]
) -> Iterator[Break]:
    """Yield what our rows say and the provider does not, after asking it about each."""
    captures = {one.capture_id for one in listed if one.kind == "capture"}
    for payment in captured:
        if payment.capture_id in captures or _was_booked_by_hand(payment):
            continue
        answer = provider.refresh(attempt_of(payment))
        if isinstance(answer, Unknown) and not answer.is_missing:
            raise _silent(provider, answer)
        if not isinstance(answer, Captured) or answer.capture_id != payment.capture_id:
            words = f"{payment.capture_id} is on record here, and {provider.name} does not know it."
            yield open_break(
                payment,
                kind=Break.Kind.MISSING_THERE,
                amount=payment.captured_amount,
                reason=words,
                provider_id=payment.capture_id or "",
            )
    refunds = {one.source_id for one in listed if one.kind == "refund"}
    for refund in refunded:
        if refund.provider_id in refunds:
            continue
        told = provider.refresh_refund(refund_order_of(refund))
        if isinstance(told, Unknown) and not told.is_missing:
            raise _silent(provider, told)
        if not isinstance(told, Refunded | RefundPending) or told.provider_id != refund.provider_id:
            words = f"Refund {refund.key} is done here, and {provider.name} does not know it."
            yield open_break(
                refund.payment,
                kind=Break.Kind.MISSING_THERE,
                amount=refund.amount,
                reason=words,
                provider_id=refund.provider_id or refund.key,
            )


def _was_booked_by_hand(payment: Payment) -> bool:
    """Tell whether staff booked money for this payment that had been found in the provider's books before."""
    return Break.objects.filter(provider=payment.provider, provider_id=payment.capture_id).exists()


def _list(
    provider: Provider, kind: str, moved: Movement, words: str, *, payment: Payment | None, name: str
) -> Break | None:
    """Open a difference about a movement; None when it was resolved before."""
    reason = f"{words} {amount_text(moved.amount, moved.currency)}"
    if payment is not None:
        difference = open_break(
            payment, kind=kind, amount=moved.amount, currency=moved.currency, reason=reason, provider_id=name
        )
    else:
        difference = open_break_at(provider.name, kind, moved.amount, moved.currency, reason=reason, name=name)
    return difference if difference.resolved_at is None else None


def open_break_at(provider: str, kind: str, amount: Decimal, currency: str, *, reason: str, name: str) -> Break:
    """Put money on the worklist that belongs to no payment of ours; `name` is the provider's."""
    difference, _ = Break.objects.get_or_create(
        key=f"{provider}:{kind}:{name}"[:LONGEST_KEY],
        defaults={
            "kind": kind,
            "provider": provider,
            "provider_id": name,
            "amount": amount,
            "currency": currency,
            "reason": reason[:300],
            "due_at": clock.now() + TIME_TO_RESOLVE,
        },
    )
    return difference


# --- A provider without books ---------------------------------------------------------------------------------------


def _ask_again(provider: Provider, end: datetime) -> tuple[int, int]:
    """Ask about every attempt that ended within the last days without money; return how many, and how many had some."""
    waiting = list(
        Payment.objects.select_related("bill", "saved_method")
        .filter(provider=provider.name, asked_at__isnull=False, expires_at__gte=end - STILL_ASKED, expires_at__lt=end)
        .exclude(state__in=[PaymentState.CAPTURED, *LIVE])
        .exclude(breaks__kind=Break.Kind.MISMATCH)
        .order_by("pk")
    )
    found = 0
    for first in range(0, len(waiting), provider.at_once):
        part = waiting[first : first + provider.at_once]
        answers = provider.refresh_many([attempt_of(payment) for payment in part])
        silent = next((answer for answer in answers.values() if isinstance(answer, Unknown)), None)
        for payment in part:
            answer = answers[payment.key]
            if isinstance(answer, Captured | Mismatch):
                finalise(payment, answer)
                found += 1
        if silent is not None:
            raise _silent(provider, silent)
    return len(waiting), found
