"""Specs in words, as every page, card and filter says them."""

from decimal import Decimal

import pytest

from catalog.wording import spec_text

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("GB", 512, f"512{NBSP}GB"),
        ("GB", 1000, f"1{NBSP}TB"),
        ("GB", 1920, f"1.92{NBSP}TB"),
        ("GB", 4000, f"4{NBSP}TB"),
        ("GB", 20000, f"20{NBSP}TB"),
        # Memory is counted in powers of two, which no decimal terabyte names.
        ("GB", 1024, f"1024{NBSP}GB"),
        ("GB", 2048, f"2048{NBSP}GB"),
        ("MB/s", 7000, f"7000{NBSP}MB/s"),
        ("″", Decimal("15.60"), "15.6″"),
        ("kg", "1.41", f"1.41{NBSP}kg"),
        ("", True, "yes"),
        ("", ["HDMI", "USB-C"], "HDMI, USB-C"),
        ("GB", None, ""),
    ],
)
def test_a_value_is_written_with_its_unit(unit, value, text):
    assert spec_text({"unit": unit}, value) == text
