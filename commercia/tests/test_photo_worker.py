"""A process that prepares a photo is killed by the system in the middle: another one finishes its work."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from catalog.models import Photo
from catalog.photo_rendering import LEASE, render_waiting_photos
from catalog.tests.factories import make_product
from catalog.tests.photos import make_photo
from commercia.tests.processes import test_database_url
from core import clock

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
# Prepares what waits, tells each file that it has written, and hangs after the third.
HANGS = """
import time, django
django.setup()
from catalog import photo_rendering
save, saved = photo_rendering.default_storage.save, []
def slowly(name, content, max_length=None):
    saved.append(save(name, content, max_length=max_length))
    print(saved[-1], flush=True)
    if len(saved) == 3:
        time.sleep(600)
    return saved[-1]
photo_rendering.default_storage.save = slowly
photo_rendering.render_waiting_photos()
"""


@pytest.fixture(autouse=True)
def _media(settings, tmp_path, monkeypatch):
    assert connection.vendor == "mysql", "two processes share a database here: set DATABASE_URL"
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "public", "base_url": "/media/"}},
        "originals": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "originals"}},
    }
    monkeypatch.setattr("catalog.photos.nudge", lambda *hint: None)


def test_a_killed_worker_gives_its_photo_back(tmp_path):
    photo = make_photo(make_product(), ready=False, width=1700, height=1300)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "commercia.settings.dev",
        "DATABASE_URL": test_database_url(),
        "MEDIA_ROOT": str(tmp_path),
        "SECRET_KEY": "x" * 50,
    }
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", HANGS],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        written = [worker.stdout.readline().strip() for _ in range(3)]
        os.kill(worker.pid, signal.SIGKILL)
    assert written[-1] == f"photos/{photo.code}/1/320.avif"
    photo.refresh_from_db()
    assert (photo.state, photo.renditions, photo.tries) == ("waiting", {}, 1)
    assert render_waiting_photos() == 0
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        assert render_waiting_photos() == 1
    photo = Photo.objects.get()
    assert (photo.state, photo.tries) == ("ready", 2)
    names = [name for kind in photo.renditions.values() for name in kind.values()]
    assert len(names) == 10
    assert all((tmp_path / "public" / name).stat().st_size > 0 for name in names)
    assert not set(names) & set(written)
