"""What browsers report when a page asks for something that our content security policy forbids."""

import json
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.callers import caller_address
from core.refusals import TooManyTries
from core.tallies import count_try

log = structlog.get_logger(__name__)
LONGEST_BODY, LONGEST_VALUE = 16_000, 300
MOST, SECONDS = 30, 60
# What helps to find the cause, in the names of both formats that browsers send; no addresses with queries, no samples.
TOLD = ("document-uri", "documentURL", "blocked-uri", "blockedURL", "effective-directive", "effectiveDirective")


@csrf_exempt
@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """Log a report in one line. Whoever sends too much, or no report, is answered the same and not written down."""
    report = _report(request)
    if report:
        try:
            count_try("policy report", caller_address(request), most=MOST, seconds=SECONDS)
        except TooManyTries:
            return HttpResponse(status=204)
        log.warning("policy_violation", **report)
    return HttpResponse(status=204)


def _report(request: HttpRequest) -> dict[str, str]:
    """Return what a report tells, cut short and without query strings; {} when it is none."""
    if int(request.headers.get("Content-Length") or LONGEST_BODY + 1) > LONGEST_BODY:
        return {}
    try:
        told: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(told, list) and told and isinstance(told[0], dict):
        told = told[0].get("body")
    elif isinstance(told, dict):
        told = told.get("csp-report")
    if not isinstance(told, dict):
        return {}
    return {
        name.replace("-", "_"): str(told[name]).partition("?")[0][:LONGEST_VALUE] for name in TOLD if told.get(name)
    }
