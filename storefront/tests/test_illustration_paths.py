"""Every path that a drawing writes follows the grammar of SVG; browsers stop drawing at the first slip."""

import re

import pytest

from storefront.illustrations import DRAWINGS, draw

NUMBERS = {"m": 2, "l": 2, "t": 2, "h": 1, "v": 1, "q": 4, "s": 4, "c": 6, "a": 7, "z": 0}
FACTS = [
    {},
    {"wireless": True, "microphone": True, "type": "Circumaural", "enclosure_type": "Closed", "style": "Gaming"},
    {"core_count": 16, "module_count": 4, "screen_size_in": 27, "length_mm": 300, "drive_bays": 8, "rack_units": 2},
    {"form_factor": "Micro ATX", "memory_slots": 2, "capacity_gb": 1000, "tenkeyless": True, "channels": 7.1},
]


def slips(d):
    """Return the commands of a path that have the wrong number of numbers."""
    return [
        command + rest
        for command, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", d)
        if command.lower() not in NUMBERS or not _fits(NUMBERS[command.lower()], rest)
    ]


def _fits(needed, text):
    count = len(re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text))
    return count == 0 if needed == 0 else count > 0 and count % needed == 0


@pytest.mark.parametrize("slug", [*DRAWINGS, "something-else"])
def test_every_path_is_complete(slug):
    for facts in FACTS:
        found = re.findall(r' d="([^"]*)"', draw(slug, facts, title="Thing"))
        assert found
        assert [slip for d in found for slip in slips(d)] == []


def test_the_check_sees_a_missing_number():
    assert slips("M0 0V") == ["V"]
    assert slips("M0 0q1 2 3") == ["q1 2 3"]
    assert slips("M92 140V116q0-62 68-62t68 62v24h-10Z") == []
