"""Settings of the test suite. DATABASE_URL, CACHE_URL and CELERY_BROKER_URL point it at real services."""

import os
import secrets
import tempfile
from pathlib import Path

from commercia.settings.base import *  # noqa: F403  (settings modules extend each other)
from commercia.settings.base import CACHE_URL, CACHES, SIMPLE_JWT, env
from commercia.settings.media import local_media

DEBUG = False
SECRET_KEY = secrets.token_urlsafe(48)
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
SITE_URL = "http://testserver"
TEST_DIR = Path(tempfile.mkdtemp(prefix="commercia-test-"))
MEDIA_ROOT = TEST_DIR / "media"
STATIC_ROOT = TEST_DIR / "static"
STATIC_ROOT.mkdir()
if not env.str("EMAIL_URL", default=""):  # a worker under test sends to a real SMTP server of the test
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
BANK_TRANSFER_INSTRUCTIONS = "ABA Bank 000 123 456, Commercia Co., Ltd."
PICKUP_ADDRESS = "12 Street 240, Phnom Penh"
# No provider is configured until a test does it (payments.tests.paying).
STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRETS, STRIPE_API_BASE, STRIPE_ACCOUNT = "", [], "", ""
BAKONG_TOKEN, BAKONG_API_BASE, KHQR_ACCOUNT = "", "", ""
STORAGES = {
    **local_media(MEDIA_ROOT),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Real hashing costs 25 ms a user; the hashers have tests of their own.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "accounts.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": SECRET_KEY}
# Test processes that run side by side must not take each other's hints, nor empty each other's cache.
TEST_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
CELERY_TASK_DEFAULT_QUEUE = f"commercia-test-{TEST_PROCESS or 'alone'}"
if env.bool("TEST_WITH_BROKER", default=False):
    CELERY_TASK_ALWAYS_EAGER = False
else:
    CELERY_TASK_ALWAYS_EAGER = True
    CELERY_TASK_EAGER_PROPAGATES = True
if not CACHE_URL:
    CACHES = {"default": {"BACKEND": "core.local_cache.LocalCache", "LOCATION": "test"}}
elif TEST_PROCESS:
    server, _, database = CACHE_URL.rpartition("/")
    CACHES["default"]["LOCATION"] = f"{server}/{int(database) + 1 + int(TEST_PROCESS.removeprefix('gw'))}"
LOGGING = {"level": "WARNING", "format": "json"}
