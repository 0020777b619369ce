"""Production: every secret and address comes from the environment, and a missing or weak one stops the start."""

from django.core.exceptions import ImproperlyConfigured

from commercia.settings.base import *  # noqa: F403  (settings modules extend each other)
from commercia.settings.base import ALLOWED_HOSTS, PROVIDERS, SITE_URL, env, list_of_hosts

DEBUG = False
REQUIRED = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "SITE_URL",
    "SHOP_EMAIL",
)
SECRET_LENGTH, SECRET_DISTINCT = 40, 12  # characters, and different ones among them
WELL_KNOWN = ("changeme", "change-me", "secret", "insecure", "example", "default", "password")


def required(name: str) -> str:
    """Return the variable's value. Raises ImproperlyConfigured, naming the variable, when it is missing."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}: production does not start without it.")
    return value


def strong_secret(name: str) -> str:
    """Return a secret of at least 40 characters that is no well-known placeholder."""
    value = required(name)
    too_weak = len(value) < SECRET_LENGTH or len(set(value)) < SECRET_DISTINCT
    if too_weak or any(word in value.lower() for word in WELL_KNOWN):
        raise ImproperlyConfigured(
            f"The environment variable {name} is too short or a placeholder. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return value


for _name in REQUIRED:
    required(_name)
SECRET_KEY = strong_secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = list_of_hosts(env.str("SECRET_KEY_FALLBACKS", default=""))
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set the environment variable ALLOWED_HOSTS to the shop's host names, without *.")
if not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured("Set the environment variable SITE_URL to the shop's https:// address.")

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)
if env.bool("BEHIND_TLS_PROXY", default=True):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
if PROVIDERS["STRIPE_API_BASE"]:
    raise ImproperlyConfigured("Remove the environment variable STRIPE_API_BASE: it leads to a stand-in for Stripe.")
if not (PROVIDERS["BAKONG_API_BASE"] or "https://").startswith("https://"):
    raise ImproperlyConfigured("The environment variable BAKONG_API_BASE must be an https:// address of Bakong's API.")
_is_test_key = bool(PROVIDERS["STRIPE_SECRET_KEY"]) and "_live_" not in PROVIDERS["STRIPE_SECRET_KEY"]
if _is_test_key and not env.bool("ALLOW_TEST_PAYMENTS", default=False):
    raise ImproperlyConfigured(
        "STRIPE_SECRET_KEY is a test key: orders would be sent without money. ALLOW_TEST_PAYMENTS=true allows it."
    )
