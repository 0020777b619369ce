"""SVG building blocks of the product drawings, on a grid of 320 x 240.

The classes are those of the stylesheet: ``o`` outline, ``s`` shade, ``t`` thin line, ``k`` row of keys,
``a`` accent line, ``af`` accent fill, ``d`` dimension line, ``x`` label. Colours live in the stylesheet only,
so that one drawing serves the light and the dark theme.
"""
# ruff: noqa: PLR2004, PLR0917 - coordinates of a drawing are plain numbers

import math
import re
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup, escape

TICKS = '<path class="d" d="M12 22V12H22M298 12H308V22M308 218V228H298M22 228H12V218"/>'
LABEL_HALF_CHARACTER = 3.6  # half the advance of the 11 px monospace label face
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# "an hour" and "a unit" apart: what counts is the sound, also of a number or of a spelled-out abbreviation.
_VOWEL_SOUND = re.compile(
    r"(?!us[be]|uni[^n]|one)[aeiou]|8|11(?!\d)|18(?!\d)|lga|m\.2|msata|fm\d|sp\d|(?:led|lcd|ssd|hdd|sfx|hp|htpc)\b",
    re.I,
)


def _point(angle: float, distance: float) -> tuple[float, float]:
    return distance * math.cos(angle), distance * math.sin(angle)


# Root, bend and tip of the seven blades of a fan with radius 1; roots lie on a hub of radius 1.
BLADES = [
    (_point(angle, 1), _point(angle + 0.35, 0.62), _point(angle + 0.8, 0.84))
    for angle in (blade * math.tau / 7 for blade in range(7))
]


class Illustration(NamedTuple):
    """A finished drawing and the sentence that stands for it."""

    alt: str
    svg: Markup


def finish(words: str, *shapes: str) -> Illustration:
    """Wrap shapes into the complete ``<svg>``; ``words`` says what is drawn ("a 14 inch laptop")."""
    alt = f"Illustration of {_NOT_IN_XML.sub('', words)}, not a photo of this item"
    # The shapes are made of numbers and of labels that label() has escaped; only the alt text is still plain.
    svg = (
        f'<svg class="ill" viewBox="0 0 320 240" role="img" aria-label="{escape(alt)}" focusable="false">'
        f"{TICKS}{''.join(shapes)}</svg>"
    )
    return Illustration(alt, Markup(svg))  # noqa: S704


def with_article(noun: str) -> str:
    """Put "a" or "an" before a noun phrase, by sound: "an 8-core", "an M.2", "a USB"."""
    return f"{'an' if _VOWEL_SOUND.match(noun) else 'a'} {noun}"


def num(value: float) -> str:
    """Write a coordinate with at most two decimals and without a useless tail."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def data(*parts: str | float) -> str:
    """Join path commands and numbers as tightly as the path grammar allows."""
    out: list[str] = []
    after_number = False
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            after_number = part[-1:].isdigit()
            continue
        text = num(part)
        out.append(f" {text}" if after_number and text[0] != "-" else text)
        after_number = True
    return "".join(out)


def path(kind: str, *parts: str | float) -> str:
    """A path of the given class; the parts are commands and numbers."""
    return f'<path class="{kind}" d="{data(*parts)}"/>'


def rect(kind: str, x: float, y: float, width: float, height: float, radius: float = 0) -> str:
    """A rectangle, with rounded corners when a radius is given."""
    corner = f' rx="{num(radius)}"' if radius else ""
    size = f'width="{num(width)}" height="{num(height)}"'
    return f'<rect class="{kind}" x="{num(x)}" y="{num(y)}" {size}{corner}/>'


def circle(kind: str, x: float, y: float, radius: float) -> str:
    """A circle around (x, y)."""
    return f'<circle class="{kind}" cx="{num(x)}" cy="{num(y)}" r="{num(radius)}"/>'


def label(x: float, y: float, text: str) -> str:
    """A centred label; whatever the text contains, it stays text."""
    clean = escape(_NOT_IN_XML.sub("", text))
    return f'<text class="x" x="{num(x)}" y="{num(y)}" text-anchor="middle">{clean}</text>'


def boxes(x: float, y: float, width: float, height: float, count: int, step: float) -> str:
    """Path data of a row of equal boxes. One path for many boxes keeps the markup small."""
    box = data("h", width, "v", height, "h", -width, "z")
    return data("M", x, y) + data("m", step, 0).join([box] * count) if count > 0 else ""


def strokes(x: float, y: float, length: float, count: int, step: float) -> str:
    """Path data of a row of upright strokes (contacts, vents)."""
    return data("M", x, y) + data("m", step, -length).join([data("v", length)] * count) if count > 0 else ""


def lines(x: float, y: float, length: float, count: int, step: float) -> str:
    """Path data of a column of level lines (vents, print on a sticker)."""
    return data("M", x, y) + data("m", -length, step).join([data("h", length)] * count) if count > 0 else ""


def holes(radius: float, *centres: tuple[float, float]) -> str:
    """Screw holes: small thin circles in one path."""
    arc = data("a", radius, radius, 0, 1, 0, 2 * radius, 0, "a", radius, radius, 0, 1, 0, -2 * radius, 0)
    return path("t", *(data("M", x - radius, y) + arc for x, y in centres))


def width_line(left: float, right: float, y: float, text: str) -> str:
    """A level dimension line with its label in the gap; nothing when the fact is not recorded."""
    if not text:
        return ""
    middle, gap = (left + right) / 2, len(text) * LABEL_HALF_CHARACTER + 5
    marks = data("M", left, y - 5, "v10M", right, y - 5, "v10")
    if gap < (right - left) / 2 - 4:
        line = data("M", left, y, "H", middle - gap, "M", middle + gap, y, "H", right)
        return path("d", marks, line) + label(middle, y + 4, text)
    # Too narrow for a gap: the label goes under the line.
    return path("d", marks, data("M", left, y, "H", right)) + label(middle, y + 16, text)


def height_line(x: float, top: float, bottom: float, text: str) -> str:
    """An upright dimension line with its label in the gap; nothing when the fact is not recorded."""
    if not text:
        return ""
    middle = (top + bottom) / 2
    marks = data("M", x - 5, top, "h10M", x - 5, bottom, "h10")
    if bottom - top > 32:
        line = data("M", x, top, "V", middle - 10, "M", x, middle + 10, "V", bottom)
        return path("d", marks, line) + label(x, middle + 4, text)
    side = x - len(text) * LABEL_HALF_CHARACTER - 6
    return path("d", marks, data("M", x, top, "V", bottom)) + label(side, middle + 4, text)


def diagonal_line(left: float, top: float, right: float, bottom: float, text: str) -> str:
    """The diagonal of a screen with its size; nothing when the size is not recorded."""
    if not text:
        return ""
    width, height = right - left, bottom - top
    middle_x, middle_y = left + width / 2, top + height / 2
    scale = 21 / math.hypot(width, height)
    gap_x, gap_y = width * scale, height * scale
    return path(
        "d",
        data("M", left, bottom, "L", middle_x - gap_x, middle_y + gap_y),
        data("M", middle_x + gap_x, middle_y - gap_y, "L", right, top),
        data("M", left, bottom - 6, "v6h6M", right - 6, top, "h6v6"),
    ) + label(middle_x, middle_y + 4, text)


def fan(x: float, y: float, radius: float) -> str:
    """A fan seen from the front: ring, seven blades, hub."""
    rings = circle("s", x, y, radius) + circle("t", x, y, radius * 0.88)
    return rings + path("t", "M", x, y, _blades(radius)) + circle("o", x, y, _hub(radius))


def _hub(radius: float) -> float:
    return max(4.0, radius * 0.24)


@lru_cache(maxsize=64)
def _blades(radius: float) -> str:
    """The blades as steps from the centre, so that every fan of a size shares one piece of path data."""
    hub = _hub(radius)
    steps: list[str | float] = []
    at_x = at_y = 0.0
    for (root_x, root_y), (bend_x, bend_y), (tip_x, tip_y) in BLADES:
        from_x, from_y = hub * root_x, hub * root_y
        steps += ["m", from_x - at_x, from_y - at_y]
        at_x, at_y = radius * tip_x, radius * tip_y
        steps += ["q", radius * bend_x - from_x, radius * bend_y - from_y, at_x - from_x, at_y - from_y]
    return data(*steps)


def contacts(x: float, y: float, length: float, width: float, step: float = 5) -> str:
    """Edge contacts in the accent colour: strokes from x over the given width."""
    return path("a", strokes(x, y, length, int(width // step) + 1, step))
