"""What tests of the catalogue share."""

import pytest


@pytest.fixture
def media(settings, tmp_path):
    """Keep uploads and renditions of this test in a folder of its own: public/ and originals/ below `tmp_path`."""
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "public", "base_url": "/media/"}},
        "originals": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "originals"}},
    }
    return tmp_path
