"""Photos for tests: uploaded as staff do, and prepared at once where a test wants to look at them."""

from collections.abc import Iterator
from typing import Any

from catalog.models import Photo, Product, Unit
from catalog.photo_rendering import render_photo
from catalog.photos import add_photo
from core.tests.pictures import picture, upload

_sizes: Iterator[int] = iter(range(200, 16_000))


def make_photo(subject: Product | Unit | None, alt: str = "", *, ready: bool = True, **size: int) -> Photo:
    """Return a photo of a product or unit, unlike any other; 400 pixels wide unless told otherwise."""
    number = next(_sizes)
    options: dict[str, Any] = {"width": 400, "height": number, **size}
    photo = add_photo(subject, by=None, upload=upload(picture(**options)), alt=alt or f"Photo {number}")
    if ready:
        assert render_photo(photo.pk)
        photo.refresh_from_db()
    return photo
