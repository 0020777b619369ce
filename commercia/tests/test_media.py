"""Pictures on local disk: served for a year, as what they are, and nothing else from the disk."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages

from core.tests.pictures import HTML, SVG, picture

NAME = "photos/ABCDEFGHJKLM/1/320"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "public", "base_url": "/media/"}},
        "originals": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "originals"}},
    }


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("avif", "image/avif"), ("webp", "image/webp"), ("png", "image/png"), ("jpg", "image/jpeg")],
)
def test_a_picture_is_served_for_a_year_as_what_it_is(client, kind, content_type):
    content = picture(64, 64, kind={"jpg": "JPEG"}.get(kind, kind.upper()))
    default_storage.save(f"{NAME}.{kind}", ContentFile(content))
    answer = client.get(f"/media/{NAME}.{kind}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer["Content-Type"] == content_type
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not answer.cookies
    assert not answer.has_header("Vary")
    head = client.head(f"/media/{NAME}.{kind}")
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(content)), b"")
    assert client.post(f"/media/{NAME}.{kind}").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "photos/page.html",
        "photos/drawing.svg",
        "photos/script.js",
        "photos/noending",
        "photos/double.html.webp",
        "top.webp",
        "photos/",
        "photos",
        "",
        "../originals/photos/secret.jpg",
        "photos/../../originals/photos/secret.jpg",
        "photos/%2e%2e/%2e%2e/originals/photos/secret.jpg",
        "photos/..%2f..%2foriginals/photos/secret.jpg",
        "photos\\..\\..\\originals\\photos\\secret.jpg",
        "/etc/passwd.jpg",
        "photos//x.webp",
        "photos/x.webp%00.html",
        "photos/x.webp%0a",
        "photos/x.WEBP",
        "photos/ｘ.webp",
        "photos/folder.webp",
        "photos/x.webp/y.webp",
        "photos/" + "x" * 5_000 + ".webp",
        "photos/" + "x/" * 500 + "x.webp",
        "photos/" + "x" * 100 + ".webp",
        "originals/photos/secret.jpg",
        "photos/secret.jpg",
    ],
)
def test_nothing_else_is_served(client, tmp_path, name):
    storages["originals"].save("photos/secret.jpg", ContentFile(picture()))
    for other, content in (("page.html", HTML), ("drawing.svg", SVG), ("script.js", b"x"), ("noending", b"x")):
        default_storage.save(f"photos/{other}", ContentFile(content))
    default_storage.save("photos/double.html.webp", ContentFile(HTML))
    default_storage.save("photos/x.webp", ContentFile(picture(64, 64, kind="WEBP")))
    (tmp_path / "public" / "photos" / "folder.webp").mkdir()
    (tmp_path / "public" / "top.webp").write_bytes(b"x")
    answer = client.get(f"/media/{name}")
    assert answer.status_code == 404
    assert "immutable" not in answer.get("Cache-Control", "")


def test_where_pictures_lie_elsewhere_nothing_is_served_from_here(client, settings, db):
    default_storage.save(f"{NAME}.webp", ContentFile(picture(64, 64, kind="WEBP")))
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage", "OPTIONS": {"base_url": "/media/"}},
    }
    assert client.get(f"/media/{NAME}.webp").status_code == 404
