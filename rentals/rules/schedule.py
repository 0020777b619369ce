"""Due dates: calendar months counted from the anchor, in the shop's own time zone."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Self
from zoneinfo import ZoneInfo

MONTHS_A_YEAR = 12


def add_months(anchor: date, months: int) -> date:
    """Return the day `months` calendar months after `anchor`; a day that the month lacks becomes its last.

    Always from the anchor, never from the date before: 31 January, 28 February, 31 March.
    """
    year, month = divmod(anchor.year * MONTHS_A_YEAR + anchor.month - 1 + months, MONTHS_A_YEAR)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, kw_only=True)
class Due:
    """When instalment `number` falls due and which days it pays for: from `starts` up to, not including, `ends`.

    Lateness counts from `counts_from`: the due date, unless a lost dispute or staff began it anew.
    """

    number: int
    starts: date
    ends: date
    due: date
    counts_from: date

    def is_overdue(self, day: date) -> bool:
        """Tell whether the due date has passed: overdue begins with the next local midnight."""
        return day > self.counts_from

    def days_late(self, day: date) -> int:
        """Return how many days after its due date `day` is; zero or less when it is not late."""
        return (day - self.counts_from).days

    def counting_from(self, day: date) -> Self:
        """Return the same instalment with its grace and default clocks begun anew on `day`; its due date stays."""
        return type(self)(number=self.number, starts=self.starts, ends=self.ends, due=self.due, counts_from=day)


def schedule(anchor: date, numbers: Sequence[int], *, offset_months: int) -> tuple[Due, ...]:
    """Return the due dates of instalments `numbers` (in order); the first pays for the period that begins at `anchor`.

    `offset_months` 0 is rent in advance, 1 in arrears.
    """
    dues = []
    for step, number in enumerate(numbers):
        due = add_months(anchor, step + offset_months)
        starts, ends = add_months(anchor, step), add_months(anchor, step + 1)
        dues.append(Due(number=number, starts=starts, ends=ends, due=due, counts_from=due))
    return tuple(dues)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the shop's calendar day at `instant` (aware), whatever zone the server or the customer is in."""
    return instant.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which the local `day` begins, aware."""
    return datetime.combine(day, time.min, tzinfo=zone)
