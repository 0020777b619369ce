"""The riel rate of the demo shop, so that its goods can be paid in riel. It says of itself that it is no real one."""

from decimal import Decimal

from payments.providers.khqr.rates import enter_riel_rate, last_rate

DEMO_RATE = Decimal(4100)
DEMO_SOURCE = "Demonstration rate, not a market rate"


def enter_demo_rate() -> None:
    """Let a dollar cost DEMO_RATE riel."""
    enter_riel_rate(DEMO_RATE, source=DEMO_SOURCE, by=None)


def renew_demo_rate() -> None:
    """Enter the demo's rate again when it has become too old. A rate that staff entered is never replaced."""
    known = last_rate()
    if known is not None and known.source == DEMO_SOURCE and not known.is_fresh:
        enter_demo_rate()
