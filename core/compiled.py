"""Queries whose SQL is made once a process: for a hot query, Django's building it costs many times its running."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL


@dataclass(frozen=True)
class Slot:
    """The place of a parameter that each run fills in."""

    name: str


def slot(name: str) -> RawSQL:
    """Return what stands in a filter of a CompiledQuery for the value that `rows` gets under this name."""
    return RawSQL("%s", (Slot(name),))


class CompiledQuery:
    """A query that `build` writes down with slots for what differs between runs.

    Nothing else in it may differ: neither a list's length nor the time of day.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self.build = build

    @cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        return self.build().query.sql_with_params()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Run it and return its rows as the driver gives them: JSON as text, on SQLite times and amounts as well."""
        sql, params = self._statement
        filled = [_adapted(values[one.name]) if isinstance(one, Slot) else one for one in params]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            return list(cursor.fetchall())


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
