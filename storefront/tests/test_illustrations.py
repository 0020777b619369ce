"""The drawings: words, shapes, escaping, and that no imported data can break them."""
# ruff: noqa: SIM905 - lists of forty lines read worse than words in a text

import math
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from storefront.illustrations import DRAWINGS, describe, draw

FACT_KEYS = """
    amount_g aspect_ratio bd bd_write capacity_gb capacity_va channels configuration connection_type
    core_count ddr_generation drive_bays dvd external_volume_l form form_factor interface length_mm media
    memory_slots microphone module_count module_size_gb protocol rack_units radiator_size_mm resolution_h
    resolution_w resolutions screen_size_in side_panel size_mm socket tenkeyless touch type wattage_w wireless
""".split()
KNOWN_WORDS = (
    "ATX|Mini ITX|Micro ATX|EATX|Tower|SFF|Mini|All-in-one|M.2-2280|M.2-2230|mSATA|PCIe|2.5|3.5|SSD|7200"
    "|SODIMM|DIMM|AM5|LGA1700|Circumaural|In Ear|Earbud|Supra-aural|Wired|Wireless|2.1|5.1|7.1|9.4|21:9|16:9"
    "|1:0|true|false|DVD|PCIe x16|USB Type-A|Wi-Fi 6E|SFX|TFX|ATX Full Tower|HTPC|Tempered Glass|Card Reader"
    "|LED Controller|4k|DDR5"
).split("|")
WORKSHOP_CLASSES = {"o", "s", "t", "k", "a", "af", "d", "x"}
ALT_TEXTS = [
    ("laptops", {"screen_size_in": 14, "touch": False}, "a 14 inch laptop"),
    ("laptops", {"screen_size_in": "15.6", "touch": "true"}, "a 15.6 inch laptop with a touch screen"),
    ("laptops", {"screen_size_in": 11.6}, "an 11.6 inch laptop"),
    ("laptops", {}, "a laptop"),
    ("desktops", {"form_factor": "Mini tower"}, "a tower desktop"),
    ("desktops", {"form_factor": "Small form factor"}, "a small form factor desktop"),
    ("desktops", {"form_factor": "USFF"}, "a mini desktop"),
    ("desktops", {"form_factor": "All-in-one"}, "an all-in-one desktop"),
    ("desktops", {}, "a desktop computer"),
    ("monitors", {"screen_size_in": 34, "aspect_ratio": "21:9"}, "a 34 inch ultra-wide monitor"),
    ("monitors", {"screen_size_in": Decimal("23.8"), "aspect_ratio": "16:9"}, "a 23.8 inch monitor"),
    ("monitor", {"resolution_w": 5120, "resolution_h": 1440}, "an ultra-wide monitor"),
    ("servers", {"rack_units": 1, "drive_bays": 8}, "a 1U rack server with 8 drive bays"),
    ("servers", {"form_factor": "Tower", "drive_bays": 1}, "a tower server with 1 drive bay"),
    ("servers", {}, "a rack server"),
    ("video-card", {"length_mm": 304}, "a graphics card, 304 mm long"),
    ("video-card", {}, "a graphics card"),
    ("cpu", {"core_count": 8, "socket": "AM5"}, "an 8-core AM5 processor"),
    ("cpu", {"socket": "LGA1700"}, "an LGA1700 processor"),
    ("memory", {"module_count": 2, "form": "SO-DIMM", "ddr_generation": 4}, "2 DDR4 SODIMM memory modules"),
    ("memory", {"module_count": 1, "ddr_generation": "DDR5"}, "a DDR5 memory module"),
    ("internal-hard-drive", {"form_factor": "M.2-2280", "type": "SSD"}, "an M.2 2280 SSD"),
    ("internal-hard-drive", {"form_factor": 2.5, "type": "SSD"}, "a 2.5 inch SSD"),
    ("internal-hard-drive", {"form_factor": "3.5", "type": 7200}, "a 3.5 inch hard drive"),
    ("internal-hard-drive", {"form_factor": "2.5"}, "a 2.5 inch drive"),
    ("internal-hard-drive", {"form_factor": "mSATA"}, "an mSATA SSD"),
    ("internal-hard-drive", {}, "an internal drive"),
    ("external-hard-drive", {"type": "Portable"}, "a portable external drive"),
    ("motherboard", {"form_factor": "Micro ATX"}, "a microATX motherboard"),
    ("motherboard", {"form_factor": "ATX"}, "an ATX motherboard"),
    ("motherboard", {"form_factor": "Thin Mini ITX"}, "a Mini ITX motherboard"),
    ("power-supply", {"wattage_w": 850}, "an 850 W power supply"),
    ("power-supply", {"wattage_w": 600, "type": "SFX"}, "a 600 W SFX power supply"),
    ("case", {"type": "ATX Mid Tower"}, "an ATX mid tower case"),
    ("case", {"type": "HTPC"}, "an HTPC case"),
    ("case-fan", {"size_mm": 120}, "a 120 mm case fan"),
    ("cpu-cooler", {"radiator_size_mm": 360}, "a liquid CPU cooler with a 360 mm radiator"),
    ("cpu-cooler", {}, "a CPU cooler"),
    ("keyboard", {"tenkeyless": "true"}, "a keyboard without a number pad"),
    ("keyboard", {"tenkeyless": False}, "a full-size keyboard"),
    ("keyboard", {"tenkeyless": None}, "a keyboard"),
    ("mouse", {"connection_type": "Wireless, Bluetooth Wireless"}, "a wireless mouse"),
    (
        "headphones",
        {"type": "Circumaural", "microphone": True},
        "a pair of over-ear headphones with a microphone",
    ),
    ("headphones", {"type": "Earbud", "wireless": True}, "a pair of wireless earbuds"),
    ("speakers", {"configuration": 5.1}, "5.1 speakers"),
    ("speakers", {"configuration": "2"}, "a pair of speakers"),
    ("speakers", {"configuration": "20 W"}, "speakers"),
    ("webcam", {"resolutions": "1080p|720p"}, "a 1080p webcam"),
    ("wired-network-card", {"interface": "PCIe x4"}, "a PCIe wired network card"),
    ("wired-network-card", {"interface": "USB Type-A"}, "a USB wired network adapter"),
    (
        "wireless-network-card",
        {"protocol": "Wi-Fi 6E", "interface": "PCIe x1"},
        "a Wi-Fi 6E PCIe wireless network card",
    ),
    ("sound-card", {"channels": 7.1, "interface": "PCIe x1"}, "a 7.1 channel PCIe sound card"),
    ("ups", {"capacity_va": 1500}, "a 1500 VA uninterruptible power supply"),
    ("ups", {}, "an uninterruptible power supply"),
    ("os", {"media": "DVD"}, "an operating system disc"),
    ("thermal-paste", {"amount_g": 3.5}, "a syringe of thermal paste, 3.5 g"),
    ("optical-drive", {"bd": 16, "dvd": 16}, "a Blu-ray drive"),
    ("fan-controller", {"channels": 1}, "a fan controller with 1 channel"),
    ("case-accessory", {"type": "LED Controller"}, "an LED controller"),
    ("printer", {}, "a computer part"),
]

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=0, max_value=500),
    st.floats(),
    st.decimals(allow_nan=True),
    st.text(max_size=30),
    st.sampled_from(KNOWN_WORDS),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
specs_of_any_kind = st.dictionaries(st.sampled_from(FACT_KEYS), values, max_size=12)


def fans(svg):
    """Every fan, and nothing else in these drawings, has a hub of class o."""
    return svg.count('<circle class="o"')


def words_in(svg):
    return [text.text for text in ET.fromstring(svg).iter("text")]  # noqa: S314


def assert_sound(svg):
    root = ET.fromstring(svg)  # noqa: S314
    assert (root.tag, root.get("class"), root.get("viewBox")) == ("svg", "ill", "0 0 320 240")
    assert (root.get("role"), root.get("focusable")) == ("img", "false")
    assert {child.get("class") for child in root} <= WORKSHOP_CLASSES
    assert "style=" not in svg
    shapes = svg.split("focusable")[1]
    assert "nan" not in shapes
    assert "inf" not in shapes
    assert len(svg.encode()) <= 6 * 1024


@pytest.mark.parametrize(("slug", "specs", "words"), ALT_TEXTS)
def test_alt_text_says_the_recorded_facts(slug, specs, words):
    alt = f"Illustration of {words}, not a photo of this item"
    assert describe(slug, specs) == alt
    assert ET.fromstring(draw(slug, specs, title="")).get("aria-label") == alt  # noqa: S314


def test_every_catalogue_category_is_drawn():
    parts = """
        case-accessory case-fan case cpu-cooler cpu external-hard-drive fan-controller headphones
        internal-hard-drive keyboard memory monitor motherboard mouse optical-drive os power-supply sound-card
        speakers thermal-paste ups video-card webcam wired-network-card wireless-network-card
    """.split()
    assert set(DRAWINGS) == {*parts, "laptops", "desktops", "monitors", "servers"}


@pytest.mark.parametrize("slug", sorted(DRAWINGS))
def test_a_product_without_facts_gets_a_small_neutral_drawing_without_labels(slug):
    svg = draw(slug, {}, title="Anything")
    assert_sound(svg)
    assert words_in(svg) == []
    assert len(svg.encode()) <= 2 * 1024
    assert isinstance(svg, Markup)


@pytest.mark.parametrize(
    ("length_mm", "count"),
    [(150, 1), (184.9, 1), (185, 2), (242, 2), (269, 2), (270, 3), (357, 3), (None, 2)],
)
def test_longer_graphics_cards_have_more_fans(length_mm, count):
    assert fans(draw("video-card", {"length_mm": length_mm}, title="")) == count


@pytest.mark.parametrize(
    ("radiator_mm", "count"), [(120, 1), (140, 1), (240, 2), (280, 2), (360, 3), (420, 3), (480, 4)]
)
def test_radiators_have_the_fans_of_their_size(radiator_mm, count):
    assert fans(draw("cpu-cooler", {"radiator_size_mm": radiator_mm}, title="")) == count


@pytest.mark.parametrize(("count", "drawn"), [(1, 1), (2, 2), (4, 4), (8, 8), (16, 8)])
def test_memory_shows_each_module_and_counts_all(count, drawn):
    svg = draw("memory", {"module_count": count, "module_size_gb": 16}, title="")
    assert svg.count('<path class="o"') == drawn
    assert words_in(svg) == [f"{count} × 16 GB"]


@pytest.mark.parametrize(("cores", "squares"), [(1, 1), (6, 6), (14, 14), (24, 24), (64, 64), (96, 64)])
def test_processors_show_their_cores(cores, squares):
    svg = draw("cpu", {"core_count": cores}, title="")
    shade = ET.fromstring(svg).find("path[@class='s']")  # noqa: S314
    assert shade.get("d").count("z") == squares
    assert words_in(svg) == [f"{cores} core{'s' if cores > 1 else ''}"]


def test_facts_change_the_drawing():
    def differ(slug, *specs):
        drawings = {draw(slug, each, title="") for each in specs}
        assert len(drawings) == len(specs)

    differ("laptops", {"screen_size_in": 13.3}, {"screen_size_in": 15.6})
    differ("laptops", {"touch": True}, {"touch": False})
    differ("desktops", {"form_factor": "Tower"}, {"form_factor": "SFF"}, {"form_factor": "Mini"})
    differ(
        "monitors",
        {"screen_size_in": 27},
        {"screen_size_in": 34},
        {"screen_size_in": 34, "aspect_ratio": "21:9"},
    )
    differ("servers", {"rack_units": 1}, {"rack_units": 2}, {"rack_units": 2, "drive_bays": 12})
    differ("case-fan", {"size_mm": 80}, {"size_mm": 120}, {"size_mm": 140})
    differ("memory", {"ddr_generation": 3}, {"ddr_generation": 4}, {"ddr_generation": 5})


@pytest.mark.parametrize(
    ("gigabytes", "text"),
    [(512, "512 GB"), (1000, "1 TB"), (1920, "1.92 TB"), (44000, "44 TB"), (0, None), (-5, None)],
)
def test_capacity_is_written_as_shops_write_it(gigabytes, text):
    svg = draw("external-hard-drive", {"capacity_gb": gigabytes}, title="")
    assert words_in(svg) == ([text] if text else [])


@pytest.mark.parametrize("absurd", [0, -14, 10**400, math.nan, math.inf, Decimal("sNaN"), True, "", []])
def test_absurd_sizes_count_as_not_recorded(absurd):
    assert describe("laptops", {"screen_size_in": absurd}) == describe("laptops", {})


@pytest.mark.parametrize("not_an_object", [None, [], "text", 7])
def test_specs_that_are_no_object_still_draw(not_an_object):
    assert draw("laptops", not_an_object, title="") == draw("laptops", {}, title="")


def test_the_title_names_an_unknown_thing_and_is_escaped():
    svg = draw("printer", {}, title='<script>alert("1")</script> & \x00co')
    label = ET.fromstring(svg).get("aria-label")  # noqa: S314
    assert "<script" not in svg
    assert label == 'Illustration of a <script>alert("1")</script> & co, not a photo of this item'
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; co" in svg


def test_the_title_is_not_used_for_a_known_category_and_is_cut_when_long():
    assert draw("laptops", {}, title="<b>") == draw("laptops", {}, title="")
    assert f"Illustration of a {'x' * 80}, not" in draw("printer", {}, title="x" * 5000)


def test_markup_in_specs_never_reaches_the_page():
    evil = dict.fromkeys(FACT_KEYS, '"><script>alert(1)</script>')
    for slug in DRAWINGS:
        assert "script" not in draw(slug, evil, title="")


@pytest.mark.parametrize("slug", [*sorted(DRAWINGS), "", "Laptops", None])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs=specs_of_any_kind, title=st.text(max_size=90))
def test_any_specs_draw_well_formed_and_small(slug, specs, title):
    svg = draw(slug, specs, title=title)
    assert_sound(svg)
    assert describe(slug, specs).startswith("Illustration of ")
