"""Drawings of drives: internal, external, optical."""
# ruff: noqa: PLR2004, PLR0911 - coordinates of a drawing are plain numbers

import re
from functools import lru_cache

from .facts import Specs, capacity, number, words
from .shapes import (
    Illustration,
    boxes,
    circle,
    contacts,
    finish,
    holes,
    lines,
    path,
    rect,
    strokes,
    width_line,
    with_article,
)

# Lengths of M.2 cards as they are sold; anything else is drawn as the common 2280.
M2_WIDTHS = {"2230": 92, "2242": 116, "2260": 152, "2280": 188, "22110": 236}
_M2_SIZE = re.compile(r"22\d{2,3}")


def internal_drive(specs: Specs) -> Illustration:
    """An M.2 card, a 2.5 inch or 3.5 inch drive, or one of the rarer forms."""
    form = words(specs, "form_factor")
    kind = words(specs, "type")
    size = number(specs, "capacity_gb", 0.1, 1e6)
    if "m.2" in form or form.startswith("m2"):
        found = _M2_SIZE.search(form)
        return _m2(found[0] if found and found[0] in M2_WIDTHS else "", size)
    if "msata" in form:
        return _msata(size)
    if "pcie" in form or "add-in" in form:
        return _card_drive(size)
    # The catalogue records either "SSD" or the speed of the platters.
    platters = kind[:1].isdigit() or "hdd" in kind or "hard" in kind
    noun = "SSD" if "ssd" in kind else "hard drive" if platters else ""
    if form.startswith("3.5") and noun != "SSD":
        return _platter_drive("3.5", noun or "drive", size)
    if form.startswith("2.5") and noun == "hard drive":
        return _platter_drive("2.5", noun, size)
    if form.startswith(("2.5", "3.5")):
        return _flat_drive(form[:3], noun or "drive", size)
    if noun == "SSD" or "ssd" in form:
        return _flat_drive("", "SSD", size)
    return _platter_drive("", noun or "internal drive", size)


def _drive_label(first: str, size: float | None) -> str:
    return " · ".join(filter(None, (first, capacity(size))))


def _inch_words(inches: str, noun: str) -> str:
    return with_article(f"{inches} inch {noun}" if inches else noun)


@lru_cache(maxsize=128)
def _m2(code: str, size: float | None) -> Illustration:
    width = M2_WIDTHS.get(code, M2_WIDTHS["2280"])
    left, right = 160 - width / 2, 160 + width / 2
    # The controller stands next to the contacts, memory chips fill what length remains.
    chips = max(1, int((width - 66) // 46))
    return finish(
        with_article(f"M.2 {code} SSD" if code else "M.2 SSD"),
        path("o", "M", left, 92, "H", right, "V110q-7 0-7 6t7 6V140H", left, "V128h6v-7h-6Z"),
        path("a", "M", left + 2, 95, "h6m-6 5h6m-6 5h6m-6 5h6m-6 5h6m-6 16h6m-6 4h6"),
        rect("s", left + 20, 101, min(42, width - 50), 30, 2) if width < 120 else "",
        path("s", boxes(left + 22, 101, 36, 30, chips + 1, 46)) if width >= 120 else "",
        path("t", "M", left + 28, 108, "h20m-20 5h14"),
        width_line(left, right, 176, _drive_label(code, size)),
    )


@lru_cache(maxsize=64)
def _msata(size: float | None) -> Illustration:
    return finish(
        "an mSATA SSD",
        path("o", "M98 76H222V152H216v8H150v-8h-6v8H104v-8H98Z"),
        path("s", boxes(110, 92, 44, 40, 2, 54)),
        path("t", "M116 100h24m-24 6h16"),
        holes(3.5, (106, 84), (214, 84)),
        path("a", strokes(109, 154, 4.5, 7, 5), strokes(155, 154, 4.5, 12, 5)),
        width_line(98, 222, 196, capacity(size)),
    )


@lru_cache(maxsize=64)
def _card_drive(size: float | None) -> Illustration:
    return finish(
        "a PCIe card SSD",
        path("o", "M68 68h6v110h-6Z"),
        path("t", "M68 68h-8M71 86v12m0 8v12m0 8v12"),
        rect("o", 78, 84, 176, 76, 3),
        path("s", boxes(96, 98, 34, 44, 4, 38)),
        path("s", "M98 160h58v9H98Z"),
        contacts(102, 162, 5, 50),
        width_line(78, 254, 202, capacity(size)),
    )


@lru_cache(maxsize=128)
def _flat_drive(inches: str, noun: str, size: float | None) -> Illustration:
    return finish(
        _inch_words(inches, noun),
        rect("o", 100, 48, 120, 134, 6),
        rect("s", 114, 64, 92, 66, 2),
        path("t", "M122 76h44M122 84h30M122 92h36"),
        holes(2, (108, 56), (212, 56), (108, 174), (212, 174)),
        contacts(130, 176, 6, 60),
        width_line(100, 220, 206, _drive_label(f"{inches}″" if inches else "", size)),
    )


@lru_cache(maxsize=128)
def _platter_drive(inches: str, noun: str, size: float | None) -> Illustration:
    text = _drive_label(f"{inches}″" if inches else "", size)
    if inches == "2.5":
        return finish(
            _inch_words(inches, noun),
            rect("o", 108, 50, 104, 130, 5),
            circle("s", 160, 102, 40),
            circle("t", 160, 102, 27),
            circle("o", 160, 102, 8),
            path("o", "M200 166l-32-52-7 3 26 53Z"),
            circle("a", 194, 164, 5),
            holes(2, (115, 57), (205, 57), (115, 173)),
            width_line(108, 212, 206, text),
        )
    return finish(
        _inch_words(inches, noun),
        rect("o", 96, 46, 128, 140, 6),
        circle("s", 160, 104, 44),
        circle("t", 160, 104, 30),
        circle("o", 160, 104, 10),
        path("o", "M206 168l-34-52-8 3 26 54Z"),
        circle("a", 200, 168, 6),
        holes(2.5, (106, 56), (214, 56), (106, 176)),
        width_line(96, 224, 206, text),
    )


def external_drive(specs: Specs) -> Illustration:
    """A drive in its own case: small and portable, or upright for the desk."""
    kind = words(specs, "type")
    form = "desktop" if "desktop" in kind else "portable" if "portable" in kind else ""
    return _external_drive(form, number(specs, "capacity_gb", 0.1, 1e6))


@lru_cache(maxsize=128)
def _external_drive(form: str, size: float | None) -> Illustration:
    words_ = with_article(f"{form} external drive" if form else "external drive")
    if form == "desktop":
        return finish(
            words_,
            path("o", "M120 46H184q6 0 6 6V184H114V52q0-6 6-6Z"),
            path("s", "M190 54l26 8V176l-26 8Z"),
            path("t", lines(126, 150, 52, 4, 7)),
            path("t", "M196 70l14 4M196 80l14 4M196 90l14 4"),
            circle("a", 152, 66, 4),
            path("o", "M120 184v6h14v-6M170 184v6h14v-6"),
            width_line(114, 190, 208, capacity(size)),
        )
    return finish(
        words_,
        path("t", "M160 60C160 36 190 50 206 36"),
        rect("o", 110, 68, 100, 116, 10),
        rect("s", 150, 60, 20, 8, 1),
        rect("t", 120, 78, 80, 96, 5),
        path("a", "M152 162h16"),
        path("t", "M132 96h30M132 104h18"),
        width_line(110, 210, 206, capacity(size)),
    )


def optical_drive(specs: Specs) -> Illustration:
    """A drive with its tray out; the name tells the best disc it reads."""
    if number(specs, "bd", 1, 100) or words(specs, "bd_write"):
        return _optical_drive("Blu-ray drive")
    if number(specs, "dvd", 1, 100) or words(specs, "dvd_write"):
        return _optical_drive("DVD drive")
    return _optical_drive("optical drive")


@lru_cache(maxsize=4)
def _optical_drive(noun: str) -> Illustration:
    return finish(
        with_article(noun),
        path("s", "M66 112l20-46H234l20 46Z"),
        path("o", "M62 112H258V152H62Z"),
        path("o", "M84 134H236l10 38H74Z"),
        '<ellipse class="s" cx="160" cy="153" rx="62" ry="15"/>',
        '<ellipse class="o" cx="160" cy="153" rx="13" ry="3.4"/>',
        path("o", "M74 172H246v6H74Z"),
        circle("a", 244, 122, 3.5),
        path("t", "M74 122h44M212 122h16"),
        rect("t", 226, 174, 12, 2),
    )
