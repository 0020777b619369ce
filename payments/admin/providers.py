"""What providers tell us, in the admin."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin import ReadOnlyAdmin
from core.admin_deeds import Deed, DeedButtons
from payments.inbox import replay_event
from payments.models import ProviderEvent


def _replay(event: ProviderEvent, *, by: Any) -> str:
    replay_event(event)
    event.refresh_from_db()
    return f"Processed again: {event.outcome}."


@admin.register(ProviderEvent)
class ProviderEventAdmin(DeedButtons, ReadOnlyAdmin):
    """Messages of providers, word for word. Processing one again asks the provider how the thing stands now."""

    deeds = (
        Deed(
            name="replay",
            label="Process again",
            permission="payments.replay_providerevent",
            run=_replay,
            offered=lambda event: True,
            bulk=True,
            is_main=True,
        ),
    )
    list_display = ["event_id", "provider", "kind", "received_at", "attempts", "processed_at", "outcome"]
    list_filter = ["provider", "kind", "received_at"]
    search_fields = ["=event_id", "outcome"]
    fields = [
        ("provider", "kind", "event_id"),
        ("received_at", "attempts", "next_try_at", "processed_at"),
        "outcome",
        "raw",
    ]
    readonly_fields = ["raw"]

    @admin.display(description="word for word")
    def raw(self, event: ProviderEvent) -> SafeString:
        """The message as it came."""
        return format_html("<pre>{}</pre>", json.dumps(event.body, indent=2, ensure_ascii=False))
