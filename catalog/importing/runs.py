"""Several parts files in one go. Two passes: look at everything, then write in short transactions.

The first look says how much there is and which row speaks for an external id that stands on different rows, so that
the end depends neither on the order of rows nor on how they are cut into files.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, reset_queries

from catalog.departments import ensure_departments
from catalog.importing.parts import CURRENCY, Part, Skipped, open_parts_file
from catalog.importing.reports import ReportFile
from catalog.importing.storing import Stored, store_parts
from catalog.importing.tables import WrongFile
from catalog.models import Category
from core.refusals import Refusal

# Rows in one transaction: about 0.1 s when the machine is idle, so that a shopper who writes meanwhile hardly waits,
# and well under a second when it is busy.
CHUNK_ROWS = 150
TRIES = 3


@dataclass
class ImportResult:
    """What a run has done. `prices` counts prices that changed on variants that stood before."""

    files: int = 0
    rows: int = 0
    unpriced: int = 0
    products: int = 0
    variants: int = 0
    references: int = 0
    prices: int = 0
    wrong_files: list[str] = field(default_factory=list)

    def add(self, stored: Stored) -> None:
        """Count what one transaction wrote."""
        self.products += stored.products
        self.variants += stored.variants
        self.references += stored.references
        self.prices += stored.prices


def import_parts(
    paths: Sequence[Path], *, report: ReportFile, progress: Callable[[int, int], None] = lambda done, total: None
) -> ImportResult:
    """Import parts files; tell `progress` the rows done and the rows there are. A wrong file never stops the others.

    Raises Refusal("currency") when the shop does not sell in the files' currency.
    """
    if settings.SHOP_CURRENCY != CURRENCY:
        raise Refusal(
            "currency",
            f"The prices in parts files are {CURRENCY}, and this shop sells in {settings.SHOP_CURRENCY}. "
            "Nothing was imported.",
        )
    run = _Run(report, progress)
    run.look(paths)
    if run.good:
        run.write(ensure_departments())
    return run.result


class _Run:
    def __init__(self, report: ReportFile, progress: Callable[[int, int], None]) -> None:
        self.report = report
        self.progress = progress
        self.result = ImportResult()
        self.good: list[Path] = []
        self.total = 0
        self.speaks: dict[str, bytes] = {}
        self.taken: set[str] = set()
        self.first: dict[tuple[str, str], str] = {}

    def look(self, paths: Sequence[Path]) -> None:
        """Open every file, count its rows and find the row that speaks for each external id."""
        for path in dict.fromkeys(paths):
            try:
                for row in open_parts_file(path).rows():
                    self.total += 1
                    if isinstance(row, Part):
                        key = row.external_id.casefold()
                        # Which one of several it is does not matter, as long as it is always the same one.
                        self.speaks[key] = min(self.speaks.get(key, row.fingerprint), row.fingerprint)
            except WrongFile as error:
                self._refuse(path, error)
            else:
                self.good.append(path)

    def write(self, categories: Mapping[str, Category]) -> None:
        """Store the rows of the good files, chunk by chunk."""
        for path in self.good:
            chunk: list[Part] = []
            try:
                for part in self._wanted(path):
                    chunk.append(part)
                    if len(chunk) == CHUNK_ROWS:
                        self._store(path, chunk, categories)
                        chunk = []
            except WrongFile as error:  # it has been changed since the first look
                self._refuse(path, error)
                continue
            if chunk:
                self._store(path, chunk, categories)
            self.result.files += 1
        self.progress(self.total, self.total)

    def _wanted(self, path: Path) -> Iterator[Part]:
        for row in open_parts_file(path).rows():
            self.result.rows += 1
            if isinstance(row, Skipped):
                self._note("skipped", path, row, row.reason)
            elif self.speaks.get(row.external_id.casefold()) != row.fingerprint:
                self._note("skipped", path, row, "another row has this external id and different contents.")
            elif row.external_id.casefold() in self.taken:
                self._note("merged", path, row, "this row stands in the files twice.")
            else:
                self.taken.add(row.external_id.casefold())
                self._look_closer(path, row)
                yield row

    def _look_closer(self, path: Path, part: Part) -> None:
        self.result.unpriced += part.price is None
        for doubt in part.doubts:
            self._note("doubted", path, part, f"{doubt}.")
        first = self.first.setdefault((part.identity, part.option_key), part.external_id)
        if first != part.external_id:
            self._note("merged", path, part, f"equal to {first} in everything; the lowest known price counts.")

    def _store(self, path: Path, chunk: list[Part], categories: Mapping[str, Category]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                stored = store_parts(chunk, categories=categories)
                break
            except IntegrityError:
                # Another import has just written one of these rows. The next try finds it.
                if attempt == TRIES:
                    raise
        for part, remark in stored.remarks:
            self._note("doubted", path, part, f"{remark}.")
        self.result.add(stored)
        # With DEBUG on, Django remembers the text of every query.
        reset_queries()
        self.progress(self.result.rows, self.total)

    def _refuse(self, path: Path, error: WrongFile) -> None:
        self.result.wrong_files.append(error.message)
        self.report.add("refused", file=path, line=None, row_id="", reason=error.message)

    def _note(self, outcome: str, path: Path, row: Part | Skipped, reason: str) -> None:
        self.report.add(outcome, file=path, line=row.line, row_id=row.external_id, reason=reason)
