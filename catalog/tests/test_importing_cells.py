"""Single cells: typed, or doubted and left out."""

from decimal import Decimal

import pytest

from catalog.departments import BY_SLUG
from catalog.importing.cells import read_cell, read_price


def cell(slug, key, text):
    return read_cell(BY_SLUG[slug].spec(key), text)


@pytest.mark.parametrize(
    ("slug", "key", "text", "value"),
    [
        ("cpu", "core_count", "6", 6),
        ("cpu", "core_clock_ghz", "3.50", 3.5),
        ("cpu", "core_clock_ghz", "4", 4),
        ("cpu", "graphics", "", None),
        ("case-fan", "pwm", "true", True),
        ("case-fan", "pwm", "false", False),
        ("case", "internal_35_bays", "0", 0),
        ("webcam", "resolutions", "4k|1080p| |1080p", ["4k", "1080p"]),
        ("keyboard", "connection_type", "Wired, Wired, Bluetooth Wireless", ["Wired", "Bluetooth Wireless"]),
        ("internal-hard-drive", "type", "7200", "Hard disk 7200 rpm"),
        ("internal-hard-drive", "type", "SSD", "SSD"),
        ("internal-hard-drive", "form_factor", "3.5", "3.5-inch"),
        ("power-supply", "modular", "false", "No"),
        ("power-supply", "efficiency", "gold", "80 Plus Gold"),
        ("os", "mode", "32|64", "32-bit and 64-bit"),
        ("headphones", "frequency_response_high", "20", 20),
    ],
)
def test_value(slug, key, text, value):
    read = cell(slug, key, text)

    assert (read.value, read.doubt) == (value, "")
    assert type(read.value) is type(value)


@pytest.mark.parametrize(
    ("slug", "key", "text", "fact", "doubt"),
    [
        ("cpu", "tdp_w", "6500", 6500, "Heat is 6500, not in the plausible range 1 to 600 W; left out"),
        ("cpu", "core_count", "six", "six", 'Cores is "six", which is not a number; left out'),
        ("cpu", "core_count", "1e5", "1e5", 'Cores is "1e5", which is not a number; left out'),
        ("cpu", "core_count", "NaN", "NaN", 'Cores is "NaN", which is not a number; left out'),
        ("cpu", "core_count", "6.5", 6.5, "Cores is 6.5, which is not a whole number; left out"),
        ("case-fan", "noise_db_min", "0", None, "Least noise is 0, which means unknown; left out"),
        ("case-fan", "airflow_cfm_min", "0.0", None, "Least airflow is 0, which means unknown; left out"),
        ("case-fan", "pwm", "yes", "yes", 'PWM is "yes", neither true nor false; left out'),
        ("cpu", "graphics", "x" * 81, "x" * 81, "Built-in graphics has 81 characters, at most 80 are kept; left out"),
        (
            "headphones",
            "frequency_response_high",
            "20000",
            20000,
            "Highest tone is 20000, not in the plausible range 1 to 130 kHz; left out",
        ),
    ],
)
def test_doubt(slug, key, text, fact, doubt):
    read = cell(slug, key, text)

    assert (read.value, read.fact, read.doubt) == (None, fact, doubt)


@pytest.mark.parametrize(("text", "price"), [("34.9", "34.90"), ("54.995", "55.00"), (" 12 ", "12.00"), ("", None)])
def test_price(text, price):
    read = read_price(text, "USD")

    assert (read.value, read.doubt) == (Decimal(price) if price else None, "")


@pytest.mark.parametrize("text", ["0", "0.00", "0.004", "-5", "abc", "NaN", "1e3", "100000", "9" * 30, "1,200", "٣"])
def test_no_price_is_never_zero(text):
    read = read_price(text, "USD")

    assert read.value is None
    assert read.doubt.endswith("imported without a price")
