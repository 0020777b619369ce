"""The one place that changes a state.

A model with states names its `flow` (a Flow from its app's flow.py) and a `record` method that writes the timeline
row. Deeds lock the row first, then call `move`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from core.refusals import Conflict


@dataclass(frozen=True)
class Flow:
    """Which state may follow which."""

    name: str
    moves: Mapping[str, frozenset[str]]

    def allows(self, before: str, after: str) -> bool:
        """Tell whether the step from `before` to `after` is in the table."""
        return after in self.moves.get(before, frozenset())

    def is_final(self, state: str) -> bool:
        """Tell whether nothing can follow `state`."""
        return not self.moves.get(state)


def flow(name: str, moves: Mapping[Any, Iterable[Any]]) -> Flow:
    """Build a Flow from a table of TextChoices members."""
    return Flow(name, {str(before): frozenset(str(after) for after in afters) for before, afters in moves.items()})


def move(
    obj: Any, to: str, *, by: Any, reason: str = "", changes: Mapping[str, object] | None = None, **facts: object
) -> None:
    """Change `obj.state` to `to`, save it and write its timeline row.

    The caller holds the row's lock inside a transaction. `by` is the acting user, None for the shop itself; `changes`
    are further columns set in the same UPDATE, `facts` go to the timeline. Raises Conflict("wrong_state").
    """
    _must_be_in_transaction()
    before = obj.state
    if not type(obj).flow.allows(before, str(to)):
        raise Conflict(
            "wrong_state",
            f"This {type(obj)._meta.verbose_name} is {obj.get_state_display().lower()}; "
            f"it cannot become {type(obj)(state=to).get_state_display().lower()}.",
            state=before,
            wanted=str(to),
        )
    obj.state = to
    for name, value in (changes or {}).items():
        setattr(obj, name, value)
    obj.save(update_fields=["state", *(changes or {})])
    obj.record(kind=str(to), by=by, reason=reason, before=before, **facts)


def move_all(
    rows: Sequence[Any], to: str, *, by: Any, reason: str = "", changes: Mapping[str, object] | None = None
) -> None:
    """Move locked rows of one model together: one UPDATE that repeats the condition, one INSERT of timeline rows.

    `changes` are further columns set in the same UPDATE. Raises Conflict("wrong_state") when a row is no longer in the
    state that was read, and then changes nothing (the caller's transaction rolls back).
    """
    _must_be_in_transaction()
    if not rows:
        return
    model: type[models.Model] = type(rows[0])
    allowed = [before for before in {row.state for row in rows} if model.flow.allows(before, str(to))]  # type: ignore[attr-defined]
    changed = model._default_manager.filter(pk__in=[row.pk for row in rows], state__in=allowed).update(
        state=to, **(changes or {})
    )
    if changed != len(rows):
        raise Conflict(
            "wrong_state", f"Somebody else has just changed one of these {model._meta.verbose_name_plural}. Look again."
        )
    befores = [row.state for row in rows]
    for row in rows:
        row.state = to
        for name, value in (changes or {}).items():
            setattr(row, name, value)
    model.record_all(rows, kind=str(to), by=by, reason=reason, befores=befores)  # type: ignore[attr-defined]


def _must_be_in_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("A state changes only inside a transaction that holds the row's lock.")
