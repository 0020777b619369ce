"""Hashes and keys rest on the thing itself."""

import pytest

from catalog.identity import (
    brand_key,
    brand_slug,
    clean_text,
    model_name,
    option_key,
    product_identity,
    product_slug,
    sku_for,
)


def identity(**changes):
    values = {"category_slug": "cpu", "brand": "AMD", "name": "AMD Ryzen 5 5600", "facts": {"core_count": 6}} | changes
    return product_identity(values.pop("category_slug"), **values)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Ryzen\t 5\n5600 ", "Ryzen 5 5600"),
        ("Ry\u200bz\u00aden\ufeff", "Ryzen"),
        ("Ryzen\u00a05", "Ryzen 5"),
        ("e\u0301cran", "\u00e9cran"),
        ("\u1780\u17bb\u17c6", "\u1780\u17bb\u17c6"),
        ("a\x07b", "ab"),
    ],
)
def test_clean_text_removes_what_nobody_sees(text, cleaned):
    assert clean_text(text) == cleaned


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("TP-Link", "tp link"),
        ("TP Link", "tp link"),
        ("be quiet!", "be quiet"),
        ("SØLVTRÅD", "solvtrad"),
        ("Ｓｏｎｙ", "sony"),
        ("Größe", "grosse"),
        ("!!!", ""),
    ],
)
def test_brand_key_is_plain(name, key):
    assert brand_key(name) == key


def test_brand_of_another_script_keeps_a_key_of_its_own():
    assert brand_key("ខ្មែរ") != brand_key("ថៃ")
    assert brand_key("ខ្មែរ").isascii()
    assert brand_slug(brand_key("G.Skill")) == "g-skill"


def test_spelling_does_not_make_another_product():
    assert identity() == identity(name="amd  RYZEN 5\u200b 5600", brand="Amd")
    assert identity() == identity(name="Ryzen 5 5600")
    assert identity() == identity(facts={"core_count": 6, "graphics": None, "ports": []})
    assert identity() == identity(facts={"core_count": 6.0})


@pytest.mark.parametrize(
    "change", [{"category_slug": "os"}, {"brand": "Intel"}, {"name": "AMD Ryzen 5 5600X"}, {"facts": {"core_count": 8}}]
)
def test_each_part_of_the_identity_counts(change):
    assert identity() != identity(**change)


def test_option_key_counts_grade_and_options_in_any_order():
    assert option_key("A", {"ram_gb": 16, "color": "Black"}) == option_key("A", {"color": "Black", "ram_gb": 16.0})
    assert option_key("A", {"ram_gb": 16}) != option_key("B", {"ram_gb": 16})
    assert option_key("A", {"ram_gb": 16}) == option_key("A", {"ram_gb": 16, "color": ""})


def test_doubled_brand_is_written_once():
    assert model_name("Corsair CORSAIR Vengeance", "Corsair") == "Corsair Vengeance"
    assert model_name("Corsair Corsairs", "Corsair") == "Corsair Corsairs"
    assert model_name("Vengeance", "") == "Vengeance"


def test_addresses_and_skus_are_stable():
    assert sku_for("GPU", "a" * 64, "b" * 64) == sku_for("GPU", "a" * 64, "b" * 64)
    assert len(sku_for("GPU", "a" * 64, "b" * 64)) == 16
    assert product_slug("MSI GeForce RTX™ 3060 Ventus", "0123456789abcdef") == "msi-geforce-rtxtm-3060-ventus-01234567"
    assert product_slug("ខ្មែរ", "0123456789abcdef") == "01234567"
    assert len(product_slug("long " * 60, "0" * 64)) <= 120
