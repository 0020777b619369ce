"""Open an uploaded picture safely, and write it anew.

An upload is hostile until it has been decoded. What it is, is told by its content, never by its name; its size is read
from its header before anything is decoded; and only bytes that `encode` has written are ever shown to anybody, so that
markup, scripts or another file hidden inside the upload lead nowhere, and no metadata (place, time, camera) leaves the
shop. Source of the rules: OWASP ASVS 5.0, V5.2 and V5.3, and the security chapter of Pillow's handbook.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import structlog
from django.core.files.base import File
from PIL import Image, ImageCms, UnidentifiedImageError

from core.refusals import Refusal

log = structlog.get_logger(__name__)

# What we decode, by Pillow's name, and how such a file's name ends. MPO is a JPEG with previews behind the picture.
FORMATS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
ACCEPTED = "image/jpeg,image/png,image/webp,image/avif"
# WebP knows no longer side.
LONGEST_SIDE = 16_383
WRITTEN: dict[str, dict[str, Any]] = {
    # One thread each: the workers share the machine with the shop's pages.
    "avif": {"format": "AVIF", "quality": 60, "speed": 7, "max_threads": 1},
    "webp": {"format": "WEBP", "quality": 78, "method": 4},
}
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LIES_ON_ITS_SIDE = {5, 6, 7, 8}
_EIGHTH = 8


@dataclass(frozen=True)
class Limits:
    """How large an upload may be: megabytes of file (1 MB = 1 000 000 bytes) and megapixels of picture."""

    megabytes: int
    megapixels: int


@dataclass(frozen=True)
class ReadImage:
    """An upload that is a picture through and through. Width and height are pixels of the upright picture."""

    content: bytes
    extension: str
    width: int
    height: int

    @property
    def content_hash(self) -> str:
        """SHA-256 of the uploaded bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def read_image(upload: File, limits: Limits) -> ReadImage:
    """Return the upload's bytes and size once all of it has been decoded and thrown away again.

    Raises Refusal "image_empty", "image_too_large" (before it is read), "image_not_recognised", "image_too_many_pixels"
    (before it is decoded), "image_moves" and "image_broken".
    """
    content = _read(upload, limits)
    with _decoding(limits):
        image = _open(content, limits)
        width, height = image.size
        # A JPEG is read to its end even when only an eighth of its detail is wanted; it takes a fraction of the memory.
        image.draft("RGB", (width // _EIGHTH, height // _EIGHTH))
        image.load()
        if _orientation(image) in _LIES_ON_ITS_SIDE:
            width, height = height, width
        return ReadImage(content, FORMATS[image.format or ""], width, height)


def open_upright(content: bytes, limits: Limits, *, width: int) -> Image.Image:
    """Return the picture upright, at most `width` pixels wide, in sRGB or sRGB with transparency, without metadata.

    Raises the Refusals of `read_image` that speak of content.
    """
    with _decoding(limits):
        image = _open(content, limits)
        image.draft("RGB", (width, width))
        image.load()
        turn, profile = _orientation(image), image.info.get("icc_profile")
        image = _in_eight_bits(image)
        narrow = image.height if turn in _LIES_ON_ITS_SIDE else image.width
        if narrow > width:
            size = (_scaled(image.width, width, narrow), _scaled(image.height, width, narrow))
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        image = _in_srgb(image, profile)
        if turn in _UPRIGHT:
            image = image.transpose(_UPRIGHT[turn])
        # Only pixels go into a new picture; what the file said about itself stays behind.
        bare = Image.new(image.mode, image.size)
        bare.paste(image)
        return bare


def on_white(image: Image.Image) -> Image.Image:
    """Return the picture with white in the place of what is transparent."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def encode(image: Image.Image, kind: str, *, width: int) -> bytes:
    """Return the picture as a file of `kind` (a key of WRITTEN), `width` pixels wide, its proportions kept."""
    if width != image.width:
        size = (width, _scaled(image.height, width, image.width))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    written = BytesIO()
    image.save(written, **WRITTEN[kind])
    return written.getvalue()


def _scaled(side: int, width: int, of: int) -> int:
    """Return the length of `side` when what is `of` pixels wide becomes `width` pixels wide."""
    return max(1, (side * width + of // 2) // of)


def _read(upload: File, limits: Limits) -> bytes:
    """Return the upload's bytes; never reads more than the limit, whatever the upload says of its size."""
    most = limits.megabytes * 1_000_000
    content = bytearray()
    if upload.size <= most:
        for chunk in upload.chunks():
            content += chunk
            if len(content) > most:
                break
    if upload.size > most or len(content) > most:
        raise Refusal(
            "image_too_large",
            f"This file is larger than {limits.megabytes} MB. Save the picture smaller and try again.",
            megabytes=limits.megabytes,
        )
    if not content:
        raise Refusal("image_empty", "This file is empty.")
    return bytes(content)


def _open(content: bytes, limits: Limits) -> Image.Image:
    """Return the picture with its header read and nothing decoded."""
    image = Image.open(BytesIO(content), formats=[name for name in FORMATS if name != "MPO"])
    if image.width * image.height > limits.megapixels * 1_000_000 or max(image.size) > LONGEST_SIDE:
        raise _too_many_pixels(limits)
    # The further pictures of an MPO are previews of the same photo; its first is the photo.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise Refusal("image_moves", "This is an animation or holds several pictures. Upload one still picture.")
    return image


def _too_many_pixels(limits: Limits) -> Refusal:
    return Refusal(
        "image_too_many_pixels",
        f"This picture has more than {limits.megapixels} megapixels, or a side longer than {LONGEST_SIDE} pixels. "
        "Save it smaller and try again.",
        megapixels=limits.megapixels,
        longest_side=LONGEST_SIDE,
    )


@contextmanager
def _decoding(limits: Limits) -> Iterator[None]:
    """Turn whatever a decoder does with a hostile or broken file into a Refusal."""
    try:
        yield
    except Refusal:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(limits) from None
    except UnidentifiedImageError:
        raise Refusal(
            "image_not_recognised",
            "This is not a JPEG, PNG, WebP or AVIF picture that can be opened, whatever its name says.",
        ) from None
    except Exception as error:
        log.warning("image_broken", error=repr(error))
        raise Refusal(
            "image_broken", "This picture is damaged or cut off. Export or copy it again and try once more."
        ) from error


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) where it cannot be read."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception as error:  # noqa: BLE001  (a picture with broken EXIF is still a picture)
        log.info("image_exif_unreadable", error=repr(error))
        return 1


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in L, RGB, RGBA or CMYK with eight bits a channel."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "I;16":
        # Pillow's own conversion would clip everything but the darkest 256 of 65 536 levels.
        return image.point(lambda level: level * (1 / 256)).convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in sRGB, by its own colour profile where it has a usable one: browsers get no profile."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            return ImageCms.profileToProfile(image, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            log.info("image_profile_unusable", error=repr(error))
    return image.convert(mode)
