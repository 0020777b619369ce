"""Drawings of what stands around a computer: keyboard, mouse, sound, camera, power backup, software."""

import re
from functools import lru_cache

from .facts import Specs, flag, number, plain, words
from .shapes import (
    Illustration,
    boxes,
    circle,
    finish,
    holes,
    lines,
    path,
    rect,
    strokes,
    width_line,
    with_article,
)

_RESOLUTION = re.compile(r"\d{3,4}p|\d{1,2}k")


def keyboard(specs: Specs) -> Illustration:
    """A keyboard with or without its number pad."""
    return _keyboard(flag(specs, "tenkeyless"))


@lru_cache(maxsize=3)
def _keyboard(tenkeyless: bool | None) -> Illustration:
    noun = {True: "keyboard without a number pad", False: "full-size keyboard", None: "keyboard"}[tenkeyless]
    left, right = (58, 262) if tenkeyless else (36, 284)
    x, rows = left + 8, (86, 105, 120, 135)
    step, key = 12.0, 9.4
    # Fourteen keys a row, then either the arrow block or the number pad: two or four keys.
    block, columns = (x + 14 * step + 3, 2) if tenkeyless else (x + 14 * step + 17, 4)
    keys = [boxes(x, y, key, 11, 14, step) + boxes(block, y, key, 11, columns, step) for y in rows]
    keys += [
        boxes(x, 150, 1.6 * step, 11, 2, 1.9 * step),
        boxes(x + 10.2 * step, 150, 1.6 * step, 11, 2, 1.9 * step),
        boxes(block, 150, key, 11, columns, step),
    ]
    return finish(
        with_article(noun),
        path("o", "M", left, 82, "q0-5 5-5H", right - 5, "q5 0 5 5V160q0 6-6 6H", left + 6, "q-6 0-6-6Z"),
        path("t", *keys),
        rect("a", x + 3.9 * step, 150, 5.9 * step, 11, 1),
    )


def mouse(specs: Specs) -> Illustration:
    """A mouse, with a cable unless it is recorded as wireless only."""
    connection = words(specs, "connection_type")
    if "wireless" in connection or "bluetooth" in connection:
        return _mouse("wireless mouse", "wired" in connection.replace("wireless", ""))
    return _mouse("wired mouse" if "wired" in connection else "mouse", True)


@lru_cache(maxsize=4)
def _mouse(noun: str, cable: bool) -> Illustration:
    return finish(
        with_article(noun),
        path("o", "M124 100q0-44 36-44t36 44v40q0 44-36 44t-36-44Z"),
        path("t", "M124 106q36 12 72 0M160 56v54"),
        rect("a", 155, 72, 10, 22, 5),
        path("t", "M160 56V36") if cable else path("t", "M146 46q14-14 28 0M139 37q21-20 42 0"),
    )


def headphones(specs: Specs) -> Illustration:
    """Headphones over or on the ear, or earphones; with the microphone if there is one."""
    kind = words(specs, "type")
    radio = flag(specs, "wireless") is True
    microphone = flag(specs, "microphone") is True
    if "in ear" in kind or "in-ear" in kind or "earbud" in kind:
        return _earphones("earbuds" if "bud" in kind else "in-ear headphones", radio, microphone)
    worn = "over-ear" if "circum" in kind or "over" in kind else "on-ear" if "supra" in kind else ""
    return _headphones(worn, radio, microphone)


def _headphone_words(noun: str, radio: bool, microphone: bool) -> str:
    # "a pair of": the sentence starts "Illustration of", and headphones have no singular.
    return f"a pair of {'wireless ' if radio else ''}{noun}{' with a microphone' if microphone else ''}"


@lru_cache(maxsize=16)
def _headphones(worn: str, radio: bool, microphone: bool) -> Illustration:
    height = 40 if worn == "on-ear" else 54
    top = 157 - height / 2
    return finish(
        _headphone_words(f"{worn} headphones".strip(), radio, microphone),
        path("o", "M92 140V116q0-62 68-62t68 62v24h-10V118q0-52-58-52t-58 52v22Z"),
        rect("s", 82, top, 26, height, 9),
        rect("s", 212, top, 26, height, 9),
        path(
            "t",
            "M108",
            top + 6,
            "q8 2 8 10V",
            top + height - 16,
            "q0 8-8 10M212",
            top + 6,
            "q-8 2-8 10V",
            top + height - 16,
            "q0 8 8 10",
        )
        + path("t", "M204", top + height - 16, "q0 8 8 10"),
        "" if radio else path("t", "M95", top + height, "q0 24 28 24"),
        path("a", "M225", top + height, "q0 22-40 22") + rect("o", 170, top + height + 16, 18, 11, 5)
        if microphone
        else path("a", "M95 150v14M225 150v14"),
    )


@lru_cache(maxsize=8)
def _earphones(noun: str, radio: bool, microphone: bool) -> Illustration:
    cable = "" if radio else path("t", "M105 124C105 190 160 150 160 204M215 124C215 190 160 150 160 204")
    return finish(
        _headphone_words(noun, radio, microphone),
        cable,
        path("o", "M98 96h14V140q0 6-7 6t-7-6Z"),
        path("o", "M208 96h14V140q0 6-7 6t-7-6Z"),
        circle("o", 108, 84, 24),
        circle("o", 212, 84, 24),
        circle("s", 124, 84, 13),
        circle("s", 196, 84, 13),
        path("a", "M105 130v10M215 130v10"),
        rect("o", 155, 176, 10, 18, 4) if microphone and not radio else "",
    )


def speakers(specs: Specs) -> Illustration:
    """One box, two boxes, or a set with a subwoofer, by the recorded configuration."""
    text = words(specs, "configuration")
    pair = {"front": text[:1], "low": text[2:3]}
    boxes_, low = number(pair, "front", 1, 9), number(pair, "low", 1, 4)
    # Only forms such as "2", "2.0", "5.1" are configurations; "20 W" or "1/2" is not.
    if boxes_ is None or not re.fullmatch(r"[1-9](?:\.[0-4])?", text):
        return _speakers(None, False)
    return _speakers(int(boxes_), bool(low))


def _speaker(x: float, y: float, width: float, height: float) -> str:
    """One box with tweeter and woofer."""
    middle, woofer = x + width / 2, width * 0.34
    low = y + height - woofer - width * 0.14
    return (
        rect("o", x, y, width, height, 4)
        + circle("s", middle, low, woofer)
        + circle("t", middle, low, woofer * 0.5)
        + (circle("s", middle, y + width * 0.3, width * 0.17) if height > 1.4 * width else "")
    )


@lru_cache(maxsize=32)
def _speakers(count: int | None, subwoofer: bool) -> Illustration:
    if count == 1 and not subwoofer:
        return finish("a speaker", _speaker(120, 48, 80, 140), path("a", "M150 196h20"))
    if not subwoofer and count in (None, 2):
        noun = "a pair of speakers" if count else "speakers"
        pair_of_boxes = _speaker(78, 62, 66, 124) + _speaker(176, 62, 66, 124)
        return finish(noun, pair_of_boxes, path("a", "M104 194h14M202 194h14"))
    total = count or 2
    text = f"{total}.{1 if subwoofer else 0}"
    # Satellites stand on both sides of the subwoofer, or close up when there is none.
    left, right = (total + 1) // 2, total // 2
    width = min(36, 94 // left - 6)
    height, centre = width * 1.9, 44.0 if subwoofer else 0.0
    places = [154 - centre - (width + 6) * (n + 1) for n in range(left)]
    places += [166 + centre + (width + 6) * n for n in range(right)]
    shapes = [_speaker(x, 184 - height, width, height) for x in places]
    if subwoofer:
        shapes += [rect("o", 118, 84, 84, 100, 4), circle("s", 160, 132, 32), circle("t", 160, 132, 18)]
        shapes.append(path("a", "M150 174h20"))
    else:
        shapes.append(path("a", "M150 194h20"))
    return finish(f"{text} speakers", *shapes, width_line(min(places), max(places) + width, 208, text))


def webcam(specs: Specs) -> Illustration:
    """A webcam with its best recorded resolution."""
    best = _RESOLUTION.match(words(specs, "resolutions"))
    return _webcam(best[0].upper() if best and best[0].endswith("k") else best[0] if best else "")


@lru_cache(maxsize=32)
def _webcam(resolution: str) -> Illustration:
    return finish(
        with_article(f"{resolution} webcam" if resolution else "webcam"),
        path("o", "M146 136H174L178 160H142Z"),
        path("s", "M108 160H212q6 0 6 6v8H102v-8q0-6 6-6Z"),
        path("o", "M118 174H202v12H118Z"),
        rect("o", 76, 62, 168, 74, 32),
        circle("s", 160, 99, 29),
        circle("t", 160, 99, 20),
        circle("a", 160, 99, 10),
        circle("af", 214, 99, 3),
        path("t", lines(98, 91, 18, 3, 8)),
        width_line(76, 244, 208, resolution),
    )


def ups(specs: Specs) -> Illustration:
    """An uninterruptible power supply with its recorded capacity."""
    return _ups(number(specs, "capacity_va", 50, 1e6))


@lru_cache(maxsize=128)
def _ups(volt_amperes: float | None) -> Illustration:
    text = f"{plain(volt_amperes)} VA" if volt_amperes else ""
    noun = "uninterruptible power supply"
    return finish(
        f"a {text} {noun}" if text else f"an {noun}",
        path("o", "M112 42H190V192H112Z"),
        path("s", "M190 42l36 12V180l-36 12Z"),
        rect("s", 124, 56, 54, 34, 3),
        path("a", "M153 60l-8 14h12l-8 13"),
        circle("t", 151, 108, 7),
        path("t", strokes(151, 98, 8, 1, 0), lines(124, 134, 54, 6, 8)),
        path("t", "M198 82l20 6M198 94l20 6M198 106l20 6"),
        path("o", "M118 192v6h16v-6M168 192v6h16v-6"),
        width_line(112, 190, 210, text),
    )


def operating_system(specs: Specs) -> Illustration:
    """Software: a disc when a disc is recorded, else a box."""
    media = " ".join(words(specs, key) for key in ("media", "format", "medium", "delivery"))
    return _system_disc() if any(word in media for word in ("dvd", "disc", "cd-rom")) else _system_box()


@lru_cache(maxsize=1)
def _system_disc() -> Illustration:
    return finish(
        "an operating system disc",
        rect("o", 78, 44, 164, 156, 4),
        path("t", "M92 44V200"),
        circle("s", 168, 122, 66),
        circle("t", 168, 122, 56),
        circle("a", 168, 122, 24),
        circle("o", 168, 122, 9),
        holes(1.5, (85, 62), (85, 182)),
    )


@lru_cache(maxsize=1)
def _system_box() -> Illustration:
    # A prompt, the mark of no maker in particular.
    return finish(
        "an operating system",
        path("o", "M98 48H194V200H98Z"),
        path("s", "M194 48l34 12V188l-34 12Z"),
        path("a", "M126 92l16 14-16 14M148 122h20"),
        path("t", lines(112, 156, 68, 2, 10), "M112 176h40M98 64h96"),
    )
