"""Photos as pages and programs show them: plain values with the addresses of every width.

A picture is {"alt", "width", "height", "renditions"} as in Photo and Listing.photo. The sizes are the original's; pages
write them into the markup, so that nothing moves while a photo loads.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Exists, F, OuterRef, Value

from catalog.flow import PhotoState
from catalog.models import Listing, Photo, ProductPhoto, UnitPhoto, Variant

FORMATS = ("avif", "webp")
# Pixels. The first is for thumbnails, the second to the fourth for cards, all for the gallery of a product.
WIDTHS = (160, 320, 640, 960, 1600)
WIDEST_ON_CARDS = 640
Picture = Mapping[str, Any]
_COLUMNS = ("photo__alt", "photo__width", "photo__height", "photo__renditions")


@dataclass(frozen=True)
class Pictures:
    """The photos of a product, and those of each of its units by unit id; first things first."""

    of_product: list[Picture] = field(default_factory=list)
    of_units: Mapping[int, list[Picture]] = field(default_factory=dict)


def has_photos(product: str) -> Exists:
    """Return whether the product whose id that column holds has a photo to show: most need no query for photos."""
    return Exists(ProductPhoto.objects.filter(product=OuterRef(product), photo__state=PhotoState.READY))


def unit_has_photos() -> Exists:
    """Return whether a unit has a photo of its own to show."""
    return Exists(UnitPhoto.objects.filter(unit=OuterRef("pk"), photo__state=PhotoState.READY))


def picture_of(photo: Photo) -> Picture:
    """Return one photo as pages show it. Only one that is ready has renditions."""
    return _picture(photo.alt, photo.width, photo.height, photo.renditions)


def pictures_of(product_id: int, unit_ids: Iterable[int] = ()) -> Pictures:
    """Return what can be shown of a product and of these units of it. One query."""
    of_product = ProductPhoto.objects.filter(product=product_id).annotate(of_unit=Value(0))
    of_units = UnitPhoto.objects.filter(unit__in=list(unit_ids)).annotate(of_unit=F("unit_id"))
    one, other = (
        links.filter(photo__state=PhotoState.READY).order_by().values_list("of_unit", "position", "pk", *_COLUMNS)
        for links in (of_product, of_units)
    )
    found: dict[int, list[Picture]] = defaultdict(list)
    for unit_id, _, _, *columns in sorted(one.union(other, all=True), key=lambda row: row[:3]):
        found[unit_id].append(_picture(*columns))
    return Pictures(found.pop(0, []), dict(found))


def card_pictures(product_ids: Iterable[int]) -> dict[int, Picture]:
    """Return the first photo of each product that has one, in the widths of cards, by product id. One query."""
    links = ProductPhoto.objects.filter(product__in=list(product_ids), photo__state=PhotoState.READY)
    found: dict[int, Picture] = {}
    for product_id, *columns in links.order_by("product", "position", "pk").values_list("product", *_COLUMNS):
        if product_id not in found:
            found[product_id] = _for_cards(_picture(*columns))
    return found


def give_pictures(variants: Iterable[Variant]) -> None:
    """Give each variant its `picture`, the first photo of its product, or None. One query, none for no variants."""
    variants = list(variants)
    listed = Listing.objects.filter(pk__in=[variant.pk for variant in variants], photo__isnull=False)
    photos = dict(listed.values_list("pk", "photo")) if variants else {}
    for variant in variants:
        variant.picture = photos.get(variant.pk)


def srcset(picture: Picture, kind: str) -> str:
    """Return the addresses of one format with their widths, as an img or source element wants them."""
    base = _base()
    return ", ".join(f"{base}{name} {width}w" for width, name in picture["renditions"][kind].items())


def address(picture: Picture, *, width: int, kind: str = "webp") -> str:
    """Return the address of the narrowest rendition that has at least `width` pixels, of the widest if none has."""
    names = picture["renditions"][kind]
    widths = sorted(int(text) for text in names)
    chosen = next((one for one in widths if one >= width), widths[-1])
    return f"{_base()}{names[str(chosen)]}"


def files_of(picture: Picture) -> list[tuple[str, int, str]]:
    """Return format, width in pixels and address of every rendition."""
    base = _base()
    return [
        (kind, int(width), f"{base}{name}")
        for kind, names in picture["renditions"].items()
        for width, name in names.items()
    ]


def widths_for(width: int) -> list[int]:
    """Return the widths of the renditions of a photo that is `width` pixels wide: none wider than itself."""
    return [*(one for one in WIDTHS if one < width), width][: len(WIDTHS)]


def _base() -> str:
    """Return the address under which renditions lie. Their own names need no quoting, so one call serves them all."""
    return default_storage.url("x")[:-1]


def _picture(alt: str, width: int, height: int, renditions: Mapping[str, Mapping[str, str]]) -> Picture:
    return {"alt": alt, "width": width, "height": height, "renditions": renditions}


def _for_cards(picture: Picture) -> Picture:
    renditions = {
        kind: {width: name for width, name in picture["renditions"][kind].items() if int(width) <= WIDEST_ON_CARDS}
        for kind in FORMATS
    }
    return {**picture, "renditions": renditions}
