"""A letter of the tests' own, so that no real letter's words are nailed down here."""

import pytest
from django.conf import settings as project_settings

from notifications.models import Email
from notifications.outbox import queue_email

TEMPLATES = {
    "email/greeting.subject.txt": "News for {{ name }}\n",
    "email/greeting.txt": (
        '{% extends "email/base.txt" %}{% block content %}Dear {{ name }},\n\n\n\nhello.{% endblock %}'
    ),
    "email/greeting.html": '{% extends "email/base.html" %}{% block content %}<p>Dear {{ name }}</p>{% endblock %}',
}


@pytest.fixture(autouse=True)
def _greeting_templates(settings):
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", TEMPLATES),
                    ("django.template.loaders.filesystem.Loader", [project_settings.BASE_DIR / "templates"]),
                    "django.template.loaders.app_directories.Loader",
                ],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ]


@pytest.fixture
def queue():
    """Queue a greeting; the key tells letters apart."""

    def queue_greeting(key: str = "greeting:1", *, to: str = "dara@example.com", name: str = "Dara") -> Email:
        return queue_email(kind="greeting", to=to, context={"name": name}, dedupe_key=key)

    return queue_greeting
