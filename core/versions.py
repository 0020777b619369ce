"""Versions of cached data: who changes something raises its version, who caches it puts the version into the key.

The version lives in the database, so that it commits with the change and every process sees it on its next request.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import F

from core.db import atomic_retry
from core.models import DataVersion

# What staff set and write; the tree of categories; the read model of lists as a whole.
SHOP = "shop"
CATEGORIES = "categories"
EVERY_LIST = "catalog"
_TABLE = DataVersion._meta.db_table
NEEDED_BY_EVERY_PAGE = (SHOP, CATEGORIES, EVERY_LIST)


def list_of(category_slug: str) -> str:
    """Return the name under which the list of one category, with everything below it, has its version."""
    return f"{EVERY_LIST}:{category_slug}"


@atomic_retry
def raise_versions(names: Iterable[str]) -> None:
    """Raise the versions of these data by one, in the caller's transaction and as late in it as possible.

    The rows stay locked until the caller commits, so only deeds and tasks that seldom meet may call this.
    """
    wanted = sorted(set(names))
    rows = DataVersion.objects.filter(name__in=wanted)
    if rows.update(number=F("number") + 1) == len(wanted):
        return
    # Some are raised for the first time, perhaps by somebody else at this moment: whose row it is does not matter, and
    # a version that rises twice does no harm, but one that does not rise would.
    DataVersion.objects.bulk_create([DataVersion(name=name) for name in wanted], ignore_conflicts=True)
    rows.update(number=F("number") + 1)


def current_versions(names: Iterable[str]) -> dict[str, int]:
    """Return the versions of these data, 0 for what never changed. One query."""
    wanted = list(names)
    # Not by the ORM: every page asks this, and building the query would cost more than the query.
    marks = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, number FROM {_TABLE} WHERE name IN ({marks})", wanted)  # noqa: S608  (our own name)
        found = dict(cursor.fetchall())
    return {name: found.get(name, 0) for name in wanted}


class ReadVersions:
    """The versions that one request has read. Those that every page needs come with the first question: one query.

    Ask before reading the data itself: what is kept under a version must not be older than it.
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def learn(self, numbers: Mapping[str, int]) -> None:
        """Take versions that were read along with something else. What was known before stays."""
        self._known = {**numbers, **self._known}

    def of(self, *names: str) -> list[tuple[str, int]]:
        """Return names with their versions."""
        wanted = dict.fromkeys((*NEEDED_BY_EVERY_PAGE, *names))
        missing = [name for name in wanted if name not in self._known]
        if missing:
            self._known |= current_versions(missing)
        return [(name, self._known[name]) for name in names]


def versions_of(request: Any) -> ReadVersions:
    """Return what the request has read of versions so far, and may go on reading."""
    read = getattr(request, "read_versions", None)
    if read is None:
        read = request.read_versions = ReadVersions()
    return read
