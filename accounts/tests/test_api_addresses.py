"""/api/v1/addresses/: one's own address book."""

import pytest
from django.test import Client

from accounts.models import Address
from accounts.tests.factories import make_address, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("accounts.tests.urls")]
LIST = "/api/v1/addresses/"
HOME = {"full_name": "Sok Dara", "line1": "12 Street 240", "city": "Phnom Penh", "country": "kh"}


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def api(user):
    client = Client()
    client.force_login(user)
    return client


def send(api, method, path, body):
    return getattr(api, method)(path, body, content_type="application/json")


def test_create_read_change_delete(api, user):
    answer = send(api, "post", LIST, HOME)
    code = answer.json()["code"]
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "code": code,
            "full_name": "Sok Dara",
            "phone": "",
            "line1": "12 Street 240",
            "line2": "",
            "city": "Phnom Penh",
            "region": "",
            "postal_code": "",
            "country": "KH",
            "is_default": True,
        },
    )
    one = f"{LIST}{code}/"
    assert api.get(one).json() == answer.json()
    changed = send(api, "patch", one, {"city": "Kampot"})
    assert (changed.status_code, changed.json()) == (200, {**answer.json(), "city": "Kampot"})
    assert send(api, "put", one, {**HOME, "line2": "2nd floor"}).json()["line2"] == "2nd floor"
    assert api.get(LIST).json()["count"] == 1
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
    assert not user.addresses.exists()


def test_default(api, user):
    first, second = make_address(user), make_address(user)
    answer = send(api, "patch", f"{LIST}{second.code}/", {"is_default": True})
    assert answer.json()["is_default"] is True
    assert [row["code"] for row in api.get(LIST).json()["results"]] == [second.code, first.code]
    refused = send(api, "patch", f"{LIST}{second.code}/", {"is_default": False})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "default_needed")
    assert send(api, "patch", f"{LIST}{first.code}/", {"is_default": False}).status_code == 200
    third = send(api, "post", LIST, {**HOME, "is_default": True}).json()
    assert list(user.addresses.filter(is_default=True).values_list("code", flat=True)) == [third["code"]]


def test_somebody_elses_address_is_404(api, user):
    make_address(user)
    foreign = make_address()
    one = f"{LIST}{foreign.code}/"
    answers = [api.get(one), send(api, "put", one, HOME), send(api, "patch", one, {"city": "x"}), api.delete(one)]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert answers[0]["Content-Type"] == "application/problem+json"
    foreign.refresh_from_db()
    assert foreign.city == "Phnom Penh"
    assert foreign.code not in api.get(LIST).content.decode()


def test_strangers_get_nothing():
    address = make_address()
    for path in (LIST, f"{LIST}{address.code}/"):
        answer = Client().get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"country": "ZZ"}, "/country", "unknown_country"),
        ({"country": "Cambodia"}, "/country", "max_length"),
        ({"city": ""}, "/city", "blank"),
        ({"line1": "x" * 201}, "/line1", "max_length"),
        ({"full_name": "a\nb"}, "/full_name", "control_character"),
        ({"phone": "call me"}, "/phone", "invalid_phone"),
        ({"line2": ["x"]}, "/line2", "invalid"),
        ({"region": None}, "/region", "null"),
        ({"is_default": "maybe"}, "/is_default", "invalid"),
        ({"user": 1}, "/user", "unknown_field"),
        ({"code": "MINE"}, "/code", "unknown_field"),
        ({"id": 1}, "/id", "unknown_field"),
    ],
)
def test_bad_values(api, user, values, pointer, code):
    address = make_address(user)
    for method, path in (("post", LIST), ("patch", f"{LIST}{address.code}/")):
        answer = send(api, method, path, {**HOME, "city": "Kampot", **values})
        assert answer.status_code == 400
        errors = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
        assert errors[-1] == (pointer, code)
        assert {where for where, _ in errors} == {pointer}
    assert list(Address.objects.values_list("city", flat=True)) == ["Phnom Penh"]


def test_fifty_are_enough(api, user):
    Address.objects.bulk_create(Address(user=user, code=f"C{n}", full_name="x", country="KH") for n in range(50))
    answer = send(api, "post", LIST, HOME)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_addresses")
    assert answer.json()["facts"] == {"most": 50}


def test_list_costs_the_same_for_one_and_three(api, user, django_assert_num_queries):
    make_address(user)
    with django_assert_num_queries(4):
        api.get(LIST)
    make_address(user)
    make_address(user)
    with django_assert_num_queries(4):
        assert len(api.get(LIST).json()["results"]) == 3


def test_unknown_query_parameters_are_refused(api):
    assert api.get(f"{LIST}?city=Paris").status_code == 400
    assert api.get(f"{LIST}?page=1").status_code == 200
