"""Pictures for tests: good ones in every format, and hostile ones."""

import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PHNOM_PENH = {1: "N", 2: (11.0, 33.0, 0.0), 3: "E", 4: (104.0, 55.0, 0.0)}
GPS_TAG, ORIENTATION_TAG, MAKER_TAG = 0x8825, 0x0112, 0x010F
CAMERA = "Spycam 3000"
SCRIPT = b"<script>alert(1)</script>"


def picture(width: int = 640, height: int = 480, *, kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture: red on the left, green in the middle, blue on the right (grey levels in modes without)."""
    image = Image.new("RGB", (width, height), "green")
    image.paste("red", (0, 0, width // 3, height))
    image.paste("blue", (2 * width // 3, 0, width, height))
    return written(image.convert(mode), kind, **options)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the file of an image."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo_with_place(*, orientation: int = 1, width: int = 640, height: int = 480, kind: str = "JPEG") -> bytes:
    """Return a photo that says where it was taken, with what, and how it is to be turned."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    exif[MAKER_TAG] = CAMERA
    exif.get_ifd(GPS_TAG).update(PHNOM_PENH)
    return picture(width, height, kind=kind, exif=exif.tobytes())


def animation(kind: str) -> bytes:
    """Return three pictures that move."""
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "green", "blue")]
    return written(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """Return a PNG of a few kilobytes whose header promises `width` × `height` pixels of one bit."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    line = b"\0" + b"\0" * ((width + 7) // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def polyglot(kind: str = "JPEG") -> bytes:
    """Return a good picture with a page of markup and a zip's signature behind its end."""
    return picture(kind=kind) + b"<!doctype html>" + SCRIPT + b"PK\x03\x04"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>x</title><script>alert(1)</script>"


def upload(content: bytes, name: str = "photo.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    """Return what a form hands over."""
    return SimpleUploadedFile(name, content, content_type=content_type)
