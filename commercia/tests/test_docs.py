"""The documentation is true: its commands run, its links lead somewhere, its tables are complete."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from accounts.tests.factories import PASSWORD, make_staff
from accounts.tests.signing import next_code
from payments.providers.port import Provider

ROOT = Path(settings.BASE_DIR)
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OUR_APPS = {
    "core",
    "notifications",
    "accounts",
    "catalog",
    "payments",
    "carts",
    "orders",
    "rentals",
    "storefront",
    "backoffice",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    dead = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert dead == []


def test_every_setting_is_documented_and_every_documented_one_exists():
    source = "".join(path.read_text() for path in (ROOT / "commercia" / "settings").glob("*.py"))
    used = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', source)) | set(
        re.findall(r'(?:required|strong_secret)\("([A-Z_]+)"', source)
    )
    rows = [
        line.split("|")[1]
        for line in (ROOT / "docs/reference/settings.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    documented = set(re.findall(r"`([A-Z0-9_]+)`", "".join(rows)))
    assert {name for name in used if not name.startswith("TEST_")} == documented


def test_every_command_is_documented():
    ours = {name for name, app in get_commands().items() if app.split(".")[0] in OUR_APPS}
    page = (ROOT / "docs/reference/commands.md").read_text()
    documented = set(re.findall(r"^## `manage\.py (\w+)", page, re.MULTILINE))
    assert ours == documented


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_tutorial_can_be_followed_to_the_end(live_server, tmp_path):
    from django.core.management import call_command

    call_command("seed_demo", verbosity=0)
    staff = make_staff("staff@localhost", is_superuser=True)
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "docs/tutorial/first-order.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) >= 7
    script = "\n".join(["set -eu", *blocks])
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SHOP": live_server.url,
        "STAFF_EMAIL": "staff@localhost",
        "STAFF_PASSWORD": PASSWORD,
        "STAFF_CODE": next_code(staff),
    }
    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.split()[-1] == "delivered"


def test_every_function_of_a_payment_provider_is_described():
    page = (ROOT / "docs/reference/payment-providers.md").read_text()
    described = set(re.findall(r"^\| `(\w+)\(", page, re.MULTILINE))
    assert described == {name for name, value in vars(Provider).items() if callable(value) and not name.startswith("_")}
