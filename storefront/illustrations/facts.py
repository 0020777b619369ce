"""Reading recorded facts. Specs come from imports, so a value may be missing, of a wrong type, or absurd.

Every reader answers with a usable value or with "not recorded"; none raises.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal

Specs = Mapping[str, object]

_NUMBER = re.compile(r"\s*([+-]?\d{1,9}(?:\.\d{1,9})?)")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .+/-]{0,19}")
_YES = frozenset({"true", "yes", "y", "1", "on"})
_NO = frozenset({"false", "no", "n", "0", "off"})
LONGEST_TEXT = 1e6  # numbers beyond are no form factors or speaker sets
EXACT_BELOW = 1e5  # the "g" format turns to exponents above
TERABYTE = 1000


def number(specs: Specs, key: str, low: float, high: float) -> float | None:
    """A number between low and high, rounded to one decimal; anything else counts as not recorded."""
    value = specs.get(key)
    if isinstance(value, str):
        found = _NUMBER.match(value[:40])
        value = float(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        result = float(value)
    except (OverflowError, ValueError):  # an int beyond float, a signalling NaN
        return None
    if not math.isfinite(result) or not low <= result <= high:
        return None
    # One decimal is all a drawing can show, and it keeps the keys of the caches few.
    return round(result, 1)


def whole(specs: Specs, key: str, low: int, high: int) -> int | None:
    """A whole number between low and high, or None."""
    value = number(specs, key, low, high)
    return None if value is None else int(value)


def flag(specs: Specs, key: str) -> bool | None:
    """Yes, no, or None when not recorded. Text and 0/1 count, because CSV files know no booleans."""
    value = specs.get(key)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | str):
        text = str(value)[:8].strip().lower() if isinstance(value, str) else {0: "0", 1: "1"}.get(value, "")
        return True if text in _YES else False if text in _NO else None
    return None


def words(specs: Specs, key: str) -> str:
    """The value as lower-case text to look for known words in; empty when there is none."""
    value = specs.get(key)
    if isinstance(value, list):  # ways to connect, resolutions: several words of one vocabulary
        value = ", ".join(item for item in value if isinstance(item, str))
    if isinstance(value, str):
        return value[:60].strip().lower()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    # 2.5 for a drive or 5.1 for speakers often arrives as a number.
    return f"{value:g}" if abs(value) < LONGEST_TEXT else ""


def name(specs: Specs, key: str) -> str:
    """A short technical name fit for a label ("AM5", "Wi-Fi 6E"); anything unusual is left out."""
    value = specs.get(key)
    if isinstance(value, str) and _PLAIN.fullmatch(value.strip()):
        return value.strip()
    return ""


def plain(value: float) -> str:
    """A number as people write it: 14, 15.6."""
    return f"{value:g}" if value < EXACT_BELOW else str(int(value))


def capacity(gigabytes: float | None) -> str:
    """Gigabytes in the unit that shops use: "512 GB", "1 TB", "1.92 TB"."""
    if gigabytes is None:
        return ""
    if gigabytes >= TERABYTE:
        return f"{plain(round(gigabytes / TERABYTE, 2))} TB"
    return f"{plain(gigabytes)} GB"
