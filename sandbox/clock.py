"""The sandbox's time: the machine's clock moved by an offset that a test or a person may change."""

import time
from contextlib import suppress
from pathlib import Path


class Clock:
    """Tells the time, in whole seconds since 1970, moved by `offset` seconds.

    With a file the offset lives there as one whole number of seconds in ASCII, so that the shop's processes can share
    it: whoever moves time writes the file, everybody else sees it at the next look. A missing or empty file means 0.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._offset = 0

    @property
    def offset(self) -> int:
        """How many seconds the sandbox's time is ahead of the machine's."""
        if self.file is None:
            return self._offset
        with suppress(FileNotFoundError, ValueError):
            return int(self.file.read_text(encoding="ascii").strip() or 0)
        return 0

    def move_to(self, offset: int) -> None:
        """Set the offset, in seconds ahead of the machine's clock (below zero: behind it)."""
        self._offset = offset
        if self.file is not None:
            part = self.file.with_name(f"{self.file.name}.part")
            part.write_text(f"{offset}\n", encoding="ascii")
            part.replace(self.file)

    def exact(self) -> float:
        """Return the moved time in seconds since 1970, fractions included."""
        return time.time() + self.offset

    def now(self) -> int:
        """Return the moved time in whole seconds since 1970."""
        return int(self.exact())

    def milliseconds(self) -> int:
        """Return the moved time in whole milliseconds since 1970, as Bakong counts."""
        return int(self.exact() * 1000)
