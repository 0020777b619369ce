"""The embedded shop on a developer's machine: SQLite, local memory, letters as files, no server needed."""

import secrets

from commercia.settings.base import *  # noqa: F403  (settings modules extend each other)
from commercia.settings.base import ALLOWED_HOSTS, MEDIA_STORAGES, VAR_DIR, env

DEBUG = env.bool("DEBUG", default=True)
ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]"]
# A demonstration shop that could not be paid would show little; nobody receives money at these addresses.
BANK_TRANSFER_INSTRUCTIONS = env.str(
    "BANK_TRANSFER_INSTRUCTIONS",
    default="Demonstration bank, account 000 000 000, Commercia. Nobody receives money here.",
)
PICKUP_ADDRESS = env.str("PICKUP_ADDRESS", default="the demonstration counter, 12 Street 240, Phnom Penh")
LOG_FORMAT = env.str("LOG_FORMAT", default="console")
# A sweep every 30 s would bury the few lines that a person wants to read.
LOGGING = {"level": env.str("LOG_LEVEL", default="INFO"), "format": LOG_FORMAT, "celery_level": "WARNING"}


def machine_secret() -> str:
    """Return this checkout's own secret key, made at first use, so that no published default exists."""
    path = VAR_DIR / "secret-key"
    if not path.exists():
        VAR_DIR.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or machine_secret()
STORAGES = {
    **MEDIA_STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# uvicorn serves no static files by itself: WhiteNoise finds them where they are written.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
