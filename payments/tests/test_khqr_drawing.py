"""The picture of a KHQR code."""

import re
from xml.etree import ElementTree

import pytest
import segno

from payments.providers.khqr.drawing import QUIET_ZONE, qr_svg

TEXT = (
    "00020101021229180014commercia@aclb520450455303840540512.505802KH5909Commercia6010Phnom Penh"
    "62140110K4T9QX2M-199340013176722560000001131767226200000630400FF"
)
SVG = "{http://www.w3.org/2000/svg}"


def modules(svg):
    """Read the dark modules back from the drawing."""
    root = ElementTree.fromstring(svg)  # noqa: S314  (our own text)
    size = int(root.get("viewBox").split()[2])
    grid = [[0] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", root.find(f"{SVG}path").get("d")):
        for place in range(int(x), int(x) + int(width)):
            grid[int(y)][place] = 1
    return grid


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("Commercia6010", "កុំព្យូទ័រ6010"), "é"])
def test_the_drawing_is_the_code_at_level_m_with_a_quiet_zone(text):
    code = segno.make_qr(text, error="m", encoding="utf-8", boost_error=False)
    assert code.error == "M"
    grid = modules(qr_svg(text, title="x"))
    inside = [row[QUIET_ZONE:-QUIET_ZONE] for row in grid[QUIET_ZONE:-QUIET_ZONE]]
    assert inside == [list(row) for row in code.matrix]
    assert sum(map(sum, grid)) == sum(map(sum, inside))
    assert len(grid) == len(inside) + 8


def test_the_same_text_is_always_drawn_alike():
    assert qr_svg(TEXT, title="x") == qr_svg(TEXT, title="x")
    assert qr_svg(TEXT, title="x") != qr_svg(TEXT + "1", title="x")


def test_the_title_is_said_by_screen_readers_and_holds_no_markup():
    svg = qr_svg(TEXT, title='</title><script>alert("1")</script>')
    root = ElementTree.fromstring(svg)  # noqa: S314  (our own text)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == '</title><script>alert("1")</script>'
    assert "<script" not in svg
    assert [child.tag.removeprefix(SVG) for child in root] == ["title", "rect", "path"]


def test_a_strict_content_security_policy_lets_it_pass():
    svg = qr_svg(TEXT, title="x")
    for word in ("style", "script", "href", "on", "class"):
        assert not re.search(rf"\s{word}\w*=", svg)
    assert len(svg) < 20_000
