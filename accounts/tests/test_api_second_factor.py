"""Staff's tokens: the API opens staff's work only to a proven second factor."""

import json

import pytest
import time_machine
from django.test import Client

from accounts.second_factor import reset_second_factor
from accounts.tests.factories import PASSWORD, make_staff, make_user
from accounts.tests.signing import next_code
from core.tests.api import problem_of

pytestmark = pytest.mark.django_db
STAFF_WORK = "/api/v1/staff/orders/"


@pytest.fixture
def chief():
    return make_staff("chief@example.com", is_superuser=True)


def post(path, **body):
    return Client().post(f"/auth/{path}", json.dumps(body), content_type="application/json")


def tokens_of(user, **code):
    return post("jwt/create/", email=user.email, password=PASSWORD, **code).json()


def work(access):
    return Client().get(STAFF_WORK, headers={"Authorization": f"Bearer {access}"})


def test_a_password_alone_makes_a_token_for_no_staff_work(chief):
    tokens = tokens_of(chief)
    problem_of(work(tokens["access"]), 403, "second_factor_required")
    later = post("jwt/refresh/", refresh=tokens["refresh"]).json()["access"]
    problem_of(work(later), 403, "second_factor_required")


def test_the_code_of_the_app_makes_one_that_stays_good_when_refreshed(chief):
    tokens = tokens_of(chief, code=next_code(chief))
    later = post("jwt/refresh/", refresh=tokens["refresh"]).json()["access"]
    assert [work(tokens["access"]).status_code, work(later).status_code] == [200, 200]


def test_a_wrong_code_makes_no_token_and_is_counted(chief):
    code = next_code(chief)
    given = {"email": chief.email, "password": PASSWORD}
    for _ in range(5):
        problem_of(post("jwt/create/", **given, code="000000"), 401, "wrong_code")
    closed = post("jwt/create/", **given, code=code)
    problem_of(closed, 429, "too_many_tries")
    assert int(closed["Retry-After"]) > 0


def test_a_code_gives_a_customer_nothing():
    tokens = tokens_of(make_user("dara@example.com"), code="123456")
    problem_of(work(tokens["access"]), 403, "permission_denied")


def test_the_proof_of_a_token_lasts_one_working_day(chief):
    with time_machine.travel("2026-11-21 05:00:00+00:00", tick=False) as clock_face:
        tokens = tokens_of(chief, code=next_code(chief))
        clock_face.shift(12 * 3600)
        problem_of(
            work(post("jwt/refresh/", refresh=tokens["refresh"]).json()["access"]), 403, "second_factor_required"
        )


def test_a_browser_session_of_staff_needs_the_second_factor_too(client, chief):
    client.by_password_only(chief)
    problem_of(client.get(STAFF_WORK), 403, "second_factor_required")
    client.force_login(chief)
    assert client.get(STAFF_WORK).status_code == 200


def test_a_reset_factor_ends_every_token(chief):
    tokens = tokens_of(chief, code=next_code(chief))
    reset_second_factor(chief, by=None)
    problem_of(work(tokens["access"]), 401, "token_not_valid")
    problem_of(post("jwt/refresh/", refresh=tokens["refresh"]), 401, "token_not_valid")
