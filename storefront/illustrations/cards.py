"""Drawings of add-in cards and adapters: wired and wireless network, sound."""

import re
from functools import lru_cache

from .facts import Specs, name, words
from .shapes import (
    Illustration,
    boxes,
    circle,
    contacts,
    data,
    finish,
    holes,
    path,
    rect,
    width_line,
    with_article,
)

# Length of the contact strip by PCI Express lanes; a plain PCI card has the long one.
STRIPS = {"1": 22, "2": 30, "4": 40, "8": 62, "16": 92}
_LANES = re.compile(r"x(1|2|4|8|16)\b")
_BUS = re.compile(r"usb|mini-pcie|pcie|pci|m\.2")
_BUS_NAMES = {"usb": "USB", "mini-pcie": "Mini PCIe", "pcie": "PCIe", "pci": "PCI", "m.2": "M.2"}
_CHANNELS = re.compile(r"[1-9](?:\.[0-4])?")


def _bus_and_strip(specs: Specs) -> tuple[str, int]:
    """How the card plugs in: the name of the bus and the width of its contacts."""
    text = words(specs, "interface")
    found = _BUS.search(text)
    lanes = _LANES.search(text)
    bus = _BUS_NAMES[found[0]] if found else ""
    return bus, STRIPS[lanes[1]] if lanes else 92 if bus == "PCI" else 22


def _card(strip: int, height: int = 74) -> tuple[str, ...]:
    """Bracket, board and contacts, the ground of every add-in card."""
    bottom = 84 + height
    return (
        path("o", "M72 64h6v118h-6Z"),
        path("t", "M72 64h-8"),
        rect("o", 82, 84, 164, height, 3),
        path("s", "M100", bottom, "h", strip, "v10h", -strip, "Z"),
        contacts(103.5, bottom + 2.5, 5.5, strip - 6),
    )


def _usb_stick(*extra: str) -> tuple[str, ...]:
    """A USB adapter lying flat, plug to the left."""
    return (
        rect("s", 66, 106, 44, 28, 1),
        path("t", boxes(76, 112, 9, 5, 2, 15)),
        rect("o", 110, 98, 132, 44, 9),
        circle("a", 222, 120, 4),
        *extra,
    )


def wired_network_card(specs: Specs) -> Illustration:
    """A network card or USB adapter with its socket."""
    return _wired_network_card(*_bus_and_strip(specs))


@lru_cache(maxsize=32)
def _wired_network_card(bus: str, strip: int) -> Illustration:
    noun = with_article(" ".join(filter(None, (bus, "wired network", "adapter" if bus == "USB" else "card"))))
    if bus == "USB":
        socket = path("s", "M214 106h28v28h-28v-8h-6v-12h6Z")
        cable = path("t", "M110 120H84")
        plug = rect("s", 48, 108, 36, 24, 2)
        body = rect("o", 110, 90, 132, 60, 8)
        return finish(noun, cable, plug, body, socket, path("a", "M128 108h20M128 132h20"))
    return finish(
        noun,
        *_card(strip),
        # The socket looks out through the bracket.
        rect("s", 66, 96, 42, 40, 2),
        path("t", "M66 104h10v-4h10v32h-10v-4h-10"),
        rect("s", 150, 100, 34, 34, 2),
        path("t", boxes(200, 102, 30, 8, 1, 0), boxes(200, 118, 30, 8, 1, 0)),
        path("a", "M112 100h8M112 132h8"),
        holes(2.5, (238, 92), (238, 150)),
        width_line(82, 246, 206, bus),
    )


def wireless_network_card(specs: Specs) -> Illustration:
    """A Wi-Fi card with antennas, a USB adapter, or a small card for the inside of a laptop."""
    bus, strip = _bus_and_strip(specs)
    return _wireless_network_card(name(specs, "protocol"), bus, strip)


@lru_cache(maxsize=128)
def _wireless_network_card(protocol: str, bus: str, strip: int) -> Illustration:
    kind = "adapter" if bus == "USB" else "card"
    noun = with_article(" ".join(filter(None, (protocol, bus, "wireless network", kind))))
    if bus == "USB":
        waves = path("a", "M252 106q10 14 0 28M262 98q16 22 0 44")
        print_ = path("t", "M128 112h36M128 122h24")
        return finish(noun, *_usb_stick(waves, print_), width_line(66, 242, 184, protocol))
    if bus in ("M.2", "Mini PCIe"):
        return finish(
            noun,
            rect("o", 98, 64, 124, 112, 4),
            rect("s", 116, 92, 88, 56, 2),
            circle("a", 128, 77, 5),
            circle("a", 192, 77, 5),
            path("t", "M128 72V44M192 72V44"),
            path("t", "M126 108h40M126 118h26"),
            contacts(110, 170, 6, 100),
            width_line(98, 222, 206, protocol),
        )
    rods = ((36, 98), (55, 128))
    antennas = "".join(data("M", x, 34, "h8q3 0 3 3V", y, "h-14V37q0-3 3-3Z") for x, y in rods)
    return finish(
        noun,
        path("o", antennas),
        *_card(strip),
        path("o", "M62 92h6v16h-6ZM62 124h6v14h-6Z"),
        path("t", "M43 98q0 4 19 2M60 128q0 4 4 4"),
        path("s", boxes(110, 96, 76, 50, 1, 0)),
        path("t", "M118 108h36M118 118h24"),
        path("a", "M208 130q8-8 16 0M203 122q13-12 26 0M198 114q18-16 36 0"),
        circle("af", 216, 138, 2.5),
        width_line(82, 246, 206, protocol),
    )


def sound_card(specs: Specs) -> Illustration:
    """A sound card with its row of jacks."""
    channels = words(specs, "channels")
    return _sound_card(channels if _CHANNELS.fullmatch(channels) else "", *_bus_and_strip(specs))


@lru_cache(maxsize=64)
def _sound_card(channels: str, bus: str, strip: int) -> Illustration:
    jacks = "".join(rect("s", 66, y, 18, 12, 2) + circle("t", 75, y + 6, 3) for y in (90, 107, 124, 141))
    return finish(
        with_article(" ".join(filter(None, (f"{channels} channel" if channels else "", bus, "sound card")))),
        *_card(strip),
        jacks,
        rect("s", 108, 100, 36, 36, 2),
        *(circle("s", x, y, 8) for x in (168, 190, 212) for y in (102, 124)),
        path("t", "M162 102h12M184 102h12M206 102h12M162 124h12M184 124h12M206 124h12"),
        path("a", "M160 146h8l4-8 6 14 6-12 4 6h36"),
        width_line(82, 246, 206, channels),
    )
