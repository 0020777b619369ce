"""Where providers call us. Kept before the answer: what we have confirmed is never lost."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments.inbox import keep_event
from payments.providers.port import EventRefused
from payments.providers.registry import is_remote, provider_named

log = structlog.get_logger(__name__)
LARGEST_BYTES = 256 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep a signed message. 400 without any effect for every other one, and no word about why."""
    if not is_remote(provider):
        return HttpResponse(status=404)
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        length = LARGEST_BYTES + 1
    if length > LARGEST_BYTES:
        log.warning("webhook_refused", provider=provider, reason=f"{length} bytes are too many")
        return HttpResponse(status=400)
    try:
        event = provider_named(provider).read_event(request.read(LARGEST_BYTES + 1), request.headers)
    except EventRefused as refusal:
        log.warning("webhook_refused", provider=provider, reason=str(refusal))
        return HttpResponse(status=400)
    keep_event(provider, event)
    return HttpResponse(status=200)
