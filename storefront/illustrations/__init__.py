"""Product illustrations drawn from recorded facts.

A product without photos shows a workshop drawing. It claims nothing that is not recorded: a fact that is
missing or absurd leaves its mark out and falls back to a neutral shape. Drawings are pure functions of their
facts, and each is made once per combination of facts (``lru_cache`` in the family modules).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from markupsafe import Markup

from . import cards, components, computers, enclosures, peripherals, storage
from .facts import Specs
from .shapes import Illustration, finish, path, with_article

__all__ = ["DRAWINGS", "describe", "draw"]

DRAWINGS: dict[str, Callable[[Specs], Illustration]] = {
    "case": enclosures.case,
    "case-accessory": enclosures.case_accessory,
    "case-fan": enclosures.case_fan,
    "cpu": components.processor,
    "cpu-cooler": enclosures.cpu_cooler,
    "desktops": computers.desktop,
    "external-hard-drive": storage.external_drive,
    "fan-controller": enclosures.fan_controller,
    "headphones": peripherals.headphones,
    "internal-hard-drive": storage.internal_drive,
    "keyboard": peripherals.keyboard,
    "laptops": computers.laptop,
    "memory": components.memory,
    "monitor": computers.monitor,
    "monitors": computers.monitor,
    "motherboard": components.motherboard,
    "mouse": peripherals.mouse,
    "optical-drive": storage.optical_drive,
    "os": peripherals.operating_system,
    "power-supply": components.power_supply,
    "servers": computers.server,
    "sound-card": cards.sound_card,
    "speakers": peripherals.speakers,
    "thermal-paste": enclosures.thermal_paste,
    "ups": peripherals.ups,
    "video-card": components.video_card,
    "webcam": peripherals.webcam,
    "wired-network-card": cards.wired_network_card,
    "wireless-network-card": cards.wireless_network_card,
}
MAX_NOUN_CHARACTERS = 80


def draw(category_slug: str, specs: Mapping[str, object], *, title: str) -> Markup:
    """The complete ``<svg>`` for a product. ``title`` names the thing only where the category cannot."""
    return _illustrate(category_slug, specs, title).svg


def describe(category_slug: str, specs: Mapping[str, object]) -> str:
    """The alt text of the drawing: "Illustration of a 14 inch laptop, not a photo of this item"."""
    return _illustrate(category_slug, specs, "").alt


def _illustrate(category_slug: str, specs: Mapping[str, object], title: str) -> Illustration:
    drawing = DRAWINGS.get(category_slug) if isinstance(category_slug, str) else None
    if drawing is None:
        noun = " ".join(title[: 4 * MAX_NOUN_CHARACTERS].split()) if isinstance(title, str) else ""
        return _unknown(noun[:MAX_NOUN_CHARACTERS].rstrip() or "computer part")
    # A JSON column may hold a list or null where an object is expected.
    return drawing(specs if isinstance(specs, Mapping) else {})


@lru_cache(maxsize=256)
def _unknown(noun: str) -> Illustration:
    return finish(
        with_article(noun),
        path("o", "M92 92l68-30 68 30v72l-68 32-68-32Z"),
        path("t", "M92 92l68 32 68-32M160 124v72"),
        path("a", "M126 77l68 31v20"),
    )
