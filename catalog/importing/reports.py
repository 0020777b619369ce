"""What an import or a delivery could not take as it was, for a person: a CSV file and a tally."""

import csv
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from core.refusals import Refusal

COLUMNS = ("file", "line", "id", "outcome", "reason")
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ReportFile:
    """A CSV file that is written row by row, in UTF-8. Use it in a `with` block.

    Raises Refusal("report_not_writable") when the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: Counter[str] = Counter()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise Refusal(
                "report_not_writable",
                f"{path}: the report cannot be written there ({error.strerror}). Nothing was read.",
            ) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, outcome: str, *, file: Path, line: int | None, row_id: str, reason: str) -> None:
        """Write one row: `outcome` is skipped, doubted, merged or refused; `reason` is a sentence."""
        self.outcomes[outcome] += 1
        cells = (str(file), "" if line is None else str(line), row_id, outcome, reason)
        self._writer.writerow([f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells])
