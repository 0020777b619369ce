"""docs/reference/api.md names every code that the API can answer with, and no other."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("core", "accounts", "catalog", "payments", "carts", "orders")
# Of the rentals only what signing and ordering can meet.
FILES = ("rentals/agreeing.py", "rentals/offers.py", "rentals/signing.py", "rentals/rules/terms.py")
# Not reachable over the API: imports, the admin's buttons, uploads of photos, what providers report.
ELSEWHERE = re.compile(r"/(tests|migrations|management|importing|admin)/|/admin(_deeds)?\.py$|/photos\.py$")
REFUSED_ELSEWHERE = {
    *("already_resolved", "review_changed", "resolution_missing", "bill_not_free"),
    *("capture_used", "rate_impossible", "own_refund", "reference_used", "card_removed", "source_missing"),
    *("day_not_over", "provider_silent", "not_bookable", "other_currency", "other_provider", "no_second_factor"),
    # Machines that come back are taken in by staff, in the admin.
    *("findings_missing", "return_exists", "not_with_customer", "day_impossible", "market_value_missing"),
}
# What Django, REST framework and the deeds' "invalid_values" become.
FRAMEWORK = {
    "internal_error",
    "invalid",
    "method_not_allowed",
    "not_acceptable",
    "not_authenticated",
    "not_found",
    "parse_error",
    "permission_denied",
    "throttled",
    "unsupported_media_type",
    "bad_request",
}
CODE = re.compile(
    r'(?:Refusal|Conflict|_key_error|AuthenticationFailed)\(\s*"([a-z_]+)"'
    r'|(?:NotFound|ParseError|AuthenticationFailed)\([^)]*?code="([a-z_]+)"'
    r'|AuthenticationFailed\([^)]*?"(token_not_valid)"'
    r'|default_code = "([a-z_]+)"',
    re.DOTALL,
)


def codes_in_source() -> set[str]:
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if not ELSEWHERE.search(path.as_posix()):
                found |= {next(filter(None, groups)) for groups in CODE.findall(path.read_text())}
    for name in FILES:
        found |= {next(filter(None, groups)) for groups in CODE.findall((ROOT / name).read_text())}
    return found - REFUSED_ELSEWHERE - {"invalid_values"}


def codes_in_reference() -> set[str]:
    table = (ROOT / "docs" / "reference" / "api.md").read_text().partition("| Status | Code |")[2]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and line[2].isdigit()]
    return {code for row in rows for code in re.findall(r"`([a-z_]+)`", row[2])}


def test_the_table_of_errors_is_complete_and_true():
    assert codes_in_reference() == codes_in_source() | FRAMEWORK
