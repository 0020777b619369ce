"""Specs and options in words, with the units of their category."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.models import Category, Variant

CLOSE_UNITS = frozenset("″°")
# Makers of drives count so; memory of 1024 GB stays in GB.
TERABYTE = 1000


def spec_text(definition: Mapping[str, Any], value: object) -> str:
    """Write one value with its unit: "16 GB", "14″", "yes", "USB-C, HDMI". An unknown value is ""."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    text = f"{Decimal(str(value)).normalize():f}" if isinstance(value, int | float | Decimal) else str(value)
    unit = definition.get("unit") or ""
    if unit == "GB" and isinstance(value, int) and value >= TERABYTE and value % 10 == 0:
        text, unit = f"{Decimal(value) / TERABYTE:f}", "TB"
    # Signs such as ″ and ° stand close; letters and × do not.
    space = "" if unit in CLOSE_UNITS else "\N{NO-BREAK SPACE}"
    return f"{text}{space}{unit}" if unit else text


def options_text(variant: Variant, category: Category) -> str:
    """Write the chosen configuration of `variant`: "16 GB · 512 GB · Black"."""
    definitions = {definition["key"]: definition for definition in category.spec_definitions}
    parts = [spec_text(definitions.get(axis, {}), variant.options.get(axis)) for axis in category.variant_axes]
    return " · ".join(part for part in parts if part)
