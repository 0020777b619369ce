"""What the shop promises about its goods: what a grade means, the warranty, returns.

Pages, the API and the data for search engines say it from here, so that they say the same.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

# Grades speak of looks only, by the distance from which a mark is seen; every unit passed the same tests.
GRADE_MEANINGS = {
    "N": gettext_noop("Unused, in its own packaging"),
    "A": gettext_noop("Marks you find only by looking for them, from 20 cm"),
    "B": gettext_noop("Light scratches on the lid or base, visible from 50 cm"),
    "C": gettext_noop("Scratches, worn keys or small dents you see at once"),
}
WARRANTY_TERMS = gettext_noop(
    "We repair or replace it and pay both ways. Drops, liquid and broken seals are not covered."
)
RETURN_TERMS = gettext_noop("You pay the way back; we pay it when it is faulty or not as described.")


@dataclass(frozen=True)
class ReturnPromise:
    """How long after delivery goods may come back, in days, and who pays the way; 0 days: not without a reason."""

    days: int
    terms: str


def grade_meaning(grade: str) -> str:
    """Return what a thing of this grade looks like, in the reader's language."""
    return gettext(GRADE_MEANINGS[grade])


def warranty_terms(months: int) -> str:
    """Return what the warranty does and what voids it; "" without a warranty."""
    return gettext(WARRANTY_TERMS) if months else ""


def return_promise() -> ReturnPromise:
    """Return the shop's promise on returns (settings.RETURN_DAYS)."""
    days = settings.RETURN_DAYS
    return ReturnPromise(days, gettext(RETURN_TERMS) if days else "")
