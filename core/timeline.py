"""Append-only timelines: who did what to a thing, when and why."""

from typing import Any

from django.conf import settings
from django.db import models

from core import clock, request_ids

SHOP_LABEL = "Commercia"


def actor_label(by: Any) -> str:
    """Return the words for the acting person: their e-mail, or the shop's name when nobody pressed a button."""
    return str(by) if by is not None and getattr(by, "is_authenticated", False) else SHOP_LABEL


class TimelineEvent(models.Model):
    """One thing that happened. Subclasses add the foreign key to what it happened to."""

    at = models.DateTimeField(default=clock.now, editable=False)
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    actor_label = models.CharField(max_length=254)
    reason = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor_label}"


def event_values(*, kind: str, by: Any, reason: str = "", **facts: object) -> dict[str, Any]:
    """Return the column values that every timeline row shares. `by` is a user, or None for the shop itself."""
    return {
        "kind": kind,
        "actor": by if by is not None and getattr(by, "is_authenticated", False) else None,
        "actor_label": actor_label(by)[:254],
        "reason": reason[:500],
        "facts": {
            name: value if isinstance(value, int | list | dict | bool) else str(value) for name, value in facts.items()
        },
        "request_id": request_ids.current(),
    }
