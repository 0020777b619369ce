"""The outbox in the admin: look, and send again what was given up."""

import re
from typing import Any

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from core.admin_deeds import Deed, DeedButtons
from notifications.delivery import resend
from notifications.flow import EmailState
from notifications.models import Email

LINK = re.compile(r"https?://\S+")


def _send_again(email: Email, *, by: Any) -> str:
    resend(email, by=by)
    return "Waiting again; it goes out within a minute."


@admin.register(Email)
class EmailAdmin(DeedButtons, ReadOnlyAdmin):
    """Letters are written by events, never by hand, so nothing here can be typed."""

    deeds = [
        Deed(
            name="send_again",
            label="Send again",
            permission="notifications.change_email",
            run=_send_again,
            offered=lambda email: email.state == EmailState.FAILED,
            bulk=True,
            is_main=True,
        )
    ]
    list_display = ["kind", "to", "subject", "state", "tries", "created_at", "due_at", "sent_at", "last_error"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["to", "subject", "=message_id", "=request_id"]
    date_hierarchy = "created_at"
    fields = [
        "kind",
        "to",
        "subject",
        "state",
        ("created_at", "due_at", "sent_at"),
        ("tries", "last_error"),
        "wording",
        "message_id",
        "request_id",
    ]
    readonly_fields = ["wording"]

    @admin.display(description="wording")
    def wording(self, email: Email) -> str:
        """The plain text without its links: a link in a letter is a key to somebody's account or order."""
        return LINK.sub("[link]", email.text)
