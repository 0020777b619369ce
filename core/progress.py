"""Progress of long work on a terminal."""

import shutil
import time
from typing import TextIO


class ProgressBar:
    """A bar on a terminal, drawn at most ten times a second; silent everywhere else."""

    def __init__(self, stream: TextIO, *, what: str = "rows") -> None:
        self.stream = stream
        self.what = what
        self.shown = stream.isatty()
        self.drawn_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Draw `done` of `total`."""
        if not self.shown or (done < total and time.monotonic() - self.drawn_at < 0.1):  # noqa: PLR2004  (seconds)
            return
        self.drawn_at = time.monotonic()
        width = max(10, min(50, shutil.get_terminal_size().columns - 30))
        filled = width * done // total if total else width
        self.stream.write(f"\r[{'#' * filled}{'.' * (width - filled)}] {done:,} of {total:,} {self.what}")
        self.stream.write("\n" if done == total else "")
        self.stream.flush()
