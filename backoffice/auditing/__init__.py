"""The books and the shelves against themselves. Every check names exactly what offends it; none means all is well."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Offence:
    """One row that breaks a rule: which rule, which row (its public code) and what is wrong in words."""

    rule: str
    code: str
    words: str


Check = Callable[[], Iterator[Offence]]


def run(checks: tuple[Check, ...]) -> list[Offence]:
    """Return what all the checks find."""
    return [offence for check in checks for offence in check()]
