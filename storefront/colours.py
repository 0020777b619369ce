"""Colours as WCAG 2.2 measures them, and the accents that a shop may wear."""

import re
from dataclasses import dataclass

HEX = re.compile(r"#[0-9a-f]{6}")
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: text of ordinary size


@dataclass(frozen=True)
class Theme:
    """The fixed colours of one theme that an accent must stand out from (the tokens of commercia.css)."""

    name: str
    grounds: dict[str, str]
    on_accent: str
    deeper: str


# `deeper` is what a hovered accent leans towards; `on_accent` are the words on a button.
LIGHT = Theme("light", {"paper": "#f7f9f8", "surface": "#ffffff", "sunken": "#edf1ef"}, "#ffffff", "#000000")
DARK = Theme("dark", {"paper": "#0e1412", "surface": "#151d1a", "sunken": "#1c2622"}, "#0e1412", "#ffffff")


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """Return `colour` with a `share` (0 to 1) of `other` in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def weakest(accent: str, theme: Theme) -> tuple[str, float]:
    """Return where the accent is hardest to read in this theme, in words, and the contrast there."""
    measured = {f"on the {name} ground {ground}": contrast(accent, ground) for name, ground in theme.grounds.items()}
    measured[f"under the words of a button {theme.on_accent}"] = contrast(accent, theme.on_accent)
    return min(measured.items(), key=lambda item: item[1])


def accent_tokens(accent: str, theme: Theme) -> dict[str, str]:
    """Return the custom properties that go with an accent that has passed `weakest`."""
    surface = theme.grounds["surface"]
    # As much of the accent in the tinted ground as leaves words in the accent readable on it.
    tints = (mix(surface, accent, share / 100) for share in range(14, -1, -1))
    return {
        "--accent": accent,
        "--accent-deep": mix(accent, theme.deeper, 0.28),
        "--on-accent": theme.on_accent,
        "--tint": next((tint for tint in tints if contrast(accent, tint) >= LEAST_CONTRAST), surface),
    }


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    red, green, blue = (
        share / 12.92 if (share := channel / 255) <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
