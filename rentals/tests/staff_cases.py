"""Agreements about which staff must decide something."""

from datetime import datetime, timedelta

import time_machine

from catalog.tests.factories import make_units
from orders.returning import inspect_return, receive_return
from rentals.clockwork import run_clock
from rentals.handing_back import hand_back
from rentals.models import Agreement
from rentals.tests.journeys import make_delivered, pay_some


def in_default(*, at: datetime) -> Agreement:
    """Return an agreement in default at `at`, with a late fee: delivered 64 days before, never paid since."""
    (agreement,) = make_delivered(at=at - timedelta(days=64))
    for days in range(35, -1, -1):  # the second payment is due after 31 days; each day the clock comes round
        with time_machine.travel(at - timedelta(days=days), tick=False):
            run_clock()
    agreement.refresh_from_db()
    return agreement


def brought_back(*, at: datetime) -> Agreement:
    """Return an agreement whose machine came back at `at`, with nothing owed; SPARE-1 could be sent in its place."""
    (agreement,) = make_delivered(at=at - timedelta(days=45))
    with time_machine.travel(at - timedelta(days=14), tick=False):
        pay_some(agreement, "65.00")
    with time_machine.travel(at, tick=False):
        returned = hand_back(agreement, by=agreement.customer)
        receive_return(returned, by=None)
        inspect_return(returned, by=None, findings="clean")
        make_units(agreement.line.variant, serials=["SPARE-1"])
    return Agreement.objects.get(pk=agreement.pk)
