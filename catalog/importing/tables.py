"""A CSV file as lines of cells. Whatever is wrong with the file as a whole is said in one sentence."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.refusals import Refusal

MAX_BYTES = 64 * 1024 * 1024
# A cell may hold line breaks inside quotation marks, but a mark that is never closed must not swallow the file.
MAX_LINES_OF_A_ROW = 5
BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the number of its first line in the file, and its cells, or the reason why they cannot be read."""

    number: int
    cells: tuple[str, ...] = ()
    broken: str = ""


class WrongFile(Refusal):
    """The file as a whole cannot be used. Nothing of it was read in."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__("wrong_file", f"{path}: {what}", path=str(path))


@dataclass(frozen=True)
class Table:
    """A readable CSV file: its header and its text below."""

    path: Path
    header: tuple[str, ...]
    body: str
    first_line: int

    def lines(self) -> Iterator[Line]:
        """Read the rows one by one. A row that cannot be read never hides the next one; empty lines are passed over."""
        physical = io.StringIO(self.body).readlines()
        at = 0
        while at < len(physical):
            number = self.first_line + at
            if not physical[at].strip():
                at += 1
                continue
            cells, used = self._row(physical, at)
            if cells is None:
                yield Line(
                    number,
                    broken="it is not CSV: a quotation mark is not closed or out of place, or a cell is enormous",
                )
            elif len(cells) != len(self.header):
                yield Line(number, broken=f"it has {len(cells)} cells where the header has {len(self.header)}")
            else:
                yield Line(number, tuple(cells))
            at += used

    def _row(self, physical: list[str], at: int) -> tuple[list[str] | None, int]:
        """Return the cells of the row that begins at line `at`, and how many lines it takes."""
        for used in range(1, MAX_LINES_OF_A_ROW + 1):
            rows = _parse(physical[at : at + used])
            if rows is not None and len(rows) == 1 and (used == 1 or len(rows[0]) == len(self.header)):
                return rows[0], used
        return None, 1


def open_table(path: Path) -> Table:
    """Read the file at `path` and its header. Raises WrongFile with one sentence for a person."""
    text = _decode(path, _read(path)).removeprefix("\ufeff")
    # csv and people both count \r\n and a lone \r as the end of a line.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise WrongFile(path, "the file is empty.")
    head, _, body = text.partition("\n")
    header = _parse([head])
    if header is None:
        raise WrongFile(path, "its first line cannot be read as CSV: a quotation mark is not closed.")
    names = tuple(name.strip() for name in header[0]) if header else ()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongFile(path, f"its header names a column twice: {', '.join(twice)}.")
    if not body.strip():
        raise WrongFile(path, "it has a header line but no rows.")
    return Table(path, names, body, first_line=2)


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise WrongFile(path, "this is a folder. Name the files in it.")
        if not path.exists():
            raise WrongFile(path, "there is no such file.")
        if not path.is_file():
            raise WrongFile(path, "this is not a regular file.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise WrongFile(path, f"the file has {size / 1e6:,.0f} MB; at most {MAX_BYTES // 2**20} MB are read.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WrongFile(path, f"it cannot be opened ({reason}).") from error


def _decode(path: Path, content: bytes) -> str:
    if content[:2] in BYTE_ORDER_MARKS:
        raise WrongFile(path, f"it is written in {BYTE_ORDER_MARKS[content[:2]]}. Save it as UTF-8.")
    if b"\x00" in content:
        raise WrongFile(path, "this is not a text file, so it cannot be CSV.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongFile(
            path, f"it is not written in UTF-8 (byte 0x{content[error.start]:02x} in line {line}). Save it as UTF-8."
        ) from error


def _parse(lines: list[str]) -> list[list[str]] | None:
    """Return the rows in `lines`, None when they do not parse."""
    try:
        return list(csv.reader(lines, strict=True))
    except csv.Error:
        return None
