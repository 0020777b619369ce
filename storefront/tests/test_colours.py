"""Contrast as WCAG measures it, and the accents that go with it."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from hypothesis import given
from hypothesis import strategies as st

from storefront.colours import DARK, LEAST_CONTRAST, LIGHT, accent_tokens, contrast, mix, weakest

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        # The two best known borders of 4.5 on white: the first grey that passes, the last that does not.
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#00694a", "#f7f9f8", 6.37),
        ("#55cf9f", "#0e1412", 9.59),
    ],
)
def test_contrast_is_what_wcag_says(one, other, ratio):
    assert round(contrast(one, other), 2) == ratio
    assert contrast(one, other) == contrast(other, one)


def test_mix():
    assert mix("#000000", "#ffffff", 0) == "#000000"
    assert mix("#000000", "#ffffff", 1) == "#ffffff"
    assert mix("#102030", "#304050", 0.5) == "#203040"


@pytest.mark.parametrize(("accent", "theme"), [("#00694a", LIGHT), ("#55cf9f", DARK)])
def test_the_built_in_accents_pass(accent, theme):
    assert weakest(accent, theme)[1] >= LEAST_CONTRAST


@given(COLOURS)
def test_an_accent_that_passes_leaves_every_pair_readable(accent):
    for theme in (LIGHT, DARK):
        if weakest(accent, theme)[1] < LEAST_CONTRAST:
            continue
        tokens = accent_tokens(accent, theme)
        assert contrast(tokens["--accent"], tokens["--tint"]) >= LEAST_CONTRAST
        for shade in ("--accent", "--accent-deep"):
            assert contrast(tokens["--on-accent"], tokens[shade]) >= LEAST_CONTRAST
            for ground in theme.grounds.values():
                assert contrast(tokens[shade], ground) >= LEAST_CONTRAST


def test_the_grounds_are_those_of_the_style_sheet():
    css = Path(finders.find("storefront/commercia.css")).read_text().split("@layer base")[0]
    light, dark = css.split("prefers-color-scheme: dark", 1)
    for theme, rules in ((LIGHT, light), (DARK, dark)):
        told = {name: value.lower() for name, value in re.findall(r"--(paper|surface|sunken): (#[0-9a-fA-F]+)", rules)}
        for name, value in theme.grounds.items():
            short = re.sub(r"#(.)(.)(.)$", r"#\1\1\2\2\3\3", told[name]) if len(told[name]) == 4 else told[name]
            assert short == value
