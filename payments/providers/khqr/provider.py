"""KHQR as a provider: a code made on this machine, and questions to Bakong whether it was paid.

Bakong has neither messages to us nor refunds nor a way to take a code back: the shop asks until long after a code has
ended, and gives money back by hand. Facts: Bakong Open API 1.0.2, KHQR Guideline 1.2.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils.timezone import localtime

from core import clock
from core.refusals import Refusal
from payments.providers.khqr import config, rates
from payments.providers.khqr.answers import Answer, Outcome
from payments.providers.khqr.decoding import decode
from payments.providers.khqr.encoding import encode, transaction_key
from payments.providers.khqr.tags import KhqrError
from payments.providers.port import (
    Attempt,
    Captured,
    Mismatch,
    Pending,
    Prepared,
    Provider,
    Result,
    Unknown,
)

CURRENCY_OF = {"khqr": "USD", "khqr_riel": "KHR"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# A code that lives longer is more likely to be paid after its order is gone.
LIFE = timedelta(minutes=10)
# While the customer holds the telephone, then while a slow bank may still deliver, then for money that comes late. The
# page looks every 2 s, so that it says "paid" within 5 s.
CLOSE_WATCH, CLOSE_STEP = timedelta(minutes=5), timedelta(seconds=3)
WATCH_AFTER_END, STEP = timedelta(minutes=15), timedelta(seconds=15)
LATE_LOOKS = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))
# Bakong's tokens live 90 days, and a new one is asked for by e-mail.
TOKEN_WARNING = timedelta(days=15)
# What staff must act on: a refused token stops all checks, and an answer in another form may hide money.
ALARMS = {Outcome.UNAUTHORIZED, Outcome.MALFORMED}


class KhqrProvider(Provider):
    """Payments to the shop's Bakong account, in dollars ("khqr") or in riel at the rate of the day ("khqr_riel")."""

    name = "khqr"
    methods = tuple(CURRENCY_OF)
    at_once = 50
    can_close = False

    def is_configured(self, method: str) -> bool:
        """Tell whether there are an account, a token that has not ended, and a price in this currency."""
        ends = config.token_expires_at()
        is_known = config.payee() is not None and config.has_token() and (ends is None or ends > clock.now())
        return is_known and _rate(settings.SHOP_CURRENCY, CURRENCY_OF[method]) is not None

    def prepare(self, attempt: Attempt) -> Prepared:
        """Return the attempt's code and its key. Raises Refusal("khqr_unavailable") without an account or a rate.

        The code bears the attempt's own key as bill number, so no two attempts have the same code, nor the same key.
        """
        payee = config.payee()
        currency = CURRENCY_OF[attempt.method]
        rate = _rate(attempt.currency, currency)
        if payee is None or rate is None:
            raise Refusal("khqr_unavailable", "You cannot pay by KHQR at the moment. Please choose another way to pay.")
        amount = attempt.amount if currency == attempt.currency else rates.in_riel(attempt.amount, rate.rate)
        created_ms = (clock.now() - EPOCH) // MILLISECOND
        expires_ms = created_ms + LIFE // MILLISECOND
        try:
            qr = encode(
                replace(
                    payee.code(),
                    currency=currency,
                    amount=amount,
                    bill_number=attempt.key.replace(":", "-"),
                    created_ms=created_ms,
                    expires_ms=expires_ms,
                )
            )
        except KhqrError as error:
            raise Refusal("khqr_unavailable", "This sum cannot be paid by KHQR.", why=str(error)) from error
        moved = {"charge_amount": amount, "charge_currency": currency, "rate": rate.rate}
        return Prepared(
            expires_at=EPOCH + expires_ms * MILLISECOND,
            provider_id=transaction_key(qr),
            data={
                "qr": qr,
                "payee": f"{payee.merchant_name}, {payee.merchant_city}",
                **({"rate_source": rate.source} if rate.source else {}),
            },
            **(moved if currency != attempt.currency else {}),
        )

    def start(self, attempt: Attempt) -> Result:
        """Ask for a link that opens the banking app. The code can be paid without it, and without Bakong's answer."""
        if "deep_link" in attempt.data:
            return Pending(provider_id=attempt.provider_id)
        link = config.client().deep_link(
            attempt.data["qr"],
            shop=settings.SHOP_NAME,
            icon_url=f"{settings.SITE_URL}/favicon.ico",
            return_url=attempt.return_url,
        )
        return Pending(provider_id=attempt.provider_id, data={"deep_link": link} if link else {})

    def refresh(self, attempt: Attempt) -> Result:
        """Ask Bakong what became of the code."""
        return result_of(attempt, config.client().check(attempt.provider_id))

    def refresh_many(self, attempts: Sequence[Attempt]) -> dict[str, Result]:
        """Ask what became of many codes, 50 with one call."""
        answers = config.client().check_many([attempt.provider_id for attempt in attempts])
        return {attempt.key: result_of(attempt, answers[attempt.provider_id]) for attempt in attempts}

    def close(self, attempt: Attempt) -> Result:
        """Look once more; `Pending` when nobody has paid. Nothing can be taken back at Bakong.

        Who has the code on a telephone can pay it until it ends. Such money is found like any late money, because
        `next_poll` goes on whatever became of the attempt.
        """
        return self.refresh(attempt)

    def next_poll(self, attempt: Attempt, *, polls: int, now: datetime) -> datetime | None:
        """Return when to ask again: soon while somebody may pay, seldom for late money, never after three days."""
        began = attempt.asked_at or attempt.started_at
        ends = attempt.expires_at or began + LIFE
        if now < began + CLOSE_WATCH:
            return now + CLOSE_STEP
        if now < ends + WATCH_AFTER_END:
            return now + STEP
        return next((ends + later for later in LATE_LOOKS if ends + later > now), None)

    def alarms(self, now: datetime) -> Sequence[str]:
        """Say that the token ends soon: without one Bakong answers nothing, and nobody knows who has paid."""
        ends = config.token_expires_at()
        if not config.has_token() or ends is None or ends - now > TOKEN_WARNING:
            return ()
        verb = "has ended" if ends <= now else "ends"
        return (f"The Bakong token {verb} on {localtime(ends):%-d %B %Y, %H:%M}: ask for a new one (BAKONG_TOKEN).",)


def result_of(attempt: Attempt, answer: Answer) -> Result:
    """Return what Bakong's answer means for an attempt: only the whole sum, in its currency, to its account, pays it.

    Whether the transaction has paid another attempt before is known to the shop's tables alone (Payment.capture_id).
    """
    if answer.outcome is Outcome.NOT_FOUND:
        return Pending(provider_id=attempt.provider_id)
    if answer.outcome is Outcome.FAILED:
        # Another try with the same code can succeed until it ends.
        return Pending(provider_id=attempt.provider_id, failure_code="bakong_failed")
    paid = answer.transaction
    if answer.outcome is not Outcome.PAID or paid is None:
        said = f"Bakong: {answer.outcome.value} {answer.reason}".strip()
        return Unknown(reason=said, is_alarm=answer.outcome in ALARMS)
    account_id = decode(attempt.data["qr"]).account_id
    pairs = {
        "currency": (attempt.currency, paid.currency),
        "amount": (attempt.amount, paid.amount),
        "account": (account_id, paid.account_id),
    }
    wrong = [f"{name} {told} instead of {asked}" for name, (asked, told) in pairs.items() if asked != told]
    if wrong:
        return Mismatch(capture_id=paid.hash, reason=", ".join(wrong), amount=paid.amount, currency=paid.currency)
    return Captured(capture_id=paid.hash, amount=paid.amount, currency=paid.currency, provider_id=attempt.provider_id)


def _rate(shown: str, asked: str) -> rates.Rate | None:
    """Return the price of one `shown` in `asked`; None when the shop does not know it."""
    if shown == asked:
        return rates.Rate(rate=Decimal(1), source="", entered_at=clock.now())
    return rates.fresh_rate() if (shown, asked) == ("USD", "KHR") else None
