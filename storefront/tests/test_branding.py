"""The shop's own look: set on one page of the admin, seen at once everywhere, refused when nobody could read it."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.tests.factories import make_staff
from accounts.tests.signing import ShopClient
from backoffice.roles import sync_roles
from core.models import AuditEntry, ShopSetting
from core.refusals import Refusal
from core.shop_settings import shop_settings
from core.tests import pictures
from notifications.outbox import queue_email
from storefront.branding import colours_css, save_branding, store_picture
from storefront.context import ShopFacts

pytestmark = pytest.mark.django_db
FORM = "/admin/storefront/shopsettings/"
EMPTY = {"shop_name": "", "note_text": "", "accent_light": "", "accent_dark": ""}
HOSTILE = "<script>alert(1)</script>\"'{{ 7*7 }}"


@pytest.fixture(autouse=True)
def media(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(ShopFacts, "last_name", settings.SHOP_NAME)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path), "base_url": "/media/"},
        },
    }
    return tmp_path


def staff(role):
    sync_roles()
    client = ShopClient()
    client.force_login(make_staff(groups=[role]))
    return client


def text(client, address="/"):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def upload(content, name="logo.png"):
    return SimpleUploadedFile(name, content, content_type="image/png")


def refused(**values):
    with pytest.raises(Refusal) as found:
        save_branding(values, by=None)
    assert not ShopSetting.objects.exists()
    assert not AuditEntry.objects.exists()
    return found.value.facts["fields"]


def test_a_manager_names_the_shop_and_the_next_request_shows_it_everywhere(visitor):
    text(visitor)
    boss = staff("Manager")
    response = boss.post(FORM, {**EMPTY, "shop_name": " Mekong Laptops ", "note_text": "Open on Sunday"})
    assert (response.status_code, response["Location"]) == (302, FORM)
    page = text(visitor)
    assert "</svg>Mekong Laptops</a>" in page
    assert "· Mekong Laptops</title>" in page
    assert "<p>Open on Sunday</p>" in page
    assert "Tested, wiped and under warranty" not in page
    assert "Mekong Laptops staff" in text(boss, "/admin/")
    letter = queue_email(
        kind="verify_email", to="a@example.com", context={"link": "http://x/", "hours": 1}, dedupe_key="1"
    )
    assert "Mekong Laptops" in letter.text
    entry = AuditEntry.objects.get(model="core.shopsetting")
    assert entry.facts == {"shop_name": [None, "Mekong Laptops"], "note_text": [None, "Open on Sunday"]}


def test_emptied_fields_go_back_to_what_the_shop_comes_with(visitor):
    save_branding({"shop_name": "Mekong", "accent_light": "#1D4ED8"}, by=None)
    assert shop_settings()["accent_light"] == "#1d4ed8"
    save_branding({"shop_name": "  ", "accent_light": ""}, by=None)
    assert shop_settings() == {}
    assert "</svg>Commercia</a>" in text(visitor)


def test_accents_come_as_a_style_sheet_of_custom_properties_only(visitor):
    assert "branding.css" not in text(visitor)
    save_branding({"accent_light": "#1d4ed8"}, by=None)
    assert '<link rel="stylesheet" href="/branding.css?v=1">' in text(visitor)
    response = visitor.get("/branding.css?v=1")
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Vary" not in response
    assert response.content.decode() == (
        "@layer tokens{@media not all and (prefers-color-scheme:dark){:root{--accent:#1d4ed8;--accent-deep:#15389c;"
        "--on-accent:#ffffff;--tint:#dfe6fa}}}\n"
    )
    save_branding({"accent_dark": "#8ab4ff"}, by=None)
    assert 'href="/branding.css?v=2"' in text(visitor)
    assert (
        "@media (prefers-color-scheme:dark){:root{--accent:#8ab4ff;"
        in visitor.get("/branding.css?v=2").content.decode()
    )


@pytest.mark.parametrize("version", ["", "?v=", "?v=7", "?v=-1", "?v=1&v=7", "?v=%00", "?v=" + "9" * 10_000])
def test_only_the_version_of_today_may_be_kept(visitor, version):
    save_branding({"accent_light": "#1d4ed8"}, by=None)
    response = visitor.get(f"/branding.css{version}")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-cache"
    assert "#1d4ed8" in response.content.decode()


def test_a_shop_without_colours_has_an_empty_sheet(visitor):
    assert visitor.get("/branding.css").content == b""
    assert colours_css({}) == ""
    assert visitor.post("/branding.css").status_code == 405


def test_a_colour_that_nobody_can_read_is_refused_with_what_was_measured():
    assert refused(accent_light="#ff8800") == {
        "accent_light": [
            "#ff8800 is too hard to read in the light theme: its contrast on the sunken ground #edf1ef is 2.10 : 1, "
            "and at least 4.5 : 1 is needed. Choose a darker colour."
        ]
    }
    assert refused(accent_dark="#003322")["accent_dark"][0].endswith("Choose a lighter colour.")


@pytest.mark.parametrize(
    "colour", ["red", "#fff", "#12345g", "#1234567", "rgb(0,0,0)", "#00694a;}", "<b>", "x" * 10_000, "#００６９４ａ"]
)
def test_what_is_no_colour_is_refused(colour):
    assert set(refused(accent_light=colour)) == {"accent_light"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"shop_name": "x" * 61}, "shop_name"),
        ({"shop_name": "x" * 10_000}, "shop_name"),
        ({"shop_name": "a\nBcc: eve@example.com"}, "shop_name"),
        ({"shop_name": "a\u2028b"}, "shop_name"),
        ({"note_text": "x" * 121}, "note_text"),
        ({"note_text": "a\x00b"}, "note_text"),
    ],
)
def test_names_are_one_short_line(values, field):
    assert set(refused(**values)) == {field}


def test_a_setting_that_does_not_exist_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="banner"):
        save_branding({"banner": "x"}, by=None)


def test_markup_is_shown_as_text(visitor):
    save_branding({"shop_name": HOSTILE, "note_text": HOSTILE}, by=None)
    boss = staff("Manager")
    for page in (text(visitor), text(boss, "/admin/"), text(boss, FORM)):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "{{ 7*7 }}" in page


def test_a_logo_is_written_anew_and_shown_with_its_size(visitor, media):
    boss = staff("Manager")
    content = pictures.picture(1200, 300, kind="PNG", mode="RGBA")
    assert boss.post(FORM, {**EMPTY, "logo": upload(content)}).status_code == 302
    kept = shop_settings()["logo"]
    assert (kept["width"], kept["height"]) == (384, 96)
    with default_storage.open(kept["name"]) as file:
        image = Image.open(file)
        assert (image.format, image.size) == ("WEBP", (384, 96))
    page = text(visitor)
    assert f'<img src="/media/{kept["name"]}" width="384" height="96" alt="Commercia"></a>' in page
    # The same file again changes nothing; a save without a file keeps it.
    boss.post(FORM, {**EMPTY, "logo": upload(content)})
    boss.post(FORM, EMPTY)
    assert shop_settings()["logo"] == kept
    assert AuditEntry.objects.filter(model="core.shopsetting").count() == 1
    boss.post(FORM, {**EMPTY, "no_logo": "on"})
    assert "</svg>Commercia</a>" in text(visitor)


def test_an_icon_becomes_a_square_and_answers_at_favicon_ico(visitor):
    assert visitor.get("/favicon.ico")["Location"] == "/static/storefront/favicon.ico"
    assert 'href="/static/storefront/logo.svg" type="image/svg+xml"' in text(visitor)
    kept = store_picture("icon", upload(pictures.picture(400, 200)))
    save_branding({"icon": kept}, by=None)
    response = visitor.get("/favicon.ico")
    assert (response.status_code, response["Location"]) == (302, f"/media/{kept['name']}")
    assert response["Cache-Control"] == "no-cache"
    assert f'<link rel="icon" href="/media/{kept["name"]}" type="image/png" sizes="192x192">' in text(visitor)
    with default_storage.open(kept["name"]) as file:
        image = Image.open(BytesIO(file.read()))
        assert (image.format, image.size, image.getpixel((0, 0))[3]) == ("PNG", (192, 192), 0)


def test_the_built_in_icon_holds_three_sizes():
    from django.contrib.staticfiles import finders

    with Image.open(finders.find("storefront/favicon.ico")) as icon:
        assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        b"GIF89a" + b"\x00" * 40,
        pictures.picture()[:200],
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_is_stored(content, media):
    boss = staff("Manager")
    response = boss.post(FORM, {**EMPTY, "shop_name": "New name", "logo": upload(content)})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not ShopSetting.objects.exists()
    assert list(media.rglob("*.*")) == []


def test_a_bomb_is_refused_before_it_is_decoded():
    boss = staff("Manager")
    response = boss.post(FORM, {**EMPTY, "icon": upload(pictures.bomb(9_000, 9_000))})
    assert "more than 20 megapixels" in response.content.decode()
    assert not ShopSetting.objects.exists()


def test_the_form_keeps_what_was_typed_when_it_refuses():
    boss = staff("Manager")
    page = boss.post(FORM, {**EMPTY, "shop_name": "Mekong", "accent_light": "#ffff00"}).content.decode()
    assert "is too hard to read in the light theme" in page
    assert 'value="Mekong"' in page
    assert not ShopSetting.objects.exists()


@pytest.mark.parametrize(
    ("role", "looks", "posts"),
    [("Catalogue", 403, 403), ("Support", 403, 403), ("Auditor", 200, 403), ("Manager", 200, 302)],
)
def test_who_may_look_and_who_may_change(role, looks, posts):
    client = staff(role)
    response = client.get(FORM)
    assert response.status_code == looks
    if role == "Auditor":
        assert response.content.decode().count(" disabled") == 8
        assert 'value="Save"' not in response.content.decode()
    assert client.post(FORM, {**EMPTY, "shop_name": "X"}).status_code == posts
    assert ShopSetting.objects.exists() == (posts == 302)


def test_visitors_are_sent_to_log_in(visitor, customer):
    assert visitor.get(FORM)["Location"].startswith("/admin/login/")
    assert customer.post(FORM, {**EMPTY, "shop_name": "X"}).status_code == 302
    assert not ShopSetting.objects.exists()


def test_rows_of_settings_have_no_pages_of_their_own():
    save_branding({"shop_name": "X"}, by=None)
    boss = staff("Manager")
    row = ShopSetting.objects.get()
    assert boss.get(f"{FORM}{row.pk}/change/").status_code == 404
    assert boss.get(f"{FORM}add/").status_code == 403
    assert boss.put(FORM).status_code == 405
    assert reverse("admin:storefront_shopsettings_changelist") == FORM


def test_pictures_are_never_stored_inside_a_transaction(monkeypatch):
    monkeypatch.setattr("storefront.branding.in_transaction", lambda: True)
    with pytest.raises(RuntimeError, match="outside any transaction"):
        store_picture("logo", upload(pictures.picture()))


def test_an_error_page_knows_the_last_name_without_asking(visitor, django_assert_num_queries, monkeypatch):
    save_branding({"shop_name": "Mekong Laptops"}, by=None)
    text(visitor)
    assert ShopFacts.last_name == "Mekong Laptops"
    visitor.raise_request_exception = False
    monkeypatch.setattr("storefront.views.cart.find_cart", lambda *args, **kwargs: 1 / 0)
    with django_assert_num_queries(0):
        page = visitor.get("/cart/").content.decode()
    assert "· Mekong Laptops</title>" in page
