"""Photos in S3: set by the environment, stored and fetched through a real server that speaks S3 over HTTP."""

import json
import re
import subprocess
import sys
import urllib.request
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from urllib.error import HTTPError

import boto3
import environ
import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.urls import reverse
from PIL import Image

from catalog.listings import rebuild
from catalog.models import Photo
from catalog.photo_rendering import discard_removed_photos, render_photo, render_waiting_photos
from catalog.photos import STORAGE_SILENT, add_photo, remove_photo
from catalog.pictures import address, pictures_of
from catalog.tests.factories import make_product, make_variant
from commercia.settings.media import media
from commercia.tests.test_settings import GOOD, ROOT
from core import clock
from core.db import in_transaction
from core.refusals import Refusal
from core.tests.pictures import CAMERA, photo_with_place, upload

ACCOUNT = {"S3_ACCESS_KEY_ID": "shop", "S3_SECRET_ACCESS_KEY": "not-a-secret"}


def told(monkeypatch, tmp_path, **variables):
    """Return storages and origins under these variables."""
    for name in ("S3_BUCKET", "S3_ORIGINALS_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_PUBLIC_URL", *ACCOUNT):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return media(environ.Env(), tmp_path)


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_without_a_bucket_photos_lie_on_the_disk(monkeypatch, tmp_path):
    found, origins = told(monkeypatch, tmp_path, S3_REGION="eu-west-1", S3_BUCKET=" ")
    assert origins == []
    assert {name: storage["OPTIONS"]["location"] for name, storage in found.items()} == {
        "default": str(tmp_path / "public"),
        "originals": str(tmp_path / "originals"),
    }


@pytest.mark.parametrize(
    ("variables", "domain", "origin"),
    [
        (
            {"S3_REGION": "ap-southeast-1"},
            "pics.s3.ap-southeast-1.amazonaws.com",
            "https://pics.s3.ap-southeast-1.amazonaws.com",
        ),
        ({"S3_ENDPOINT_URL": "https://minio.test:9000/"}, "minio.test:9000/pics", "https://minio.test:9000"),
        ({"S3_PUBLIC_URL": "https://cdn.shop.test/"}, "cdn.shop.test", "https://cdn.shop.test"),
    ],
)
def test_the_address_of_pictures_and_of_nothing_else_is_public(
    monkeypatch, tmp_path, settings, variables, domain, origin
):
    found, origins = told(monkeypatch, tmp_path, S3_BUCKET="pics", **ACCOUNT, **variables)
    assert origins == [origin]
    assert found["default"]["OPTIONS"]["custom_domain"] == domain
    assert "custom_domain" not in found["originals"]["OPTIONS"]
    for storage in found.values():
        assert storage["OPTIONS"]["file_overwrite"] is False
        assert storage["OPTIONS"]["client_config"].request_checksum_calculation == "when_required"
    settings.STORAGES = {**settings.STORAGES, **found}
    assert default_storage.url("photos/X/1/320.webp") == f"https://{domain}/public/photos/X/1/320.webp"
    # An original has only an address that is signed and ends after five minutes.
    signed = storages["originals"].url("photos/secret.jpg")
    assert "/private/photos/secret.jpg?" in signed
    assert "X-Amz-Expires=300" in signed


def test_originals_may_have_a_bucket_of_their_own(monkeypatch, tmp_path):
    found, _ = told(monkeypatch, tmp_path, S3_BUCKET="pics", S3_ORIGINALS_BUCKET="vault")
    assert [storage["OPTIONS"]["bucket_name"] for storage in found.values()] == ["pics", "vault"]


@pytest.mark.parametrize(
    "url", ["cdn.shop.test", "ftp://cdn.shop.test", "https://", "https://x.test/?a=1", "javascript:x"]
)
def test_an_address_that_browsers_cannot_use_stops_the_start(monkeypatch, tmp_path, url):
    with pytest.raises(ImproperlyConfigured, match="S3_PUBLIC_URL"):
        told(monkeypatch, tmp_path, S3_BUCKET="pics", S3_PUBLIC_URL=url)


def test_pages_may_load_pictures_from_there():
    show = "import json; from django.conf import settings; print(json.dumps(settings.SECURE_CSP['img-src']))"
    environment = {**GOOD, "S3_BUCKET": "pics", "S3_PUBLIC_URL": "https://cdn.shop.test", "PATH": "/usr/bin:/bin"}
    run = subprocess.run(
        [sys.executable, "-c", show],
        cwd=ROOT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "commercia.settings.production"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == ["'self'", "data:", "https://cdn.shop.test"]


# --- Against a server -------------------------------------------------------------------------------------------------


@pytest.fixture
def server():
    """Yield an S3 server on loopback (moto, in a thread of its own)."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path, settings):
    """Let the shop keep its photos on that server; return the client that looks into the bucket."""
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    found, _ = told(monkeypatch, tmp_path, S3_BUCKET="pics", S3_ENDPOINT_URL=endpoint, **ACCOUNT)
    settings.STORAGES = {**settings.STORAGES, **found}
    # The tests say when renditions are made.
    monkeypatch.setattr("catalog.photos.nudge", lambda *hint: None)
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="shop",
        aws_secret_access_key="not-a-secret",
    )
    with closing(client):
        client.create_bucket(Bucket="pics")
        client.put_bucket_policy(Bucket="pics", Policy=documented_policy().replace("my-shop-photos", "pics"))
        yield client


def documented_policy():
    """Return the policy that the how-to tells people to use."""
    page = (ROOT / "docs/how-to/keep-photos-in-s3.md").read_text()
    return re.search(r"```json\n(.*?)```", page, re.DOTALL)[1]


def keys(client):
    return sorted(row["Key"] for row in client.list_objects_v2(Bucket="pics").get("Contents", []))


def fetched(url):
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (our own address, on loopback)
        return answer.headers, answer.read()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_photo_is_uploaded_rendered_shown_and_removed_through_s3(bucket, client):
    product = make_product(slug="t14")
    make_variant(product, units=1)
    spoken = []
    for storage in (default_storage, storages["originals"]):
        events = storage.connection.meta.client.meta.events
        events.register("before-send.s3", lambda **call: spoken.append(in_transaction()))
    content = photo_with_place(orientation=6, width=1200, height=900)
    photo = add_photo(product, by=None, upload=upload(content), alt="Lid")
    assert keys(bucket) == [f"private/{photo.original.name}"]
    assert render_photo(photo.pk)
    assert len(keys(bucket)) == 9
    assert True not in spoken, "a transaction was open while S3 was spoken to"
    assert len(spoken) >= 9
    picture = pictures_of(product.pk).of_product[0]
    for kind in ("avif", "webp"):
        headers, body = fetched(address(picture, width=640, kind=kind))
        assert headers["Content-Type"] == f"image/{kind}"
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert CAMERA.encode() not in body
        assert Image.open(BytesIO(body)).size == (640, 853)
    rebuild([product.pk])
    page = client.get(reverse("storefront:product", args=["t14"])).content.decode()
    assert address(picture, width=640) in page
    public = default_storage.url("")
    assert public.endswith("/pics/public/")
    with pytest.raises(HTTPError, match="403"):
        fetched(public.replace("/public/", f"/private/{photo.original.name}"))
    assert fetched(storages["originals"].url(photo.original.name))[1] == content
    remove_photo(photo, by=None)
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert discard_removed_photos() == 1
    assert keys(bucket) == []


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_s3_goes_away_and_comes_back(server, bucket):
    photo = add_photo(make_product(), by=None, upload=upload(photo_with_place()), alt="Lid")
    _, port = server.get_host_and_port()
    server.stop()
    assert render_photo(photo.pk) is False
    photo.refresh_from_db()
    assert (photo.state, photo.failure) == ("waiting", STORAGE_SILENT)
    with pytest.raises(Refusal) as told:
        add_photo(make_product(), by=None, upload=upload(photo_with_place(orientation=3)), alt="Lid")
    assert told.value.code == "storage_silent"
    assert Photo.objects.count() == 1
    server._port = port
    server.start()
    with time_machine.travel(clock.now() + timedelta(seconds=31), tick=False):
        assert render_waiting_photos() == 1


@pytest.mark.services
def test_names_are_never_used_twice(bucket):
    first = default_storage.save("photos/X/1/160.webp", ContentFile(b"one"))
    second = default_storage.save("photos/X/1/160.webp", ContentFile(b"two"))
    assert first == "photos/X/1/160.webp" != second
    assert bucket.get_object(Bucket="pics", Key=f"public/{first}")["Body"].read() == b"one"
