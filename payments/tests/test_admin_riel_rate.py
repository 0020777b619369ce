"""Staff enter the riel rate: with its source, its history, and who may."""

from decimal import Decimal as D

import pytest
import time_machine

from accounts.tests.factories import make_staff
from accounts.tests.signing import ShopClient
from backoffice.roles import sync_roles
from payments.providers.khqr.rates import enter_riel_rate, last_rate, riel_offer, riel_rate

pytestmark = pytest.mark.django_db
PAGE = "/admin/payments/rielrate/"
NBC = "National Bank of Cambodia"


@pytest.fixture
def finance(client):
    sync_roles()
    user = make_staff("fin@example.com", groups=["Finance"])
    client.force_login(user)
    return user


def shown(client):
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_staff_enter_todays_rate_with_its_source(finance, client):
    assert "nobody has entered a rate yet" in shown(client)
    answer = client.post(PAGE, {"rate": "4015.5", "source": NBC})
    assert (answer.status_code, riel_rate(), last_rate().source) == (302, D("4015.5"), NBC)
    page = shown(client)
    assert "A dollar costs 4,015.5 riel from now on." in page
    assert f"A dollar costs <strong>4,015.5 riel</strong> ({NBC})" in page
    assert riel_offer(D("100.00"))[0] == D("401600.00")


def test_the_history_is_kept_with_who_entered_what(finance, client):
    with time_machine.travel("2026-11-20T02:00:00Z", tick=False):
        enter_riel_rate(D(4000), source="a friend", by=None)
    enter_riel_rate(D(4100), source=NBC, by=finance)
    page = shown(client)
    rows = page[page.index("Rates entered so far") :]
    assert rows.index("4,100") < rows.index("4,000")
    for words in ("20 November 2026, 09:00", "a friend", "Commercia", NBC, "fin@example.com"):
        assert words in rows


def test_an_old_rate_is_shown_as_too_old_since_when(finance, client):
    with time_machine.travel("2026-11-10T02:00:00Z", tick=False):
        enter_riel_rate(D(4000), source=NBC, by=None)
    with time_machine.travel("2026-11-17T02:00:01Z", tick=False):
        client.force_login(finance)
        assert "KHQR in riel is not offered since 17 November 2026, 09:00:" in shown(client)
        assert riel_offer(D("100.00")) is None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"rate": "41", "source": NBC}, "A dollar costs between 3,000 and 6,000 riel"),
        ({"rate": "41000", "source": NBC}, "Ensure that there are no more than 4 digits before the decimal point."),
        ({"rate": "four", "source": NBC}, "Enter a number."),
        ({"rate": "NaN", "source": NBC}, "Enter a number."),
        ({"rate": "4100", "source": ""}, "Say where the rate comes from."),
        ({"rate": "4100", "source": "   "}, "Say where the rate comes from."),
        ({"rate": "4100", "source": "x" * 81}, "at most 80 characters"),
        ({}, "This field is required."),
    ],
)
def test_what_is_no_rate_changes_nothing(finance, client, told, words):
    enter_riel_rate(D(4000), source=NBC, by=None)
    answer = client.post(PAGE, told)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert (riel_rate(), last_rate().source) == (D(4000), NBC)


@pytest.mark.parametrize(
    ("role", "sees", "enters"),
    [
        ("Support", 200, 403),
        ("Warehouse", 403, 403),
        ("Catalogue", 403, 403),
        ("Finance", 200, 302),
        ("Manager", 200, 302),
        ("Auditor", 200, 403),
    ],
)
def test_who_may_see_and_enter_it(role, sees, enters):
    sync_roles()
    client = ShopClient()
    client.force_login(make_staff("staff@example.com", groups=[role]))
    assert client.get(PAGE).status_code == sees
    assert client.post(PAGE, {"rate": "4100", "source": NBC}).status_code == enters
    assert riel_rate() == (D(4100) if enters == 302 else None)
    assert ("Enter the rate" in client.get(PAGE).content.decode()) == (enters == 302)
