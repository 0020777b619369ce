"""Renditions are made in the background, once, whatever happens to workers and storages in the middle."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.files.storage import default_storage, storages
from PIL import Image

from catalog import photo_rendering, tasks
from catalog.models import ListingDirty, Photo
from catalog.photo_rendering import (
    LEASE,
    MAX_TRIES,
    discard_removed_photos,
    render_photo,
    render_waiting_photos,
)
from catalog.photos import STORAGE_SILENT, add_photo, remove_photo, retry_photo
from catalog.tests.factories import make_product
from catalog.tests.photos import make_photo
from core.models import AuditEntry
from core.tests.pictures import CAMERA, photo_with_place, picture, upload, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Killed(BaseException):
    """What SIGKILL is to a test: nothing after it runs."""


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def shown_files(photo):
    photo.refresh_from_db()
    return {f"public/{name}" for names in photo.renditions.values() for name in names.values()}


def die_after(monkeypatch, saves, error):
    """Let the storage break at the save after so many good ones."""
    done = []
    save = default_storage.save

    def failing(name, content, max_length=None):
        if len(done) == saves:
            raise error
        done.append(name)
        return save(name, content, max_length=max_length)

    monkeypatch.setattr(photo_rendering.default_storage, "save", failing)
    return done


def test_a_photo_is_made_in_two_formats_and_five_widths(tmp_path):
    product = make_product()
    content = photo_with_place(orientation=6, width=4000, height=3000)
    photo = add_photo(product, by=None, upload=upload(content), alt="Lid")
    ListingDirty.objects.all().delete()
    assert tasks.render_photo(photo.pk) is True
    photo.refresh_from_db()
    assert (photo.state, photo.failure, photo.tries) == ("ready", "", 1)
    assert {kind: list(names) for kind, names in photo.renditions.items()} == {
        "avif": ["160", "320", "640", "960", "1600"],
        "webp": ["160", "320", "640", "960", "1600"],
    }
    for kind, names in photo.renditions.items():
        for width, name in names.items():
            assert name == f"photos/{photo.code}/1/{width}.{kind}"
            with default_storage.open(name) as file:
                rendition = file.read()
            assert CAMERA.encode() not in rendition
            image = Image.open(BytesIO(rendition))
            assert (image.format, image.width) == (kind.upper(), int(width))
            assert abs(image.height - image.width * 4 / 3) <= 1
            assert "exif" not in image.info
    with storages["originals"].open(photo.original.name) as original:
        assert original.read() == content
    assert ListingDirty.objects.get().product == product
    assert AuditEntry.objects.filter(model="catalog.photo", object_code=photo.code, kind="ready").count() == 1


def test_what_is_transparent_is_shown_on_white():
    image = Image.new("RGBA", (320, 240), (0, 0, 0, 0))
    photo = add_photo(make_product(), by=None, upload=upload(written(image, "PNG")), alt="Nothing")
    assert render_photo(photo.pk)
    photo.refresh_from_db()
    for kind in ("avif", "webp"):
        with default_storage.open(photo.renditions[kind]["160"]) as file:
            assert Image.open(file).convert("RGBA").getpixel((80, 60)) == (255, 255, 255, 255)


def test_a_second_call_does_nothing(tmp_path):
    photo = make_photo(make_product())
    before = files(tmp_path)
    assert render_photo(photo.pk) is False
    assert render_waiting_photos() == 0
    assert render_photo(987_654_321) is False
    assert files(tmp_path) == before


def test_the_hint_after_an_upload_renders_it(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        photo = make_photo(make_product(), ready=False)
    photo.refresh_from_db()
    assert photo.state == "ready"


def test_the_sweep_takes_the_oldest_first_and_all_of_them(clock):
    photos = []
    for _ in range(3):
        photos.append(make_photo(make_product(), ready=False))
        clock.shift(1)
    assert tasks.render_waiting_photos() == 3
    assert list(Photo.objects.order_by("pk").values_list("state", flat=True)) == ["ready"] * 3


# --- Workers that die -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saves", [0, 1, 5])
def test_a_worker_killed_in_the_middle_gives_the_photo_back(clock, tmp_path, monkeypatch, saves):
    photo = make_photo(make_product(), ready=False)
    with monkeypatch.context() as patched:
        die_after(patched, saves, Killed())
        with pytest.raises(Killed):
            render_photo(photo.pk)
    photo.refresh_from_db()
    assert (photo.state, photo.renditions, photo.tries) == ("waiting", {}, 1)
    assert render_waiting_photos() == 0, "somebody else's lease was taken"
    clock.shift(LEASE)
    assert render_waiting_photos() == 1
    assert shown_files(photo) == {
        f"public/photos/{photo.code}/2/{w}.{k}" for w in (160, 320, 400) for k in ("avif", "webp")
    }
    # What the dead worker left goes with the photo.
    assert len(files(tmp_path / "public")) == 6 + saves
    remove_photo(photo, by=None)
    clock.shift(timedelta(minutes=10))
    assert tasks.discard_removed_photos() == 1
    assert files(tmp_path) == []


def test_a_photo_that_kills_every_worker_is_given_up(clock, monkeypatch):
    photo = make_photo(make_product(), ready=False)
    with monkeypatch.context() as patched:
        die_after(patched, 0, Killed())
        for _ in range(MAX_TRIES):
            with pytest.raises(Killed):
                render_waiting_photos()
            clock.shift(LEASE)
    assert render_waiting_photos() == 0
    photo.refresh_from_db()
    assert (photo.state, photo.failure) == ("failed", "Every attempt to prepare it was cut short.")
    retry_photo(photo, by=None)
    assert render_waiting_photos() == 1


def test_of_two_workers_with_one_photo_the_quicker_one_wins(clock, tmp_path, monkeypatch):
    photo = make_photo(make_product(), ready=False)
    encode = photo_rendering.encode

    def slowly(image, kind, *, width):
        if photo_rendering.encode is slowly:
            monkeypatch.setattr(photo_rendering, "encode", encode)
            clock.shift(LEASE)
            assert render_photo(photo.pk) is True
        return encode(image, kind, width=width)

    monkeypatch.setattr(photo_rendering, "encode", slowly)
    assert render_photo(photo.pk) is False
    assert {name.split("/")[3] for name in shown_files(photo)} == {"2"}
    assert set(files(tmp_path / "public")) == {name.removeprefix("public/") for name in shown_files(photo)}


# --- Storages that break ----------------------------------------------------------------------------------------------


def test_a_silent_storage_is_asked_again_later_and_nothing_is_left_behind(clock, tmp_path, monkeypatch):
    photo = make_photo(make_product(), ready=False)
    with monkeypatch.context() as patched:
        die_after(patched, 3, OSError("no route to host"))
        assert render_photo(photo.pk) is False
    photo.refresh_from_db()
    assert (photo.state, photo.failure, photo.due_at) == ("waiting", STORAGE_SILENT, NOON + timedelta(seconds=30))
    assert files(tmp_path / "public") == []
    clock.shift(29)
    assert render_waiting_photos() == 0
    clock.shift(1)
    assert render_waiting_photos() == 1
    photo.refresh_from_db()
    assert (photo.state, photo.failure) == ("ready", "")


def test_after_the_last_try_staff_are_told(clock, monkeypatch):
    photo = make_photo(make_product(), ready=False)
    with monkeypatch.context() as patched:
        die_after(patched, 0, OSError("gone"))
        tries = 0
        while Photo.objects.get().state == "waiting":
            clock.move_to(Photo.objects.get().due_at)
            assert render_waiting_photos() == 0
            tries += 1
    photo.refresh_from_db()
    assert (tries, photo.state, photo.failure) == (MAX_TRIES, "failed", STORAGE_SILENT)
    assert timedelta(hours=24) < photo.due_at - NOON < timedelta(hours=26)
    retry_photo(photo, by=None)
    photo.refresh_from_db()
    assert (photo.state, photo.failure, photo.tries) == ("waiting", "", 0)
    assert render_waiting_photos() == 1


def test_an_original_that_rotted_is_a_failure_with_its_reason():
    photo = make_photo(make_product(), ready=False)
    storages["originals"].delete(photo.original.name)
    storages["originals"].save(photo.original.name, BytesIO(picture()[:3000]))
    assert render_photo(photo.pk) is False
    photo.refresh_from_db()
    assert photo.state == "failed"
    assert photo.failure.startswith("This picture is damaged or cut off.")


# --- Removal ----------------------------------------------------------------------------------------------------------


def test_the_files_of_a_removed_photo_go_after_pages_have_forgotten_it(clock, tmp_path):
    product = make_product()
    photo, kept = make_photo(product), make_photo(product)
    remove_photo(photo, by=None)
    clock.shift(timedelta(minutes=9))
    assert discard_removed_photos() == 0
    assert len(files(tmp_path)) == 14
    clock.shift(timedelta(minutes=1))
    assert discard_removed_photos() == 1
    assert set(files(tmp_path / "public")) == {name.removeprefix("public/") for name in shown_files(kept)}
    assert len(files(tmp_path / "originals")) == 1
    assert Photo.objects.get() == kept
    assert discard_removed_photos() == 0


def test_a_removed_photo_is_not_rendered(clock):
    photo = make_photo(make_product(), ready=False)
    remove_photo(photo, by=None)
    assert render_photo(photo.pk) is False


def test_a_photo_removed_while_it_is_rendered_leaves_nothing(clock, tmp_path, monkeypatch):
    photo = make_photo(make_product(), ready=False)
    encode = photo_rendering.encode

    def meanwhile(image, kind, *, width):
        if Photo.objects.exists():
            remove_photo(photo, by=None)
            clock.shift(timedelta(minutes=10))
            assert discard_removed_photos() == 1
        return encode(image, kind, width=width)

    monkeypatch.setattr(photo_rendering, "encode", meanwhile)
    assert render_photo(photo.pk) is False
    assert files(tmp_path) == []


def test_a_storage_that_will_not_delete_is_asked_again(clock, tmp_path, monkeypatch):
    photo = make_photo(make_product())
    remove_photo(photo, by=None)
    clock.shift(timedelta(minutes=10))
    with monkeypatch.context() as patched:

        def refuse(name):
            raise OSError("read-only")

        patched.setattr(photo_rendering.default_storage, "delete", refuse)
        assert discard_removed_photos() == 0
    assert Photo.objects.exists()
    assert discard_removed_photos() == 1
    assert files(tmp_path) == []
