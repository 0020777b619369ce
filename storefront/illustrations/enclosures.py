"""Drawings of cases and of what cools them, with case accessories and thermal paste."""
# ruff: noqa: PLR2004 - coordinates of a drawing are plain numbers

from functools import lru_cache

from .facts import Specs, number, plain, whole, words
from .shapes import (
    Illustration,
    boxes,
    circle,
    contacts,
    data,
    fan,
    finish,
    height_line,
    holes,
    lines,
    path,
    rect,
    strokes,
    width_line,
    with_article,
)

MAX_KNOBS_DRAWN = 10
# Case types by the words in them, longest first: words for people, and the height of the drawn body.
TOWERS = (("full tower", 168), ("mid tower", 150), ("mini tower", 126), ("tower", 126))
BOARDS = (("micro", "microATX"), ("itx", "Mini ITX"), ("atx", "ATX"))


def case(specs: Specs) -> Illustration:
    """A computer case: upright by size, or lying for desktop and HTPC types; glass shows the inside."""
    kind = words(specs, "type").replace("-", " ")
    volume = number(specs, "external_volume_l", 0.5, 500)
    board = next((text for word, text in BOARDS if word in kind), "")
    for shape, height in TOWERS:
        if shape in kind:
            # A "tower" that is not qualified is a small one only with a small board.
            tall = 150 if shape == "tower" and board in ("", "ATX") else height
            glass = "glass" in words(specs, "side_panel")
            return _tower_case(f"{board} {shape} case".strip(), tall, glass, volume)
    if any(word in kind for word in ("desktop", "htpc", "slim")):
        noun = "HTPC" if "htpc" in kind else f"{board} {'slim' if 'slim' in kind else 'desktop'}".strip()
        return _desktop_case(f"{noun} case", volume)
    return _tower_case(f"{board} case".strip() if board else "computer case", 150, False, volume)


@lru_cache(maxsize=256)
def _tower_case(noun: str, height: int, glass: bool, volume: float | None) -> Illustration:
    width = round(height * 0.86)
    left, top = 160 - width / 2 - 8, 204 - height
    right = left + width
    inside = [rect("t", left + 10, top + 10, width - 20, height - 20, 2)]
    if glass:
        radius = height * 0.13
        inside = [
            rect("s", left + 8, top + 8, width - 16, height - 16, 2),
            rect("o", left + 16, top + 18, width * 0.42, height * 0.5, 1),
            fan(right - 14 - radius, top + 20 + radius, radius),
            fan(right - 14 - radius, top + 24 + 3 * radius, radius),
            path("a", "M", left + 22, top + height * 0.46, "h", width * 0.36),
            path("t", "M", left + 8, top + height - 34, "H", right - 8),
        ]
    else:
        inside.append(path("a", "M", left + 18, top + height - 20, "h14"))
        inside.append(path("t", lines(right - 50, top + height / 2 - 12, 30, 5, 6)))
    return finish(
        with_article(noun),
        rect("o", left, top, width, height, 4),
        path("s", "M", right, top + 4, "l16 8V", 194, "l-16 6Z"),
        *inside,
        path("o", "M", left + 10, 204, "v6h18v-6M", right - 28, 204, "v6h18v-6"),
        height_line(left - 24, top, 204, f"{plain(volume)} L" if volume else ""),
    )


@lru_cache(maxsize=128)
def _desktop_case(noun: str, volume: float | None) -> Illustration:
    return finish(
        with_article(noun),
        path("s", "M56 108l22-36H242l22 36Z"),
        path("o", "M56 108H264V178H56Z"),
        path("t", boxes(72, 120, 76, 13, 1, 0), lines(72, 146, 76, 3, 7)),
        circle("a", 244, 127, 6),
        path("t", boxes(176, 123, 16, 7, 2, 24)),
        path("t", strokes(176, 142, 24, 12, 6)),
        path("o", "M70 178v6h20v-6M230 178v6h20v-6"),
        width_line(56, 264, 204, f"{plain(volume)} L" if volume else ""),
    )


def case_fan(specs: Specs) -> Illustration:
    """A case fan, larger or smaller by its recorded size."""
    return _case_fan(number(specs, "size_mm", 20, 400))


@lru_cache(maxsize=64)
def _case_fan(size_mm: float | None) -> Illustration:
    half = 30 + min(max(size_mm or 120, 40), 200) * 0.24
    radius, x, y = half - 6, 160 - half, 112 - half
    corners = [(160 + dx, 112 + dy) for dx in (7 - half, half - 7) for dy in (7 - half, half - 7)]
    return finish(
        with_article(f"{plain(size_mm)} mm case fan" if size_mm else "case fan"),
        rect("o", x, y, 2 * half, 2 * half, 7),
        fan(160, 112, radius),
        holes(3, *corners),
        path("a", "M", 160 + half, 112 + half * 0.7, "q16 2 18 16"),
        width_line(160 - half, 160 + half, 206, f"{plain(size_mm)} mm" if size_mm else ""),
    )


def cpu_cooler(specs: Specs) -> Illustration:
    """A liquid cooler when a radiator is recorded, else a tower of fins with a fan."""
    radiator = whole(specs, "radiator_size_mm", 60, 600)
    return _radiator(radiator) if radiator else _air_tower()


@lru_cache(maxsize=64)
def _radiator(size_mm: int) -> Illustration:
    # Radiators are built for 140 mm fans (140, 280, 420) or for 120 mm fans.
    fan_mm = 140 if size_mm % 140 == 0 else 120
    fans = min(max(round(size_mm / fan_mm), 1), 4)
    radius = min(33.0 if fan_mm == 140 else 29.0, 108 / fans - 3)
    share = 2 * radius + 5
    width, height = share * fans + 18, 2 * radius + 14
    left, right, top = 146 - width / 2, 146 + width / 2, 50
    pump_x, pump_y = 234, 172
    middle = top + height / 2
    return finish(
        f"a liquid CPU cooler with {with_article(f'{size_mm} mm radiator')}",
        path("t", "M", right, middle - 8, "C", 300, middle - 8, 300, 154, pump_x + 14, pump_y - 6),
        path("t", "M", right, middle + 8, "C", 284, middle + 8, 280, 146, pump_x + 6, pump_y - 14),
        rect("o", left, top, width, height, 4),
        *(fan(left + 9 + share * (index + 0.5), middle, radius) for index in range(fans)),
        rect("o", pump_x - 32, pump_y - 20, 48, 48, 8),
        circle("s", pump_x - 8, pump_y + 4, 18),
        circle("a", pump_x - 8, pump_y + 4, 10),
        width_line(left, right, 34, f"{size_mm} mm"),
    )


@lru_cache(maxsize=1)
def _air_tower() -> Illustration:
    return finish(
        "a CPU cooler",
        path("t", strokes(112, 42, -10, 5, 24)),
        rect("o", 96, 44, 128, 124, 3),
        path("t", lines(96, 56, 128, 9, 12)),
        fan(160, 106, 54),
        path("s", "M136 168h48v14h-48Z"),
        path("a", "M132 186h56"),
        path("o", "M120 190h80v8h-80Z"),
    )


def fan_controller(specs: Specs) -> Illustration:
    """A controller for a drive bay, one knob per channel."""
    return _fan_controller(whole(specs, "channels", 1, 64))


@lru_cache(maxsize=64)
def _fan_controller(channels: int | None) -> Illustration:
    drawn = min(channels or 4, MAX_KNOBS_DRAWN)
    step = 176 / drawn
    radius = min(11.0, step / 2 - 2.5)
    knobs, pointers = "", []
    for index in range(drawn):
        x = 72 + step * (index + 0.5)
        knobs += circle("s", x, 124, radius)
        pointers.append(data("M", x, 124, "l", radius * 0.6, -radius * 0.6))
    text = f"{channels} channel{'s' if channels > 1 else ''}" if channels else ""
    return finish(
        f"a fan controller with {text}" if text else "a fan controller",
        path("s", "M52 100l20-34H248l20 34Z"),
        rect("o", 48, 100, 224, 48, 3),
        holes(2, (57, 108), (263, 108), (57, 140), (263, 140)),
        knobs,
        path("a", *pointers),
        width_line(48, 272, 186, text),
    )


def thermal_paste(specs: Specs) -> Illustration:
    """A syringe with the recorded amount on it."""
    return _thermal_paste(number(specs, "amount_g", 0.1, 5000))


@lru_cache(maxsize=64)
def _thermal_paste(grams: float | None) -> Illustration:
    text = f"{plain(grams)} g" if grams else ""
    return finish(
        f"a syringe of thermal paste, {text}" if text else "a syringe of thermal paste",
        path("o", "M52 108h8v9h36v14H60v9h-8Z"),
        path("o", "M96 96h8V152h-8Z"),
        path("o", "M104 104H220q4 0 6 5l4 9h26v12h-26l-4 9q-2 5-6 5H104Z"),
        rect("s", 128, 110, 84, 28, 2),
        path("t", strokes(140, 110, 8, 7, 10)),
        path("a", "M256 124h14q8 0 8 8"),
        width_line(104, 256, 184, text),
    )


def case_accessory(specs: Specs) -> Illustration:
    """A card reader, an LED controller, or a mounting frame for anything else."""
    kind = words(specs, "type")
    if "reader" in kind:
        return _card_reader()
    if "led" in kind or "light" in kind:
        return _led_controller()
    return _mounting_frame()


@lru_cache(maxsize=1)
def _card_reader() -> Illustration:
    return finish(
        "a card reader for a computer case",
        path("s", "M64 96l18-30H238l18 30Z"),
        rect("o", 60, 96, 200, 54, 3),
        path("s", boxes(76, 108, 50, 5, 2, 62), boxes(76, 128, 34, 5, 2, 48)),
        rect("t", 202, 122, 18, 14),
        circle("a", 240, 110, 3),
        path("t", "M206 127h10"),
        holes(2, (67, 103), (253, 103), (67, 143), (253, 143)),
    )


@lru_cache(maxsize=1)
def _led_controller() -> Illustration:
    return finish(
        "an LED controller",
        path("a", "M196 96C232 96 236 62 268 62"),
        path("t", "M196 112C246 112 246 90 276 90M124 140v26q0 12-14 12H60"),
        rect("o", 104, 72, 92, 68, 6),
        rect("s", 118, 86, 64, 24, 3),
        path("t", boxes(118, 120, 12, 8, 4, 17)),
        path("o", "M206 160H276v12H206Z"),
        *(circle("af", x, 166, 2.5) for x in (216, 232, 248, 264)),
    )


@lru_cache(maxsize=1)
def _mounting_frame() -> Illustration:
    return finish(
        "a case accessory",
        path("o", "M86 64H234V168H214V84H106V168H86Z"),
        path("s", "M106 140H214V168H106Z"),
        holes(4, (96, 78), (224, 78), (96, 152), (224, 152), (160, 74)),
        path("t", boxes(120, 148, 22, 10, 3, 29)),
        contacts(150, 186, 10, 20, 10),
    )
