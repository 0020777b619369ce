"""Production starts only with secrets and addresses of its own, and says which variable is wrong."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "ALLOWED_HOSTS": "shop.test",
    "DATABASE_URL": "mysql://shop:pw@db.test/shop",
    "CACHE_URL": "redis://cache.test/0",
    "CELERY_BROKER_URL": "amqp://shop:pw@queue.test//",
    "EMAIL_URL": "smtp+tls://shop:pw@mail.test:587",
    "SITE_URL": "https://shop.test",
    "SHOP_EMAIL": "shop@shop.test",
}
SHOW = (
    "import json, django; from django.conf import settings; "
    "print(json.dumps({name: getattr(settings, name, None) for name in "
    "['DEBUG', 'ALLOWED_HOSTS', 'SESSION_COOKIE_NAME', 'CSRF_TRUSTED_ORIGINS', 'EMAIL_BACKEND', 'EMAIL_HOST', "
    "'EMAIL_PORT', 'EMAIL_HOST_USER', 'EMAIL_USE_TLS', 'EMAIL_USE_SSL']}))"
)


def start(settings="production", **environment):
    """Load the settings in a process of their own, with exactly these variables."""
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": f"commercia.settings.{settings}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def loaded(**environment):
    """Return the settings shown by a start that must succeed."""
    done = start(**{**GOOD, **environment})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_production_starts_with_everything_set():
    found = loaded()
    assert found["DEBUG"] is False
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://shop.test"]


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, "", "   "], ids=["missing", "empty", "blank"])
def test_production_names_the_variable_that_is_missing(name, value):
    environment = {key: text for key, text in GOOD.items() if key != name}
    if value is not None:
        environment[name] = value
    done = start(**environment)
    assert done.returncode == 1
    assert f"ImproperlyConfigured: Set the environment variable {name}" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "changeme" * 8),
        ("SECRET_KEY", "django-insecure-" + "k3jh5kjh345kjh435kjhtr9d8f7g" * 2),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", "3kwu45Nk7ACfT07xidOSMylsr8rtaGl7"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "shop.test, *"),
        ("ALLOWED_HOSTS", " , "),
        ("SITE_URL", "http://shop.test"),
        ("SITE_URL", "shop.test"),
    ],
)
def test_production_names_the_variable_that_is_weak(name, value):
    done = start(**{**GOOD, name: value})
    assert done.returncode == 1
    assert f"environment variable {name} " in done.stderr.splitlines()[-1]
    assert value not in done.stderr.splitlines()[-1] or len(value) < 20


@pytest.mark.parametrize(
    "text",
    ["shop.test,www.shop.test", "shop.test, www.shop.test", " shop.test  www.shop.test ", "shop.test,,www.shop.test,"],
)
def test_allowed_hosts_take_commas_and_spaces(text):
    assert loaded(ALLOWED_HOSTS=text)["ALLOWED_HOSTS"] == ["shop.test", "www.shop.test"]


@pytest.mark.parametrize(
    ("url", "starttls", "tls_at_once", "port"),
    [
        ("smtp+tls://shop:pw@mail.test:587", True, False, 587),
        ("smtps://shop:pw@mail.test:465", False, True, 465),
        ("smtp+ssl://shop:pw@mail.test:465", False, True, 465),
        ("smtp://shop:pw@mail.test:25", False, False, 25),
    ],
)
def test_email_by_url(url, starttls, tls_at_once, port):
    found = loaded(EMAIL_URL=url)
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_USER"]) == ("mail.test", port, "shop")
    assert bool(found["EMAIL_USE_TLS"]) is starttls
    assert bool(found["EMAIL_USE_SSL"]) is tls_at_once


def test_the_embedded_shop_needs_no_variable():
    done = start(settings="dev")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_API_BASE", "http://127.0.0.1:8420"),
        ("STRIPE_API_BASE", "https://stripe.example"),
        ("BAKONG_API_BASE", "http://127.0.0.1:8420"),
        ("STRIPE_SECRET_KEY", "sk_test_something"),
    ],
)
def test_production_refuses_payments_that_move_no_money(name, value):
    done = start(**{**GOOD, name: value})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


def test_production_takes_a_live_key_and_a_test_key_only_when_told():
    loaded(STRIPE_SECRET_KEY="sk_live_something", STRIPE_WEBHOOK_SECRETS="whsec_one, whsec_two")
    loaded(STRIPE_SECRET_KEY="sk_test_something", ALLOW_TEST_PAYMENTS="true")
