"""What the sandbox remembers: plain dictionaries in memory, written through to one SQLite file when it has one.

Keys that begin with an underscore are the sandbox's own notes; `public` leaves them out of every answer.
"""

import json
import secrets
import sqlite3
import string
from pathlib import Path
from typing import Any

Thing = dict[str, Any]
ALPHABET = string.ascii_letters + string.digits
SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (id TEXT PRIMARY KEY, place INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)
"""
WRITE = """
INSERT INTO thing (id, place, kind, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body
"""


def new_id(prefix: str, length: int = 24) -> str:
    """Return an identifier nobody can guess, such as `pi_Ab3…`."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def public(value: Any) -> Any:
    """Return a copy of a value as the outside may see it, and as later changes do not reach it."""
    if isinstance(value, dict):
        return {key: public(inner) for key, inner in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(inner) for inner in value]
    return value


class Store:
    """Things by kind and id, in the order they were made. Not for threads: only the event loop may touch it."""

    def __init__(self, file: Path | None = None) -> None:
        self._kinds: dict[str, dict[str, Thing]] = {}
        self._places: dict[str, int] = {}
        self._changed: dict[str, str] = {}
        self._removed: set[str] = set()
        self._next_place = 1
        self._database = self._open(file) if file else None

    def _open(self, file: Path) -> sqlite3.Connection:
        file.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(file, isolation_level=None)
        # What was answered survives a killed process; only a power cut may take the last moments.
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(SCHEMA)
        for name, place, kind, body in database.execute("SELECT id, place, kind, body FROM thing ORDER BY place"):
            self._kinds.setdefault(kind, {})[name] = json.loads(body)
            self._places[name] = place
            self._next_place = place + 1
        return database

    def add(self, kind: str, thing: Thing) -> Thing:
        """Keep a new thing under its `id`, which no other thing of any kind may have."""
        if thing["id"] in self._places:
            raise KeyError(f"{thing['id']} exists")
        self._kinds.setdefault(kind, {})[thing["id"]] = thing
        self._places[thing["id"]] = self._next_place
        self._next_place += 1
        self._changed[thing["id"]] = kind
        return thing

    def touch(self, kind: str, thing: Thing) -> None:
        """Note that a thing was changed, so that `save` writes it."""
        self._changed[thing["id"]] = kind

    def remove(self, kind: str, name: str) -> None:
        """Forget a thing; an unknown one is no mistake."""
        if self._kinds.get(kind, {}).pop(name, None) is not None:
            del self._places[name]
            self._changed.pop(name, None)
            self._removed.add(name)

    def find(self, kind: str, name: str | None) -> Thing | None:
        """Return a thing, or None."""
        return self._kinds.get(kind, {}).get(name or "")

    def find_any(self, name: str) -> Thing | None:
        """Return the thing of any kind that has this id, or None."""
        return next((things[name] for things in self._kinds.values() if name in things), None)

    def all(self, kind: str) -> list[Thing]:
        """Return all things of a kind, oldest first."""
        return list(self._kinds.get(kind, {}).values())

    def save(self) -> None:
        """Write all changes since the last time in one transaction."""
        changed, removed = self._changed, self._removed
        self._changed, self._removed = {}, set()
        if self._database is None or not (changed or removed):
            return
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("DELETE FROM thing WHERE id = ?", [(name,) for name in removed])
        self._database.executemany(
            WRITE,
            [
                (name, self._places[name], kind, json.dumps(self._kinds[kind][name], ensure_ascii=False))
                for name, kind in changed.items()
            ],
        )
        self._database.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything, on disk too."""
        self._kinds.clear()
        self._places.clear()
        self._changed.clear()
        self._removed.clear()
        if self._database is not None:
            self._database.execute("DELETE FROM thing")

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self.save()
        if self._database is not None:
            self._database.close()
            self._database = None
