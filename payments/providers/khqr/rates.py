"""The price of a dollar in riel, entered by staff. An old one is not used: the shop would sell at yesterday's price."""

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


def riel_rate() -> Decimal | None:
    """Return how many riel a dollar costs, None when nobody has entered that within OLDEST_RATE. One query."""
    told = shop_settings().get(SETTING)
    if told is None or clock.now() - datetime.fromisoformat(told["entered_at"]) > OLDEST_RATE:
        return None
    return Decimal(told["rate"])


def enter_riel_rate(rate: Decimal, *, by: Any) -> None:
    """Let a dollar cost `rate` riel from now on; attempts that have begun keep theirs.

    Raises Refusal("rate_impossible").
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
    save_shop_settings({SETTING: {"rate": str(rate), "entered_at": clock.now().isoformat()}}, by=by)


def in_riel(dollars: Decimal, rate: Decimal) -> Decimal:
    """Return what `dollars` cost in riel, rounded up to whole notes of 100."""
    return round_up(dollars * rate, "KHR")
