"""System checks: a sender line that no mail server takes would stop every letter."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.mail.message import sanitize_address


@register()
def sender_can_stand_in_a_header(app_configs: list[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A shop name with a comma, for example, must be quoted in the From line."""
    try:
        sanitize_address(settings.DEFAULT_FROM_EMAIL, "utf-8")
    except ValueError:
        return [
            Error(
                f"DEFAULT_FROM_EMAIL is no valid sender: {settings.DEFAULT_FROM_EMAIL!r}.",
                hint='Write it as "Name" <shop@example.com>, with the quotes when the name holds a comma.',
                id="notifications.E001",
            )
        ]
    return []
