"""Every address answers with the headers that keep browsers on our side, and reports of their complaints are kept."""

import json
import re

import pytest
from django.urls import URLPattern, get_resolver
from structlog.testing import capture_logs

from accounts.tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db
REPORTS = "/policy-reports/"
VIOLATION = {
    "csp-report": {
        "document-uri": "http://testserver/account/verify/secret/?token=secret",
        "blocked-uri": "https://evil.example/x.js?who=dara",
        "effective-directive": "script-src-elem",
        "script-sample": "alert(1)",
    }
}


def addresses(patterns=None, before="/"):
    """Return an address for every route of the shop, with 1 for whatever it asks for."""
    found = set()
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = re.sub(r"<[^>]+>", "1", re.sub(r"\(\?P<\w+>[^)]*\)", "1", str(entry.pattern)))
        route = route.strip("^$").replace("\\Z", "").replace("\\.", ".")
        found |= {before + route} if isinstance(entry, URLPattern) else addresses(entry.url_patterns, before + route)
    return found


@pytest.mark.parametrize("who", ["nobody", "customer", "staff"])
def test_every_route_sends_the_headers(client, who):
    if who != "nobody":
        client.force_login(make_user() if who == "customer" else make_staff(is_superuser=True))
    client.raise_request_exception = False
    seen = addresses()
    assert len(seen) > 250
    missing = []
    for address in sorted(seen):
        answer = client.get(address)
        policy = answer.headers.get("Content-Security-Policy", "")
        kept = {
            "status": answer.status_code < 500,
            "policy": "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy,
            "sniff": answer.headers.get("X-Content-Type-Options") == "nosniff",
            "referrer": answer.headers.get("Referrer-Policy") in ("strict-origin-when-cross-origin", "same-origin"),
            "opener": answer.headers.get("Cross-Origin-Opener-Policy") == "same-origin",
            "frame": answer.headers.get("X-Frame-Options") == "DENY",
            # A cookie that is taken away carries nothing to protect.
            "cookies": all(
                (cookie["httponly"] and cookie["samesite"] in ("Lax", "Strict")) or cookie["max-age"] == 0
                for cookie in answer.cookies.values()
            ),
        }
        missing += [(address, name) for name, holds in kept.items() if not holds]
    assert missing == []


def report(client, body, **more):
    return client.post(REPORTS, body, content_type="application/csp-report", **more)


def test_a_report_is_one_line_without_secrets(client):
    modern = [{"type": "csp-violation", "body": {"documentURL": "http://testserver/", "blockedURL": "inline"}}]
    with capture_logs() as lines:
        assert report(client, json.dumps(VIOLATION)).status_code == 204
        assert report(client, json.dumps(modern)).status_code == 204
    told = [line for line in lines if line["event"] == "policy_violation"]
    assert [line.get("blocked_uri") or line.get("blockedURL") for line in told] == [
        "https://evil.example/x.js",
        "inline",
    ]
    assert "token=secret" not in str(told)
    assert "alert(1)" not in str(told)


@pytest.mark.parametrize("body", ["", "nonsense", "[]", "[1]", "{}", '{"csp-report": 1}', "[" * 9_000, "x" * 20_000])
def test_what_is_no_report_is_not_written_down(client, body):
    with capture_logs() as lines:
        assert report(client, body).status_code == 204
    assert [line for line in lines if line["event"] == "policy_violation"] == []


def test_a_flood_of_reports_fills_no_log(client):
    with capture_logs() as lines:
        assert {report(client, json.dumps(VIOLATION)).status_code for _ in range(40)} == {204}
    assert len([line for line in lines if line["event"] == "policy_violation"]) == 30


def test_the_policy_names_where_to_report(client):
    assert f"report-uri {REPORTS}" in client.get("/").headers["Content-Security-Policy"]
