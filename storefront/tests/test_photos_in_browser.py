"""Photos in a real browser: they load in the newest format, nothing moves, and staff can put them there."""

import pytest

from accounts.tests.factories import make_staff
from catalog.listings import rebuild
from catalog.models import Photo, Unit
from catalog.tests.photos import make_photo
from commercia.tests.browser import expect, follow
from core.tests.pictures import picture
from storefront.tests.conftest import stock_shop
from storefront.tests.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
T14 = "/p/thinkpad-t14/"
LOADED = "images => images.filter(image => image.complete && image.naturalWidth > 0).map(image => image.currentSrc)"


@pytest.fixture
def shop(transactional_db):
    shop = stock_shop()
    for alt, width, height in (("Lid", 1600, 1200), ("Keyboard", 900, 1200), ("Ports", 400, 300)):
        make_photo(shop.laptop, alt, ready=False, width=width, height=height)
    make_photo(Unit.objects.filter(variant=shop.excellent).first(), "Scratch on the lid", ready=False)
    rebuild([shop.laptop.pk])
    return shop


def test_the_gallery(shop, page, complaints):
    assert set(Photo.objects.values_list("state", flat=True)) == {"ready"}
    for address in (f"{T14}?offer=T14-A-16", "/c/computers/laptops/"):
        page.goto(address)
        assert_good(page, complaints)
    page.goto(T14)
    (shown,) = page.eval_on_selector_all("#photo-1 img", LOADED)
    assert shown.endswith(".avif")
    # The choice below works without script: it is a link to the photo.
    page.get_by_role("list", name="Choose a photo").get_by_role("link").nth(1).click()
    page.wait_for_function("document.querySelector('#photo-2 img').naturalWidth > 0")
    box, strip = page.locator("#photo-2").bounding_box(), page.locator(".strip").bounding_box()
    assert abs(box["x"] - strip["x"]) < 2


def test_staff_add_photos_and_shoppers_see_them(shop, page, client, live_server, tmp_path):
    files = []
    for number in range(2):
        path = tmp_path / f"side-{number}.jpg"
        path.write_bytes(picture(640, 480 + number))
        files.append(path)
    client.force_login(make_staff(is_superuser=True))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.goto(f"/admin/catalog/product/{shop.mouse.product_id}/change/")
    follow(page.get_by_role("link", name="Photos (0)"))
    for number, path in enumerate(files, 1):
        page.get_by_label(f"Picture {number}").set_input_files(path)
        page.get_by_label(f"Description {number}").fill(f"Side {number}")
    follow(page.get_by_role("button", name="Add"))
    expect(page.get_by_text("2 photos added")).to_be_visible()
    page.goto("/p/m500/")
    assert [image.get_attribute("alt") for image in page.locator(".strip img").all()] == ["Side 1", "Side 2"]
    page.goto(f"/admin/catalog/product/{shop.mouse.product_id}/photos/")
    page.get_by_label("Place").first.fill("9")
    follow(page.get_by_role("button", name="Save order"))
    page.goto("/p/m500/")
    expect(page.locator(".strip img").first).to_have_attribute("alt", "Side 2")
