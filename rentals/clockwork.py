"""The round that the clock makes: take up what a crash left, collect what is due, then let the day come."""

from collections import Counter
from datetime import datetime

from rentals.collecting import Progress, bill_rentals, checked_instant, close_paid_bills, resume_charges
from rentals.dunning import let_days_come
from rentals.handing_back import keep_what_was_not_sent
from rentals.refunding import return_what_is_due


def run_clock(*, as_of: datetime | None = None, progress: Progress | None = None) -> Counter[str]:
    """Make one round at `as_of` (now) and return what was done. Safe to run again, in parallel and after any gap.

    Money is asked for before the day comes, so that nobody gets a fee for what we had not asked for. Raises
    Refusal("as_of_in_future") unless this is a development shop.
    """
    at = checked_instant(as_of)
    done: Counter[str] = Counter()
    done["resumed"] += resume_charges()
    done["kept"] += keep_what_was_not_sent(as_of=at)
    done.update(bill_rentals(as_of=at, progress=progress))
    done["closed"] += close_paid_bills()
    done.update(let_days_come(as_of=at, progress=progress))
    done["refunds"] += return_what_is_due()
    return +done
