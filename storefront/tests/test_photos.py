"""Photos on the pages: two formats, sizes in the markup, and honest words where there are none."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.listings import rebuild
from catalog.models import Unit
from catalog.photos import remove_photo
from catalog.tests.photos import make_photo
from storefront.tests.factories import fill_cart

pytestmark = pytest.mark.django_db
T14 = "/p/thinkpad-t14/"
ANEW = f"{T14}?from=letter"  # no plain address, so no kept page
NONE_YET = "Illustration. No photos of this unit yet"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "public", "base_url": "/media/"}},
        "originals": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "originals"}},
    }


def text(client, address=T14):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def images(page):
    return re.findall(r"<picture>.*?</picture>", page)


def test_without_photos_the_page_says_so(shop, visitor):
    page = text(visitor)
    assert images(page) == []
    assert NONE_YET in page
    assert '<dt>Photos</dt><dd><span class="muted">none of this unit yet</span></dd>' in page
    assert "og:image" not in page


def test_the_gallery_shows_every_photo_in_two_formats_and_every_width(shop, visitor):
    one = make_photo(shop.laptop, "Lid & logo", width=2000, height=1500)
    make_photo(shop.laptop, "<Keyboard>")
    make_photo(shop.laptop, "not yet", ready=False)
    page = text(visitor)
    first, second, *small = images(page)
    base = f"/media/photos/{one.code}/1"
    for kind in ("avif", "webp"):
        widths = ", ".join(f"{base}/{width}.{kind} {width}w" for width in (160, 320, 640, 960, 1600))
        assert f'srcset="{widths}"' in first
    assert '<source type="image/avif"' in first
    assert f'src="{base}/640.webp"' in first
    assert 'width="2000" height="1500" alt="Lid &amp; logo" fetchpriority="high" decoding="async"' in first
    assert 'loading="lazy"' not in first
    assert 'alt="&lt;Keyboard&gt;" loading="lazy"' in second
    assert "fetchpriority" not in second
    assert len(small) == 2
    assert all('loading="lazy"' in shown for shown in small)
    assert '<a href="#photo-2">' in page
    assert 'class="strip" tabindex="0" role="region" aria-label="Photos"' in page
    assert NONE_YET not in page
    assert "Photos of the model. No photos of this unit yet." in page
    assert "not yet" not in re.sub(r"No photos of this unit yet|none of this unit yet", "", page)


def test_one_photo_needs_no_choice(shop, visitor):
    make_photo(shop.laptop, "Lid")
    page = text(visitor)
    assert len(images(page)) == 1
    assert "Choose a photo" not in page
    assert 'tabindex="0" role="region" aria-label="Photos"' not in page


def test_the_very_units_photos_stand_with_its_tests(shop, visitor):
    first, second = Unit.objects.filter(variant=shop.excellent).order_by("pk")
    photo = make_photo(first, "Scratch on the lid", width=2000, height=1500)
    make_photo(Unit.objects.get(variant=shop.good), "somebody else's")
    page = text(visitor, f"{T14}?offer=T14-A-16")
    assert "Illustration. The unit's own photos stand with its tests".replace("'", "&#39;") in page
    assert f'<a href="/media/photos/{photo.code}/1/1600.webp"><picture>' in page
    assert "Scratch on the lid" in page
    assert "somebody else" not in page
    assert page.count("none of this unit yet") == 1
    make_photo(shop.laptop, "Lid")
    assert "Photos of the model. Photos of the unit itself stand with its tests." in text(
        visitor, f"{T14}?offer=T14-A-16"
    )
    Unit.objects.filter(pk=first.pk).update(state="testing")
    assert "Scratch on the lid" not in text(visitor, f"{T14}?offer=T14-A-16")
    assert second.pk


def test_a_unit_without_records_but_with_photos_is_shown(shop, visitor):
    make_photo(Unit.objects.filter(variant=shop.mouse).first(), "The wheel")
    assert "The wheel" in text(visitor, "/p/m500/")


def test_those_who_share_the_page_and_programs_get_the_photo(shop, visitor):
    photo = make_photo(shop.laptop, "Lid", width=2000, height=1500)
    page = text(visitor)
    base = f"http://testserver/media/photos/{photo.code}/1"
    assert f'<meta property="og:image" content="{base}/960.webp">' in page
    assert '<meta property="og:image:alt" content="Lid">' in page
    blocks = [
        json.loads(found) for found in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page)
    ]
    assert any(block.get("image") == [f"{base}/1600.webp"] for block in blocks)


def test_cards_show_the_first_photo_and_go_back_to_the_drawing(shop, visitor):
    photo = make_photo(shop.laptop, "Lid", width=2000, height=1500)
    rebuild([shop.laptop.pk])
    (card,) = images(text(visitor, "/c/computers/laptops/"))
    assert f'src="/media/photos/{photo.code}/1/640.webp"' in card
    assert "1600.webp" not in card
    assert 'alt="Lid" decoding="async"' in card
    remove_photo(photo, by=None)
    rebuild([shop.laptop.pk])
    assert images(text(visitor, "/c/computers/laptops/")) == []


def test_small_pictures_in_cart_checkout_wish_list_and_comparison_are_the_photo(shop, visitor):
    photo = make_photo(shop.laptop, "Lid")
    rebuild([shop.laptop.pk])
    fill_cart(visitor, (shop.excellent, 1), (shop.mouse, 1))
    for sku in (shop.excellent.sku, shop.mouse.sku):
        visitor.post("/wishlist/keep/", {"sku": sku})
        visitor.post("/compare/add/", {"sku": sku})
    for address in ("/cart/", "/checkout/", "/wishlist/", "/compare/"):
        page = text(visitor, address)
        (shown,) = images(page)
        assert f'src="/media/photos/{photo.code}/1/400.webp"' in shown
        # The name beside it says it all.
        assert 'alt=""' in shown
        assert '<span class="thumb" aria-hidden="true"><svg' in page


@pytest.mark.parametrize("photos", [1, 3])
def test_any_number_of_photos_takes_one_query(shop, visitor, django_assert_num_queries, photos):
    text(visitor, ANEW)
    with CaptureQueriesContext(connection) as without:
        text(visitor, ANEW)
    for _ in range(photos):
        make_photo(shop.laptop)
        make_photo(Unit.objects.get(variant=shop.good))
    with django_assert_num_queries(len(without) + 1):
        text(visitor, ANEW)
