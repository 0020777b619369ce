"""Agreements in the admin: who owes since when, and what stands on an agreement's page."""

import pytest
import time_machine
from django.urls import reverse

from accounts.tests.factories import make_staff
from backoffice.worklists import worklists_for
from rentals.admin.agreements import AGES
from rentals.tests.factories import make_agreement, make_draft

pytestmark = pytest.mark.django_db
LIST = "/admin/rentals/agreement/"


@pytest.fixture
def boss(client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def codes(answer):
    return [row.code for row in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("day", "age"),
    [
        ("2026-02-14", None),
        ("2026-02-15", "today"),
        ("2026-02-16", "1-7"),
        ("2026-02-22", "1-7"),
        ("2026-02-23", "8-30"),
        ("2026-03-17", "8-30"),
        ("2026-03-18", "31"),
    ],
)
def test_each_day_has_one_age(boss, client, day, age):
    agreement = make_agreement()
    with time_machine.travel(f"{day}T05:00:00+00:00", tick=False):
        client.force_login(boss)
        found = [name for name in AGES if codes(client.get(LIST, {"owes": name})) == [agreement.code]]
        tiles = [tile.title for tile in worklists_for(boss) if tile.title.startswith("Rent ") and tile.count]
    assert found == ([age] if age else [])
    titles = {
        "today": "Rent due today",
        "1-7": "Rent overdue 1 to 7 days",
        "8-30": "Rent overdue 8 to 30 days",
        "31": "Rent overdue over 30 days",
    }
    assert tiles == ([titles[age]] if age else [])


def test_the_page_tells_everything(boss, client):
    agreement = make_agreement()
    page = client.get(reverse("admin:rentals_agreement_change", args=[agreement.pk])).content.decode()
    for words in (agreement.code, "Cost to finish", "$780.00", "Next:", "schedule", "ledger", "timeline"):
        assert words.lower() in page.lower()
    assert 'name="_save"' not in page


def test_the_contract_opens_for_those_who_may_look(boss, client):
    agreement = make_draft()
    url = reverse("admin:rentals_agreement_contract", args=[agreement.pk])
    assert client.get(url).content.startswith(b"%PDF")
    client.force_login(make_staff())
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("agreements", [1, 3])
def test_the_list_takes_few_queries(boss, client, django_assert_max_num_queries, agreements):
    for _ in range(agreements):
        make_agreement()
    client.get(LIST)
    with django_assert_max_num_queries(12):
        assert len(codes(client.get(LIST, {"owes": "31"}))) >= 0
