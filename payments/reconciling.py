"""Compare what a provider has seen with what it told us: messages that never came are fetched and acted on.

Polling finds lost payments and refunds by itself; disputes and refunds made elsewhere have no row here that could be
asked about, so only the provider's own list of events tells of them.
"""

from datetime import datetime, timedelta

import structlog

from core import clock
from core.models import ShopSetting
from payments.inbox import keep_event
from payments.models import ProviderEvent
from payments.providers.port import Unknown
from payments.providers.registry import PROVIDERS, provider_named

log = structlog.get_logger(__name__)
# Events may show up in the list a little after they happened.
OVERLAP = timedelta(minutes=10)
FIRST_LOOK = timedelta(days=1)
# Stripe lists events of thirty days; a shop that has not looked for a day needs somebody who asks why.
LISTED_FOR = timedelta(days=29)
LATE_AFTER = timedelta(days=1)


def fetch_missed_events() -> int:
    """Keep every event of interest that a provider lists and we were not told. Returns how many were missing."""
    return sum(_fetch(name) for name in PROVIDERS)


def _fetch(name: str) -> int:
    provider = provider_named(name)
    if not provider.lists_events or not any(provider.is_configured(method) for method in provider.methods):
        return 0
    started = clock.now()
    since = _read_until(name, started)
    if started - since > LATE_AFTER + OVERLAP:
        log.error("events_not_compared_for_a_day", provider=name, since=since.isoformat())
    events = provider.events_since(since)
    if isinstance(events, Unknown):
        log.warning("events_not_listed", provider=name, reason=events.reason)
        return 0
    ours = [event for event in events if provider.subject_of(event).kind]
    known = set(
        ProviderEvent.objects.filter(provider=name, event_id__in=[event.event_id for event in ours]).values_list(
            "event_id", flat=True
        )
    )
    missed = [event for event in ours if event.event_id not in known]
    for event in missed:
        keep_event(name, event)
    ShopSetting.objects.update_or_create(name=_cursor(name), defaults={"value": started.isoformat()})
    return len(missed)


def _cursor(name: str) -> str:
    return f"{name}_events_read_until"


def _read_until(name: str, now: datetime) -> datetime:
    known = ShopSetting.objects.filter(name=_cursor(name)).values_list("value", flat=True).first()
    last = datetime.fromisoformat(known) if known else now - FIRST_LOOK
    return max(last - OVERLAP, now - LISTED_FOR)
