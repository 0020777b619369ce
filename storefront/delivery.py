"""Where an order can go, and when it will arrive, in working days."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from accounts.countries import COUNTRIES
from carts.models import ShippingMethod

SATURDAY = 5


def usual_method(methods: Sequence[ShippingMethod]) -> ShippingMethod | None:
    """Return the way of shipping that estimates assume: the shop's first that comes to the door, else its first."""
    to_the_door = (method for method in methods if method.kind != ShippingMethod.Kind.PICKUP)
    return next(to_the_door, methods[0] if methods else None)


def expected_days(method: ShippingMethod, *, ordered_on: date) -> tuple[date, date]:
    """Return the first and the last day on which `method` should deliver what is ordered on `ordered_on`."""
    return add_working_days(ordered_on, method.days_min), add_working_days(ordered_on, method.days_max)


def add_working_days(start: date, days: int) -> date:
    """Return the day that is `days` working days (Monday to Friday) after `start`."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            days -= 1
    return day


def countries_reached(methods: Iterable[ShippingMethod], *, home: str) -> list[tuple[str, str]]:
    """Return (ISO code, name) of the countries that one of `methods` reaches, by name. `home` is always among them.

    A method without a list of countries reaches them all.
    """
    codes = {home}
    for method in methods:
        codes.update(method.countries or COUNTRIES)
    return sorted(((code, COUNTRIES.get(code, code)) for code in codes), key=lambda pair: pair[1])
