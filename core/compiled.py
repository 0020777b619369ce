"""Queries whose SQL is made once a process: for a hot query, Django's building it costs many times its running."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler


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

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Run it and return its rows as the driver gives them: JSON as text, on SQLite times and amounts as well."""
        sql, params = self._statement
        filled = [_adapted(values[one.name]) if isinstance(one, Slot) else one for one in params]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            return list(cursor.fetchall())

    def objects(self, **values: Any) -> list[Any]:
        """Run it and return the objects that Django would: with what it annotates, and select_related's inside."""
        return self.objects_of(self.rows(**values))

    def first(self, **values: Any) -> Any:
        """Return the first object, None when there is none."""
        return next(iter(self.objects(**values)), None)

    def objects_of(self, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Return the objects that rows of this query stand for."""
        make = self._maker
        return [make.object_of(row) for row in self._compiler.apply_converters(rows, make.converters)]

    @cached_property
    def _compiler(self) -> SQLCompiler:
        return self.build().query.get_compiler(connection=connection)

    @cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        return self._compiler.as_sql()

    @cached_property
    def _maker(self) -> "_Maker":
        self._statement  # noqa: B018  (only then the compiler knows its columns)
        return _Maker(self._compiler)


class _Maker:
    """Makes objects of rows, from what Django's compiler found out, as Django's own iterator does (5.2)."""

    def __init__(self, compiler: SQLCompiler) -> None:
        select, about = compiler.select, compiler.klass_info
        own = about["select_fields"]
        self.model, self.own = about["model"], slice(own[0], own[-1] + 1)
        self.names = [column.target.attname for column, *_ in select[self.own]]
        self.annotations = compiler.annotation_col_map or {}
        self.related = get_related_populators(about, select, connection.alias)
        self.converters = compiler.get_converters([column for column, *_ in select])

    def object_of(self, row: list[Any]) -> Any:
        """Return the object of one converted row."""
        made = self.model.from_db(connection.alias, self.names, row[self.own])
        for populator in self.related:
            populator.populate(row, made)
        for name, place in self.annotations.items():
            setattr(made, name, row[place])
        return made


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
