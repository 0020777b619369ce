"""A process that charges saved cards, or opens and checks payment pages, and may die by SIGKILL at a named step.

    python -m commercia.tests.charging STEP DEED BILL…

Tests start it: no handler runs, no connection is closed, nothing is rolled back but what the database rolls back.
"""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import django

AT_ONCE = 4
NOWHERE = "nowhere"


def die(*_: Any, **__: Any) -> None:
    """What a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(deed: Callable[..., Any]) -> Callable[..., Any]:
    """Return `deed` with a power cut behind it."""

    def run(*args: Any, **kwargs: Any) -> None:
        deed(*args, **kwargs)
        die()

    return run


def arrange_death(step: str) -> None:
    """Let this process die at `step`."""
    from payments import collecting, finalising, settling

    if step == "after claim":  # the attempt is on record, and nobody has noted that the provider is asked
        collecting._mark_asked = die
    elif step == "before the call":
        collecting._mark_asked = dying_after(collecting._mark_asked)
    elif step == "after the call":
        collecting.finalise = die
    elif step == "before commit":  # the capture is written, and its transaction is open
        settling.move = dying_after(settling.move)
    elif step == "after commit":  # the capture is a fact, and nobody has booked it
        finalising.settle = die
    elif step != NOWHERE:
        raise SystemExit(f"There is no step {step!r}.")


def charge(code: str) -> None:
    """Charge the saved card of the bill's payer; go on with what an earlier process began."""
    from core.refusals import Refusal
    from payments.collecting import charge_saved
    from payments.models import Bill, SavedMethod

    with suppress(Refusal):  # paid meanwhile
        charge_saved(Bill.objects.get(code=code), card=SavedMethod.objects.get(), by=None, description="Rent")


def open_page(code: str) -> None:
    """Open the payment page of the bill's order."""
    from orders.models import Order
    from orders.paying_online import pay_order

    pay_order(Order.objects.get(order_bills__bill__code=code), method="card", by=None)


def check_page(code: str) -> None:
    """Ask how the payment of the bill's order stands."""
    from orders.models import Order
    from orders.paying_online import check_payment

    check_payment(Order.objects.get(order_bills__bill__code=code))


def main() -> None:
    """Do as the command line says."""
    step, deed, *codes = sys.argv[1:]
    django.setup()
    arrange_death(step)
    run = {"charge": charge, "open": open_page, "check": check_page}[deed]
    with ThreadPoolExecutor(AT_ONCE if len(codes) > 1 else 1) as pool:
        for done in [pool.submit(partial(run, code)) for code in codes]:
            done.result()


if __name__ == "__main__":
    main()
