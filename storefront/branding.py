"""The shop's own look: its name, logo, icon, accent colours and the line on top of every page."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from PIL import Image

from core.db import in_transaction
from core.images import Limits, open_upright, read_image
from core.refusals import Refusal
from core.shop_settings import save_shop_settings
from storefront.colours import DARK, HEX, LEAST_CONTRAST, LIGHT, Theme, accent_tokens, weakest

NAME_LENGTH = 60
NOTE_LENGTH = 120
UPLOAD = Limits(megabytes=5, megapixels=20)
# Twice the largest size on the pages, for screens with small pixels.
LOGO_BOX = (480, 96)
ICON_SIDE = 192
COLOURS: dict[str, Theme] = {"accent_light": LIGHT, "accent_dark": DARK}
LENGTHS = {"shop_name": NAME_LENGTH, "note_text": NOTE_LENGTH}


@dataclass(frozen=True)
class Picture:
    """How a picture is kept: the kind of file, and the box in pixels that it fits into."""

    kind: str
    box: tuple[int, int]
    fills_box: bool


PICTURES = {
    "logo": Picture("webp", LOGO_BOX, fills_box=False),
    # PNG, because an icon is also fetched by what knows nothing newer.
    "icon": Picture("png", (ICON_SIDE, ICON_SIDE), fills_box=True),
}


def save_branding(values: Mapping[str, Any], *, by: Any) -> None:
    """Change the shop's look. What is not named stays; an empty value goes back to what the shop comes with.

    `values`: shop_name and note_text (one line each), accent_light and accent_dark (#rrggbb), logo and icon (what
    `store_picture` returned). Raises Refusal("invalid_values", fields): a colour is refused with the contrast measured.
    """
    unknown = set(values) - set(LENGTHS) - set(COLOURS) - set(PICTURES)
    if unknown:
        raise ValueError(f"There is no such part of the look: {', '.join(sorted(unknown))}")
    told = {name: _tidied(name, value) for name, value in values.items()}
    found = {name: _wrong_with(name, value) for name, value in told.items() if value is not None}
    wrong = {name: [words] for name, words in found.items() if words}
    if wrong:
        raise Refusal("invalid_values", " ".join(words[0] for words in wrong.values()), fields=wrong)
    save_shop_settings(told, by=by)


def store_picture(part: str, upload: File) -> dict[str, Any]:
    """Write an uploaded "logo" or "icon" anew, store it, and return what `save_branding` takes: name, width, height.

    Talks to the storage, so never inside a transaction. Raises the Refusals of core.images.read_image.
    """
    if in_transaction():
        raise RuntimeError("Pictures are stored outside any transaction: a slow storage would hold its locks.")
    rules = PICTURES[part]
    content = read_image(upload, UPLOAD).content
    image = _fitted(open_upright(content, UPLOAD, width=4 * max(rules.box)), rules)
    written = BytesIO()
    if rules.kind == "webp":
        image.save(written, "WEBP", lossless=True)
    else:
        image.save(written, "PNG", optimize=True)
    name = f"branding/{part}-{sha256(written.getvalue()).hexdigest()[:16]}.{rules.kind}"
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(written.getvalue()))
    return {"name": name, "width": image.width, "height": image.height}


def colours_css(settings: Mapping[str, Any]) -> str:
    """Return the style sheet of the accents that staff set: custom properties and nothing else; "" for none."""
    rules = []
    for name, condition in (
        ("accent_light", "not all and (prefers-color-scheme:dark)"),
        ("accent_dark", "(prefers-color-scheme:dark)"),
    ):
        if name in settings:
            tokens = accent_tokens(settings[name], COLOURS[name])
            pairs = ";".join(f"{token}:{value}" for token, value in tokens.items())
            rules.append(f"@media {condition}{{:root{{{pairs}}}}}")
    # In the layer of the built-in tokens, so that what overrides those (print) overrides these.
    return f"@layer tokens{{{''.join(rules)}}}\n" if rules else ""


def _tidied(name: str, value: Any) -> Any:
    """Return the value as it is kept; None for nothing."""
    if not isinstance(value, str):
        return value or None
    text = value.strip()
    return (text.lower() if name in COLOURS else text) or None


def _wrong_with(name: str, value: Any) -> str:
    """Return why this value cannot be used, "" when it can."""
    if name in COLOURS:
        return _wrong_with_colour(value, COLOURS[name])
    if name in PICTURES:
        return ""
    if len(value) > LENGTHS[name]:
        return f"At most {LENGTHS[name]} characters; these are {len(value)}."
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in value):
        return "One line of text, without control characters."
    return ""


def _wrong_with_colour(colour: str, theme: Theme) -> str:
    if not HEX.fullmatch(colour):
        return "Enter a colour as # and six digits or letters from a to f, such as #00694a."
    where, ratio = weakest(colour, theme)
    if ratio >= LEAST_CONTRAST:
        return ""
    # Cut, not rounded: 4.499 must not read as 4.5.
    shown = int(ratio * 100) / 100
    return (
        f"{colour} is too hard to read in the {theme.name} theme: its contrast {where} is {shown:.2f} : 1, "
        f"and at least {LEAST_CONTRAST} : 1 is needed. Choose a {'darker' if theme is LIGHT else 'lighter'} colour."
    )


def _fitted(image: Image.Image, rules: Picture) -> Image.Image:
    """Return the picture inside its box; an icon is centred on a clear square."""
    image.thumbnail(rules.box, Image.Resampling.LANCZOS)
    if not rules.fills_box or image.size == rules.box:
        return image
    square = Image.new("RGBA", rules.box)
    square.paste(image, ((rules.box[0] - image.width) // 2, (rules.box[1] - image.height) // 2))
    return square
