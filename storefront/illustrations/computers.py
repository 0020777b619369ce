"""Drawings of whole machines: laptops, desktops, monitors, servers."""
# ruff: noqa: PLR2004 - coordinates of a drawing are plain numbers

import math
from functools import lru_cache

from .facts import Specs, flag, number, plain, whole, words
from .shapes import (
    Illustration,
    boxes,
    circle,
    data,
    diagonal_line,
    finish,
    height_line,
    lines,
    path,
    rect,
    strokes,
    width_line,
    with_article,
)

WIDE = 2.0  # from this ratio of width to height a screen is called ultra-wide
MAX_BAYS_DRAWN = 48


def screen_ratio(specs: Specs) -> float | None:
    """Width by height of the screen, from "21:9" or else from the resolution."""
    across, _, down = words(specs, "aspect_ratio").partition(":")
    pair = {"w": across, "h": down}
    width, height = number(pair, "w", 1, 300), number(pair, "h", 1, 300)
    if width is None or height is None:
        width, height = number(specs, "resolution_w", 320, 20000), number(specs, "resolution_h", 200, 20000)
    if width is None or height is None:
        return None
    ratio = width / height
    return round(ratio, 2) if 0.5 <= ratio <= 4 else None


def laptop(specs: Specs) -> Illustration:
    """An open laptop; the lid grows with the screen, touch shows as a fingertip mark."""
    return _laptop(number(specs, "screen_size_in", 7, 21), screen_ratio(specs), flag(specs, "touch") is True)


@lru_cache(maxsize=256)
def _laptop(inches: float | None, ratio: float | None, touch: bool) -> Illustration:
    size = min(max(inches or 14, 10), 18)
    width = 172 * size / 14
    # The lid is a little taller than its screen: the chin under it holds the hinge.
    height = min(width * min(max(0.64 * 1.6 / (ratio or 1.78), 0.58), 0.76), 142)
    left, right, top = 160 - width / 2, 160 + width / 2, 168 - height
    foot_left, foot_right = left - width * 0.14, right + width * 0.14
    pad = width * 0.116
    words_ = with_article(f"{plain(inches)} inch laptop" if inches else "laptop")
    shapes = [
        rect("o", left, top, width, height, 4),
        rect("s", left + 6, top + 6, width - 12, height - 13, 2),
        diagonal_line(left + 16, top + 16, right - 16, 151, f"{plain(inches)}″" if inches else ""),
        circle("t", 160, top + 3.2, 0.9),
        path("o", "M", left, 170, "H", right, "L", foot_right, 207, "H", foot_left, "Z"),
        path("o", "M", foot_left, 207, "H", foot_right, "v3q0 4-5 4H", foot_left + 5, "q-5 0-5-4Z"),
    ]
    for row, inset in ((174.5, 17.2), (179.5, 19.6), (185, 22.2)):
        # Rows nearer to the eye are wider, as the keyboard deck is.
        edge = left - (left - foot_left) * (row - 170) / 37 + inset
        shapes.append(path("k", "M", edge, row, "H", 320 - edge))
    shapes.append(path("t", "M", 160 - pad, 192, "h", 2 * pad, "l3 11h", -2 * pad - 6, "Z"))
    if touch:
        x, y = right - 0.27 * width, 151 - 0.2 * height
        shapes += [circle("a", x, y, 9), circle("af", x, y, 3.5)]
        words_ += " with a touch screen"
    else:
        shapes.append(path("a", "M", right - 12, 164.5, "h6"))
    return finish(words_, *shapes)


def desktop(specs: Specs) -> Illustration:
    """A desktop computer by form factor."""
    form = words(specs, "form_factor")
    # Tower first: a "mini tower" is a tower, not a mini PC.
    if "tower" in form or form in {"mt", "workstation"}:
        return _tower("tower desktop", "Tower")
    if "all-in-one" in form or "all in one" in form or form == "aio":
        return _all_in_one()
    if "small" in form or "sff" in form.replace("usff", "mini") or "slim" in form:
        return _small_desktop()
    if any(word in form for word in ("mini", "micro", "tiny", "usff", "nuc")):
        return _mini_desktop()
    return _tower("desktop computer", "")


@lru_cache(maxsize=4)
def _tower(noun: str, text: str) -> Illustration:
    return finish(
        with_article(noun),
        path("o", "M118 44H202V204H118Z"),
        path("s", "M202 44l26 10V192l-26 12Z"),
        path("t", boxes(126, 54, 68, 12, 1, 0), boxes(126, 71, 68, 12, 1, 0)),
        path("t", lines(126, 128, 68, 8, 8)),
        circle("a", 134, 104, 5),
        rect("t", 150, 100, 18, 7, 2),
        rect("t", 174, 100, 18, 7, 2),
        path("o", "M124 204v6h16v-6M180 204v6h16v-6"),
        height_line(90, 44, 204, text),
    )


@lru_cache(maxsize=1)
def _small_desktop() -> Illustration:
    return finish(
        "a small form factor desktop",
        path("o", "M64 96H256V184H64Z"),
        path("s", "M64 96l16-22H240l16 22Z"),
        circle("a", 82, 114, 5),
        rect("t", 98, 110, 18, 7, 2),
        rect("t", 122, 110, 18, 7, 2),
        rect("t", 186, 106, 60, 12),
        path("t", strokes(76, 136, 36, 17, 10.5)),
        width_line(64, 256, 204, "SFF"),
    )


@lru_cache(maxsize=1)
def _mini_desktop() -> Illustration:
    return finish(
        "a mini desktop",
        path("o", "M96 128H224V172H96Z"),
        path("s", "M96 128l18-34h92l18 34Z"),
        path("t", "M128 112h64"),
        circle("a", 110, 150, 5),
        rect("t", 126, 146, 16, 7, 2),
        rect("t", 148, 146, 16, 7, 2),
        circle("t", 176, 150, 3.4),
        path("t", strokes(190, 140, 20, 5, 6)),
        path("o", "M104 172v5h14v-5M202 172v5h14v-5"),
        width_line(96, 224, 200, "Mini"),
    )


@lru_cache(maxsize=1)
def _all_in_one() -> Illustration:
    return finish(
        "an all-in-one desktop",
        rect("o", 70, 40, 180, 122, 4),
        rect("s", 76, 46, 168, 96, 1),
        circle("t", 160, 43, 0.9),
        circle("a", 236, 152, 3.5),
        path("t", "M90 152h40"),
        path("o", "M142 162H178L184 184H136Z"),
        path("o", "M120 184H200v6H120Z"),
        path("o", "M96 200H224l6 14H90Z"),
        path("k", "M104 204.5H216M100 209.5H220"),
    )


def monitor(specs: Specs) -> Illustration:
    """A monitor on its stand, in the recorded size and shape."""
    return _monitor(number(specs, "screen_size_in", 7, 120), screen_ratio(specs))


@lru_cache(maxsize=256)
def _monitor(inches: float | None, ratio: float | None) -> Illustration:
    shape = ratio or 16 / 9
    # Real differences flattened, so that a 49 inch monitor still fits and a 22 inch one is not tiny.
    diagonal = 120 + min(inches or 25, 50) * 3.3
    width = min(diagonal * shape / math.hypot(shape, 1), 258)
    height = min(width / shape, 116)
    width = height * shape
    left, top = 160 - width / 2, 156 - height
    noun = "ultra-wide monitor" if shape >= WIDE else "monitor"
    return finish(
        with_article(f"{plain(inches)} inch {noun}" if inches else noun),
        rect("o", left - 5, top - 5, width + 10, height + 11, 4),
        rect("s", left, top, width, height, 1),
        diagonal_line(left + 12, top + 10, left + width - 12, 144, f"{plain(inches)}″" if inches else ""),
        path("a", "M", left + width - 9, 159, "h8"),
        path("o", "M150 162H170L172 200H148Z"),
        path("o", "M116 208q0-8 10-8h68q10 0 10 8Z"),
    )


def server(specs: Specs) -> Illustration:
    """A rack server by height and drive bays, or a tower server."""
    bays = whole(specs, "drive_bays", 1, 120)
    units = whole(specs, "rack_units", 1, 60)
    if units is None and "tower" in words(specs, "form_factor"):
        return _tower_server(bays)
    return _rack_server(units, bays)


def _bay_words(noun: str, bays: int | None) -> str:
    return with_article(noun) + (f" with {bays} drive bay{'s' if bays > 1 else ''}" if bays else "")


@lru_cache(maxsize=256)
def _rack_server(units: int | None, bays: int | None) -> Illustration:
    drawn_units = min(units or 1, 4)
    height = 30 + 20 * drawn_units
    top, drawn = 128 - height / 2, min(bays or 4, MAX_BAYS_DRAWN)
    # Bays stack as they do in real racks: up to one row more than the units, four to a row before stacking.
    rows = max(1, min(drawn_units + 1, math.ceil(drawn / 4)))
    columns = math.ceil(drawn / rows)
    step_x, step_y = 164 / columns, (height - 12) / rows
    drives, lamps = "", ""
    for row in range(rows):
        x, y, count = 62, top + 6 + row * step_y, min(columns, drawn - row * columns)
        if count > 0:
            drives += boxes(x + 1.5, y + 1.5, step_x - 3, step_y - 3, count, step_x)
            lamps += data("M", x + 4, y + step_y - 5) + data("m", step_x - 2, 0).join(["h2"] * count)
    return finish(
        _bay_words(f"{units}U rack server" if units else "rack server", bays),
        path("s", "M52", top, "l16-26H252l16 26Z"),
        rect("o", 40, top, 12, height, 2),
        rect("o", 268, top, 12, height, 2),
        rect("o", 52, top, 216, height),
        path("s", drives),
        path("a", lamps),
        circle("a", 252, top + 12, 4),
        path("t", boxes(234, top + 9, 10, 6, 1, 0), strokes(234, top + 22, height - 30, 6, 5)),
        path("t", "M46", top + 8, "v", height - 16, "M274", top + 8, "v", height - 16),
        height_line(296, top, top + height, f"{units}U" if units else ""),
    )


@lru_cache(maxsize=64)
def _tower_server(bays: int | None) -> Illustration:
    drawn = min(bays or 4, 12)
    step = 84 / max(drawn, 4)
    drives = "".join(boxes(116, 92 + row * step, 80, step - 3, 1, 0) for row in range(drawn))
    lamps = "".join(data("M188", 92 + row * step + (step - 3) / 2, "h4") for row in range(drawn))
    return finish(
        _bay_words("tower server", bays),
        path("o", "M106 40H206V206H106Z"),
        path("s", "M206 40l30 10V194l-30 12Z"),
        path("t", boxes(116, 50, 80, 11, 1, 0), boxes(116, 66, 56, 11, 1, 0)),
        circle("a", 189, 71.5, 4.5),
        path("s", drives),
        path("a", lamps),
        path("t", lines(116, 186, 80, 3, 6)),
        path("o", "M110 206v5h16v-5M186 206v5h16v-5"),
    )
