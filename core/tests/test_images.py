"""Uploaded pictures: good ones come out upright, in sRGB and nameless; hostile ones are refused in plain words."""

import resource
import time
from contextlib import suppress
from io import BytesIO

import pytest
from django.core.files.base import ContentFile, File
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from core.images import LONGEST_SIDE, WRITTEN, Limits, encode, on_white, open_upright, read_image
from core.refusals import Refusal
from core.tests.pictures import CAMERA, HTML, SVG, animation, bomb, photo_with_place, picture, polyglot, written

LIMITS = Limits(megabytes=15, megapixels=50)
RED, GREEN, BLUE = (255, 0, 0), (0, 128, 0), (0, 0, 255)


def read(content):
    return read_image(ContentFile(content), LIMITS)


def upright(content, *, width=1600):
    return open_upright(content, LIMITS, width=width)


def refused(content, limits=LIMITS):
    with pytest.raises(Refusal) as told:
        read_image(ContentFile(content), limits)
    return told.value


def near(colour, other):
    return all(abs(one - two) <= 12 for one, two in zip(colour, other, strict=False))


def colours(image):
    """Return the colours in the middle of the left, middle and right third."""
    image = image.convert("RGB")
    return [image.getpixel((image.width * n // 6, image.height // 2)) for n in (1, 3, 5)]


# --- What comes in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif"), ("MPO", "jpg")]
)
def test_four_formats_are_read_by_their_content(kind, extension):
    found = read(picture(640, 480, kind=kind))
    assert (found.extension, found.width, found.height) == (extension, 640, 480)
    assert len(found.content_hash) == 64
    seen = colours(upright(picture(640, 480, kind=kind, quality=95)))
    assert all(near(*pair) for pair in zip(seen, (RED, GREEN, BLUE), strict=True)), seen


def test_a_photo_with_previews_behind_it_is_one_photo():
    whole = written(
        Image.open(BytesIO(picture())), "MPO", save_all=True, append_images=[Image.open(BytesIO(picture(160, 120)))]
    )
    assert Image.open(BytesIO(whole)).n_frames == 2
    assert (read(whole).width, upright(whole).size) == (640, (640, 480))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "EPS", "PDF", "JPEG2000"])
def test_other_formats_are_refused(kind):
    assert refused(picture(64, 64, kind=kind)).code == "image_not_recognised"


@pytest.mark.parametrize(
    "content", [SVG, HTML, b"\x89PNG", b"PK\x03\x04", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]
)
def test_what_is_no_picture_is_refused(content):
    assert refused(content).code in {"image_not_recognised", "image_broken"}
    assert (
        refused(SVG).message
        == "This is not a JPEG, PNG, WebP or AVIF picture that can be opened, whatever its name says."
    )


def test_an_empty_file_is_refused():
    assert refused(b"").code == "image_empty"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_what_moves_is_refused(kind):
    assert refused(animation(kind)).code == "image_moves"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_what_is_cut_off_is_refused(kind, part):
    noise = written(Image.effect_noise((300, 300), 90).convert("RGB"), kind)
    told = refused(noise[: int(len(noise) * part)])
    # A cut AVIF cannot even be told from other files of its family.
    assert told.code == ("image_not_recognised" if kind == "AVIF" else "image_broken")


# --- How large --------------------------------------------------------------------------------------------------------


class Enormous(File):
    """An upload of 200 MB that must not be read."""

    def __init__(self, size=200_000_000):
        super().__init__(BytesIO(), name="photo.jpg")
        self.size = size

    def chunks(self, chunk_size=None):
        raise AssertionError("somebody read it")


def test_a_file_of_200_megabytes_is_refused_unread():
    with pytest.raises(Refusal) as told:
        read_image(Enormous(), LIMITS)
    assert (told.value.code, told.value.facts) == ("image_too_large", {"megabytes": 15})


def test_an_upload_that_lies_about_its_size_is_not_read_further():
    class Liar(File):
        def chunks(self, chunk_size=None):
            for number in range(100):
                assert number <= 15, "read past the limit"
                yield b"x" * 1_000_000

    liar = Liar(BytesIO(), name="x")
    liar.size = 10
    with pytest.raises(Refusal) as told:
        read_image(liar, LIMITS)
    assert told.value.code == "image_too_large"


def test_the_limit_of_bytes_is_exact():
    content = picture()
    room = content + b"\0" * (1_000_000 - len(content))
    assert read_image(ContentFile(room), Limits(megabytes=1, megapixels=1)).width == 640
    assert refused(room + b"\0", Limits(megabytes=1, megapixels=1)).code == "image_too_large"


def test_20_000_by_20_000_pixels_are_refused_before_they_are_decoded():
    content = bomb()
    assert len(content) < 100_000
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(content).code == "image_too_many_pixels"
    assert time.monotonic() - started < 0.5
    # Decoded it would take 50 MB at one bit and 1.6 GB in colour.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize(
    ("size", "is_refused"),
    [((1000, 1000), False), ((1001, 1000), True), ((LONGEST_SIDE, 61), False), ((LONGEST_SIDE + 1, 10), True)],
)
def test_the_limits_of_pixels_are_exact(size, is_refused):
    content = written(Image.new("1", size), "PNG")
    limits = Limits(megabytes=1, megapixels=1)
    if is_refused:
        assert refused(content, limits).facts == {"megapixels": 1, "longest_side": 16_383}
    else:
        assert read_image(ContentFile(content), limits).width == size[0]


def test_a_webp_that_promises_more_than_it_holds_costs_nothing():
    header = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\x00\xfe\x3f\x00"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(header).code in {"image_not_recognised", "image_broken", "image_too_many_pixels"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


# --- What comes out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(orientation):
    # 6 is a camera held upright: what it wrote as the left edge is the top.
    found = read(photo_with_place(orientation=orientation))
    image = upright(photo_with_place(orientation=orientation))
    assert (found.width, found.height) == image.size == ((480, 640) if orientation >= 5 else (640, 480))
    centre = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    edge = {
        1: (5, 240),
        2: (634, 240),
        3: (634, 240),
        4: (5, 240),
        5: (240, 5),
        6: (240, 5),
        7: (240, 634),
        8: (240, 634),
    }
    assert near(centre, GREEN)
    assert near(image.getpixel(edge[orientation]), RED)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("kind", sorted(WRITTEN))
def test_nothing_tells_where_a_photo_was_taken(source, kind):
    content = photo_with_place(kind=source)
    assert CAMERA.encode() in content
    file = encode(upright(content), kind, width=320)
    seen = Image.open(BytesIO(file))
    assert (seen.format, seen.size) == (kind.upper(), (320, 240))
    assert dict(seen.getexif()) == {}
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(seen.info)
    assert b"Exif" not in file
    assert CAMERA.encode() not in file


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_hides_behind_a_picture_stays_behind(kind):
    content = polyglot(kind)
    assert b"<script>" in content
    read(content)
    for form in WRITTEN:
        assert b"script" not in encode(upright(content), form, width=320)


@pytest.mark.parametrize(
    ("kind", "mode", "comes_out"),
    [
        ("JPEG", "L", "RGB"),
        ("JPEG", "CMYK", "RGB"),
        ("PNG", "1", "RGB"),
        ("PNG", "L", "RGB"),
        ("PNG", "LA", "RGBA"),
        ("PNG", "P", "RGB"),
        ("PNG", "I;16", "RGB"),
        ("PNG", "RGBA", "RGBA"),
        ("WEBP", "RGBA", "RGBA"),
        ("AVIF", "RGBA", "RGBA"),
    ],
)
def test_every_way_to_keep_colours_is_understood(kind, mode, comes_out):
    if mode == "I;16":
        grey = Image.new("I;16", (640, 480), 200 * 256)
        content = written(grey, kind)
    else:
        whole = Image.open(BytesIO(picture(kind="PNG"))).convert(mode)
        if mode in {"LA", "RGBA"}:
            # Wholly opaque pictures are written without transparency.
            whole.putpixel((0, 0), (0,) * len(whole.getbands()))
        content = written(whole, kind)
    image = upright(content, width=320)
    assert (image.mode, image.size) == (comes_out, (320, 240))
    if mode == "CMYK":
        assert all(near(*pair) for pair in zip(colours(image), (RED, GREEN, BLUE), strict=True))
    if mode == "I;16":
        assert image.getpixel((9, 9)) == (200, 200, 200)
    for form in WRITTEN:
        assert encode(image, form, width=160)


def test_what_is_transparent_becomes_white():
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 32, 64))
    for kind in ("PNG", "WEBP"):
        flat = on_white(upright(written(image, kind, lossless=True)))
        assert (flat.mode, flat.getpixel((60, 30)), flat.getpixel((5, 30))) == ("RGB", (255, 255, 255), RED)
    indexed = Image.new("P", (4, 4), 0)
    indexed.putpalette([0, 0, 0, 255, 0, 0])
    assert on_white(upright(written(indexed, "PNG", transparency=0))).getpixel((1, 1)) == (255, 255, 255)


def test_colours_are_converted_by_their_profile_and_a_broken_profile_does_no_harm():
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"nonsense", b"", linear):
        assert all(
            near(*pair)
            for pair in zip(colours(upright(picture(quality=95, icc_profile=profile))), (RED, GREEN, BLUE), strict=True)
        )
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(colours(upright(picture(quality=95, icc_profile=srgb)))[0], RED)


def test_nothing_is_made_wider_than_it_is():
    assert upright(picture(500, 375), width=1600).size == (500, 375)
    assert upright(picture(4000, 3000), width=1600).size == (1600, 1200)
    assert upright(photo_with_place(orientation=6, width=4000, height=3000), width=1600).size == (1600, 2133)


def test_a_sliver_keeps_at_least_a_pixel():
    image = upright(written(Image.new("RGB", (16_000, 3)), "PNG"))
    assert image.size == (1600, 1)
    assert Image.open(BytesIO(encode(image, "webp", width=160))).size == (160, 1)


GOOD = {kind: picture(96, 64, kind=kind) for kind in ("JPEG", "PNG", "WEBP", "AVIF")}


@given(st.sampled_from(sorted(GOOD)), st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_picture_is_shown_or_refused_but_never_an_error(kind, place, noise):
    content = bytearray(GOOD[kind])
    place %= len(content)
    content[place : place + len(noise)] = noise
    with suppress(Refusal):
        found = read(bytes(content))
        assert upright(bytes(content)).size == (found.width, found.height)
