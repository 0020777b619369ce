"""What makes a product this product and a variant this variant: hashes that rest on nothing but the thing itself.

Two imports in any order, or an import and a person in the admin, find the same row because they compute the same hash.
Hashes are lower-case hex and keys plain ASCII, so every database engine agrees on what is equal.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.text import slugify

SLUG_WORDS_MAX = 100
# Letters that Unicode does not take apart, although people (and MariaDB's collation) take them for the plain one.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_NOT_KEY = re.compile(r"[^a-z0-9]+")


def clean_text(text: str) -> str:
    """Return `text` without invisible characters, white space collapsed, in Unicode's composed form (NFC)."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = "".join(
        char for char in text if char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}
    )
    return " ".join(unicodedata.normalize("NFC", visible).split())


def name_key(text: str) -> str:
    """Return the form in which two spellings of a name are equal: compatibility forms and case folded."""
    return " ".join(unicodedata.normalize("NFKC", clean_text(text)).casefold().split())


@lru_cache(maxsize=4096)
def brand_key(name: str) -> str:
    """Return the key of a brand: plain lower-case letters and digits, words parted by one space; "" for no brand.

    "TP-Link", "TP Link" and "tp‑link" are one brand. A name without Latin letters keeps a hash of itself.
    """
    folded = unicodedata.normalize("NFKD", name_key(name)).translate(_PLAIN_LETTERS)
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    key = _NOT_KEY.sub(" ", folded).strip()
    if any(char.isalnum() and not char.isascii() for char in folded):
        key = f"{key} {_digest(name_key(name))[:12]}".strip()
    return key[:80].strip()


def brand_slug(key: str) -> str:
    """Return the slug of the brand with this key."""
    return key.replace(" ", "-")


def model_name(name: str, brand: str) -> str:
    """Return a name without the doubled maker: "Corsair CORSAIR Vengeance" is "Corsair Vengeance"."""
    doubled = f"{brand} {brand} ".casefold()
    return f"{brand} {name[len(doubled) :]}" if brand and name.casefold().startswith(doubled) else name


def product_identity(category_slug: str, *, brand: str, name: str, facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what makes a product: its category, maker, name and the facts that all variants share."""
    key = name_key(name)
    without_brand = key.removeprefix(f"{name_key(brand)} ")
    return _digest([category_slug, brand_key(brand), without_brand, _plain(facts)])


def option_key(grade: str, options: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a variant's grade and options. 16 and 16.0 are the same option; empty ones do not count."""
    return _digest([str(grade), _plain(options)])


def sku_for(code: str, identity: str, options: str) -> str:
    """Return the SKU of the variant of product `identity` with option key `options`, such as GPU-3F9A2C71D04B."""
    return f"{code}-{_digest([identity, options])[:12].upper()}"


def product_slug(full_name: str, identity: str) -> str:
    """Return the address of a product: its name in plain letters and the beginning of its identity."""
    words = slugify(name_key(full_name))[:SLUG_WORDS_MAX].strip("-")
    return f"{words}-{identity[:8]}".lstrip("-")


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in facts.items()
        if value not in (None, "", [])
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
