"""Draw a KHQR code: SVG without style, script or outside address, to stand in a page or in a file of its own.

Level M (15 % may be damaged), as KHQR Guideline 1.2 asks for, with the quiet zone of four modules of ISO/IEC 18004.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import segno
from markupsafe import Markup

QUIET_ZONE = 4
# A white ground of its own: scanners do not read light modules on a dark page.
SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" focusable="false">'
    "<title>{title}</title>"
    '<rect width="{size}" height="{size}" fill="#fff"/>'
    '<path fill="#000" shape-rendering="crispEdges" d="{path}"/></svg>'
)


def qr_svg(text: str, *, title: str) -> Markup:
    """Return the SVG of a code. `title` is what a screen reader says instead of it; it may hold anything."""
    # UTF-8 is told, because check sum and transaction key are over UTF-8 and segno would choose Latin-1 for "é".
    code = segno.make_qr(text, error="m", encoding="utf-8", boost_error=False)
    rows = [list(row) for row in code.matrix_iter(border=QUIET_ZONE)]
    return SVG.format(size=len(rows), title=title, path="".join(_bars(rows)))


def _bars(rows: Sequence[Sequence[int]]) -> Iterator[str]:
    """Yield one bar for every run of dark modules."""
    for y, row in enumerate(rows):
        x = 0
        for is_dark, run in groupby(row):
            width = len(list(run))
            if is_dark:
                yield f"M{x} {y}h{width}v1h-{width}z"
            x += width
