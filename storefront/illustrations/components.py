"""Drawings of processor, memory, motherboard, graphics card and power supply."""
# ruff: noqa: PLR2004 - coordinates of a drawing are plain numbers

import math
from functools import lru_cache

from .facts import Specs, capacity, name, number, plain, whole, words
from .shapes import (
    Illustration,
    boxes,
    circle,
    contacts,
    data,
    fan,
    finish,
    holes,
    lines,
    path,
    rect,
    strokes,
    width_line,
    with_article,
)

ONE_FAN_BELOW_MM, TWO_FANS_BELOW_MM = 185, 270
MAX_CORES_DRAWN, MAX_MODULES_DRAWN = 64, 8
# Where the notch sits, as a part of the module's width; no generation fits another's slot.
NOTCH = {1: 0.56, 2: 0.52, 3: 0.4, 4: 0.464, 5: 0.49}


def processor(specs: Specs) -> Illustration:
    """A processor with one square per core and the heat spreader of its socket."""
    return _processor(name(specs, "socket"), whole(specs, "core_count", 1, 512))


@lru_cache(maxsize=256)
def _processor(socket: str, cores: int | None) -> Illustration:
    socket = socket.upper()
    noun = f"{socket} processor" if socket else "processor"
    if socket == "AM5":
        spreader = "M112 66H146l6-6h16l6 6h34v36l6 6v16l-6 6v36H174l-6 6h-16l-6-6H112V130l-6-6v-16l6-6Z"
    else:
        spreader = "M110 62H210q6 0 6 6V164q0 6-6 6H110q-6 0-6-6V68q0-6 6-6Z"
    return finish(
        with_article(f"{cores}-core {noun}" if cores else noun),
        rect("o", 94, 50, 132, 132, 4),
        path("o", spreader),
        path("af", "M97 179v-11l11 11Z"),
        _core_grid(min(cores, MAX_CORES_DRAWN)) if cores else path("t", lines(128, 104, 64, 3, 12)),
        path("t", strokes(100, 50, -5, 16, 8), strokes(100, 182, 5, 16, 8)),
        path("t", "M94 56", "m5 8".join(["h-5"] * 16), "M226 56", "m-5 8".join(["h5"] * 16)),
        width_line(94, 226, 206, f"{cores} core{'s' if cores > 1 else ''}" if cores else socket),
    )


def _core_grid(cores: int) -> str:
    """Squares in the most even rows: 6 as 3 x 2, 8 as 4 x 2, 16 as 4 x 4; a ragged last row is centred."""
    rows = next((r for r in range(math.isqrt(cores), 0, -1) if cores % r == 0 and cores <= 2.5 * r * r), 0)
    columns = cores // rows if rows else math.ceil(math.sqrt(cores))
    rows = math.ceil(cores / columns)
    # Halves keep the markup of a 64-core grid short.
    pitch = 19 if columns <= 4 else (156 // columns) / 2
    side = 14 if columns <= 4 else round(pitch * 0.74)
    squares = ""
    for row in range(rows):
        in_row = min(columns, cores - row * columns)
        x, y = 160 - ((in_row - 1) * pitch + side) / 2, 116 - ((rows - 1) * pitch + side) / 2 + row * pitch
        squares += boxes(x, y, side, side, in_row, pitch)
    return path("s", squares)


def memory(specs: Specs) -> Illustration:
    """Memory modules: as many as the kit has, long (DIMM) or short (SODIMM)."""
    form = words(specs, "form") or words(specs, "form_factor") or words(specs, "type")
    flat = form.replace("-", "").replace(" ", "")
    kind = "SODIMM" if "sodimm" in flat else "DIMM" if "dimm" in flat else ""
    generation = whole({"n": words(specs, "ddr_generation").removeprefix("ddr")}, "n", 1, 6)
    count, size_gb = whole(specs, "module_count", 1, 64), number(specs, "module_size_gb", 0.1, 4096)
    return _memory(count, kind, generation, size_gb)


@lru_cache(maxsize=256)
def _memory(count: int | None, kind: str, generation: int | None, size_gb: float | None) -> Illustration:
    what = " ".join(filter(None, (f"DDR{generation}" if generation else "", kind, "memory module")))
    total = count or 1
    drawn = min(total, MAX_MODULES_DRAWN)
    short = kind == "SODIMM"
    width, height = (150, 40) if short else (224, 34)
    columns = 2 if drawn > 4 or (short and drawn > 3) else 1
    if columns == 2:
        width = 112 if short else 122
    rows = math.ceil(drawn / columns)
    pitch = 40 if rows > 3 else 52
    if rows == 1:
        pitch = height
    module = _module(width, height, generation or 4, short)
    shapes = []
    for index in range(drawn):
        column, row = index % columns, index // columns
        x = 160 - width / 2 if columns == 1 else 160 - width - 8 + column * (width + 16)
        y = 112 - (rows * pitch - (pitch - height)) / 2 + row * pitch
        shapes += [path(kind_, "M", x, y, steps) for kind_, steps in zip("osa", module, strict=True)]
    text = f"DDR{generation}" if generation else ""
    if size_gb and count:
        text = f"{total} × {capacity(size_gb)}"
    edge = width / 2 if columns == 1 else width + 8
    return finish(
        with_article(what) if total == 1 else f"{total} {what}s",
        *shapes,
        width_line(160 - edge, 160 + edge, min(206, y + height + 40), text),
    )


@lru_cache(maxsize=32)
def _module(width: float, height: float, generation: int, short: bool) -> tuple[str, str, str]:
    """Board, chips and contacts of one module as steps from its corner, shared by all modules of a kit."""
    notch = round(width * NOTCH.get(generation, 0.49))
    chip, step, chip_height = (26.5, 31.5, height - 19) if short else (20, 25, height - 19)
    chips = int((width - 20) // step)
    start = (width - chips * step + step - chip) / 2
    before, after = (notch - 12) // 5, int((width - notch - 16) // 5)
    to_other_side = notch + 2 - (before - 1) * 5
    board = data("h", width, "v", height, "h", notch - width, "v-4h-6v4h", 6 - notch, "Z")
    contact = "v4"
    left, right = ("m5-4".join([contact] * count) for count in (before, after))
    return (
        board,
        "m" + boxes(start, 7, chip, chip_height, chips, step)[1:],
        data("m", 7, height - 6) + left + data("m", to_other_side, -4) + right,
    )


def motherboard(specs: Specs) -> Illustration:
    """A motherboard in the size of its form factor, with its memory slots."""
    form = words(specs, "form_factor").replace("-", " ").replace("µ", "micro")
    flat = form.replace(" ", "")
    if "itx" in flat or "dtx" in flat:
        size = ("Mini ITX", "ITX", 108, 108)
    elif "micro" in flat or "matx" in flat or "flex" in flat:
        size = ("microATX", "mATX", 132, 132)
    elif any(big in flat for big in ("eatx", "xlatx", "ssi", "hptx", "extended")):
        size = ("extended ATX", "E-ATX", 178, 156)
    elif "atx" in flat:
        size = ("ATX", "ATX", 150, 152)
    else:
        size = ("", "", 150, 152)
    return _motherboard(*size, 2 if whole(specs, "memory_slots", 1, 64) in (1, 2) else 4)


@lru_cache(maxsize=32)
def _motherboard(form: str, text: str, width: int, height: int, slots: int) -> Illustration:
    left, right, bottom = 160 - width / 2, 160 + width / 2, 36 + height
    cpu = left + (width - 62) / 2
    if height < 120:
        cpu = left + 34
    slot_x = (0, 6, 14, 20)[:slots]
    expansion = [data("M", left + 14, y, "h", 80) for y in (134, 148, 164, 176) if y < bottom - 10]
    return finish(
        with_article(f"{form} motherboard" if form else "motherboard"),
        rect("o", left, 36, width, height, 4),
        rect("s", cpu, 58, 44, 44, 2),
        rect("o", cpu + 8, 66, 28, 28, 1),
        path("t", *(data("M", min(cpu + 58, right - 28) + x, 50, "v62") for x in slot_x)),
        rect("s", left + 6, 42, 22, 62, 2),
        path("t", "M", left + 6, 58, "h22m-22 16h22m-22 14h22"),
        path("a", "M", left + 14, 128, "h80"),
        path("t", *expansion) if expansion else "",
        rect("s", right - 36, 130, 24, 24, 2) if height > 120 else rect("s", right - 18, 112, 10, 10, 2),
        holes(2.4, (left + 7, bottom - 7), (right - 7, 43)),
        width_line(left, right, 208, text),
    )


def video_card(specs: Specs) -> Illustration:
    """A graphics card in its recorded length, with the fans that fit on it."""
    return _video_card(number(specs, "length_mm", 60, 500))


@lru_cache(maxsize=256)
def _video_card(length_mm: float | None) -> Illustration:
    length = min(max(length_mm or 242, 130), 345)
    # 242 mm are 184 units, 304 mm are 228: the scale of all drawn cards.
    width = min(45 + length * 0.58, 240)
    fans = 1 if length < ONE_FAN_BELOW_MM else 2 if length < TWO_FANS_BELOW_MM else 3
    left = 166 - width / 2
    right, share = left + width, (width - 8) / fans
    radius = min(33.0, share / 2 - 3)
    text = f"{plain(length_mm)} mm" if length_mm else ""
    return finish(
        f"a graphics card, {text} long" if text else "a graphics card",
        path("o", "M", left - 10, 68, "h6v110h-6Z"),
        path("t", "M", left - 10, 68, "h-8M", left - 7, 86, "v12m0 8v12m0 8v12"),
        path("o", "M", left, 82, "H", right - 10, "l10 10V166H", left, "Z"),
        *(fan(left + 4 + share * (index + 0.5), 124, radius) for index in range(fans)),
        path("s", "M", left + 22, 166, "h70v9h-70Z"),
        contacts(left + 26, 168, 5, 62),
        width_line(left, right, 202, text),
        path("d", "M", left, 180, "V196M", right, 170, "V196") if text else "",
    )


def power_supply(specs: Specs) -> Illustration:
    """A power supply seen from its fan; SFX and TFX units are smaller than ATX ones."""
    form = words(specs, "type")
    small = next((kind for kind in ("sfx", "tfx", "flex") if kind in form), "")
    return _power_supply(number(specs, "wattage_w", 1, 5000), small)


@lru_cache(maxsize=256)
def _power_supply(watts: float | None, small: str) -> Illustration:
    noun = {"sfx": "SFX power supply", "tfx": "TFX power supply", "flex": "Flex ATX power supply"}.get(
        small, "power supply"
    )
    width, height, radius = (128, 104, 40) if small == "sfx" else (176, 82, 31) if small else (164, 116, 46)
    left, top = 160 - width / 2, 116 - height / 2
    right, x = left + width, left + 18 + radius
    # The inlet and the switch under it stand upright where the case is narrow.
    socket, inlet = (right - 22, 14) if small == "sfx" else (right - 38, 28)
    return finish(
        with_article(f"{plain(watts)} W {noun}" if watts else noun),
        rect("o", left, top, width, height, 4),
        circle("s", x, 116, radius),
        circle("t", x, 116, radius * 0.74),
        circle("t", x, 116, radius * 0.48),
        circle("o", x, 116, 9),
        path("t", "M", x, 116 - radius, "v", 2 * radius, "M", x - radius, 116, "h", 2 * radius),
        rect("s", socket, top + 14, inlet, 20, 2),
        rect("s", socket, top + 42, inlet, 14, 2),
        path("a", "M", socket + 2, top + min(82, height - 14), "h", inlet - 4),
        width_line(left, right, 204, f"{plain(watts)} W" if watts else ""),
    )
