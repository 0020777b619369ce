"""/api/v1/cards/: one's own saved cards, to see and to remove."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.tests.factories import make_user
from payments.models import SavedMethod
from payments.tests.test_saved_cards import pay_and_keep

pytestmark = pytest.mark.django_db
LIST = "/api/v1/cards/"


@pytest.fixture
def user():
    return make_user("dara@example.com")


@pytest.fixture
def api(user):
    client = Client()
    client.force_login(user)
    return client


def make_card(user, name="pm_1", **values):
    facts = {"provider": "stripe", "customer_id": "cus_1", "brand": "visa", "last4": "4242"}
    return SavedMethod.objects.create(
        user=user, method_id=name, **{**facts, "expires_month": 12, "expires_year": 2039, **values}
    )


def test_a_card_is_listed_as_its_owner_knows_it(api, user):
    card = make_card(user, default_of=user, saved_at=datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert api.get(LIST).json()["results"] == [
        {
            "id": card.method_id,
            "brand": "visa",
            "last4": "4242",
            "expires_month": 12,
            "expires_year": 2039,
            "is_default": True,
            "expires_soon": False,
            "is_expired": False,
            "saved_at": api.get(LIST).json()["results"][0]["saved_at"],
        }
    ]


def test_removing_a_card_removes_it_at_stripe(api, user, sandbox):
    pay_and_keep(sandbox, user)
    [card] = api.get(LIST).json()["results"]
    assert api.delete(f"{LIST}{card['id']}/").status_code == 204
    assert api.get(LIST).json()["results"] == []
    [method] = [one for one in sandbox.control("GET", "things/payment_method") if one["id"] == card["id"]]
    assert method["customer"] is None
    assert api.delete(f"{LIST}{card['id']}/").status_code == 404


def test_a_silent_stripe_keeps_the_card(api, user, sandbox):
    pay_and_keep(sandbox, user)
    card = SavedMethod.objects.get()
    sandbox.fault(provider="stripe", path="/v1/payment_methods/*", kind="status", status=500)
    refused = api.delete(f"{LIST}{card.method_id}/")
    assert (refused.status_code, refused.json()["code"]) == (422, "card_not_removed")
    card.refresh_from_db()
    assert (card.detached_at, card.default_of) == (None, user)


def test_somebody_elses_card_and_strangers_get_nothing(api, user):
    make_card(make_user("other@example.com"))
    assert api.get(LIST).json()["results"] == []
    assert api.delete(f"{LIST}pm_1/").status_code == 404
    assert Client().get(LIST).status_code == 401
    assert Client().delete(f"{LIST}pm_1/").status_code == 401
    assert SavedMethod.objects.usable().count() == 1


def test_the_list_costs_the_same_for_one_and_three(api, user, django_assert_num_queries):
    make_card(user)
    with django_assert_num_queries(4):
        api.get(LIST)
    make_card(user, "pm_2")
    make_card(user, "pm_3")
    with django_assert_num_queries(4):
        assert len(api.get(LIST).json()["results"]) == 3
