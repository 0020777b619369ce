"""The price of a dollar in riel, entered by staff. An old one is not used: the shop would sell at yesterday's price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from core import clock
from core.money import round_up
from core.refusals import Refusal
from core.shop_settings import save_shop_settings, shop_settings

SETTING = "riel_rate"
OLDEST_RATE = timedelta(days=7)
# A slipped digit must not sell a laptop for a tenth. The official rate has been near 4,000 since 1999.
LOWEST_RATE, HIGHEST_RATE = Decimal(3000), Decimal(6000)
SMALLEST_STEP = Decimal("0.0001")
SOURCE_LENGTH = 80


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many riel a dollar costs, who says so, and since when (UTC)."""

    rate: Decimal
    source: str
    entered_at: datetime

    @property
    def text(self) -> str:
        """The rate as people write it."""
        return rate_text(self.rate)

    @property
    def ends_at(self) -> datetime:
        """When the rate becomes too old to sell at."""
        return self.entered_at + OLDEST_RATE

    @property
    def is_fresh(self) -> bool:
        """Whether payments in riel may still begin at this rate."""
        return clock.now() <= self.ends_at


def last_rate() -> Rate | None:
    """Return the rate that was entered last, however old. One query."""
    told = shop_settings().get(SETTING)
    return None if told is None else rate_in(told)


def fresh_rate() -> Rate | None:
    """Return the rate to sell at, None when nobody has entered one within OLDEST_RATE. One query."""
    known = last_rate()
    return known if known is not None and known.is_fresh else None


def riel_rate() -> Decimal | None:
    """Return how many riel a dollar costs, None when nobody has entered that within OLDEST_RATE. One query."""
    known = fresh_rate()
    return known and known.rate


def riel_offer(dollars: Decimal) -> tuple[Decimal, Rate] | None:
    """Return what `dollars` cost in riel now, and at which rate; None when nothing can be paid in riel. One query."""
    known = fresh_rate()
    return (in_riel(dollars, known.rate), known) if known is not None else None


def enter_riel_rate(rate: Decimal, *, source: str, by: Any) -> None:
    """Let a dollar cost `rate` riel from now on, as `source` says; attempts that have begun keep theirs.

    Earlier rates stay on record (core.AuditEntry). Raises Refusal("rate_impossible") and Refusal("source_missing").
    """
    try:
        possible = LOWEST_RATE <= rate <= HIGHEST_RATE and rate % SMALLEST_STEP == 0
    except InvalidOperation:
        possible = False
    if not possible:
        raise Refusal(
            "rate_impossible",
            f"A dollar costs between {LOWEST_RATE:,} and {HIGHEST_RATE:,} riel, with four decimals at most.",
            rate=str(rate),
        )
    source = source.strip()
    if not 0 < len(source) <= SOURCE_LENGTH:
        raise Refusal("source_missing", f"Say where the rate comes from, in at most {SOURCE_LENGTH} characters.")
    told = {"rate": str(rate), "source": source, "entered_at": clock.now().isoformat()}
    save_shop_settings({SETTING: told}, by=by)


def rate_in(told: Mapping[str, str]) -> Rate:
    """Return the rate that a stored setting, or an entry of its history, holds."""
    return Rate(
        rate=Decimal(told["rate"]),
        source=told.get("source", ""),
        entered_at=datetime.fromisoformat(told["entered_at"]),
    )


def rate_text(rate: Decimal) -> str:
    """Write a rate without empty decimals: "4,100", "4,012.5"."""
    return f"{rate.normalize():,f}"


def in_riel(dollars: Decimal, rate: Decimal) -> Decimal:
    """Return what `dollars` cost in riel, rounded up to whole notes of 100."""
    return round_up(dollars * rate, "KHR")
