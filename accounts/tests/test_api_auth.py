"""/auth/: djoser's endpoints with our deeds, and tokens."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts import links
from accounts.models import User
from accounts.tests.factories import PASSWORD, make_staff, make_user
from core import clock
from core.tests.api import problem_of
from notifications.models import Email

pytestmark = [pytest.mark.django_db, pytest.mark.urls("accounts.tests.urls")]
NEW = "seven loud herons"


def post(path, body, token=None, client=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return (client or Client()).post(f"/auth/{path}", body, content_type="application/json", headers=headers)


def get_me(token):
    return Client().get("/auth/users/me/", headers={"Authorization": f"Bearer {token}"})


def log_in(user):
    return post("jwt/create/", {"email": user.email, "password": PASSWORD}).json()


def same(*answers):
    """Return what a stranger sees of answers, which must be one and the same; the request's own id is not compared."""
    seen = set()
    for answer in answers:
        headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
        seen.add(
            (answer.status_code, re.sub(rb'"request_id":"\w*"', b"", answer.content), str(sorted(headers.items())))
        )
    assert len(seen) == 1, seen
    return answers[0]


def everybody():
    make_user("known@example.com")
    make_user("wait1@example.com", verified=False)
    make_user("close@example.com", is_active=False)
    return ["known@example.com", "wait1@example.com", "close@example.com", "nobod@example.com"]


def test_the_whole_way():
    answer = post("users/", {"email": "Dara@Example.com", "password": PASSWORD, "first_name": "Dara"})
    assert (answer.status_code, answer.json()) == (
        201,
        {"email": "dara@example.com", "first_name": "Dara", "last_name": ""},
    )
    assert post("jwt/create/", {"email": "dara@example.com", "password": PASSWORD}).status_code == 401
    token = re.search(r"/account/verify/([^/]+)/\n", Email.objects.get().text).group(1)
    assert post("users/activation/", {"token": token}).status_code == 204
    pair = post("jwt/create/", {"email": "Dara@example.com", "password": PASSWORD})
    assert (pair.status_code, set(pair.json())) == (200, {"access", "refresh"})
    me = get_me(pair.json()["access"])
    assert me.status_code == 200
    assert {key: value for key, value in me.json().items() if key != "date_joined"} == {
        "email": "dara@example.com",
        "first_name": "Dara",
        "last_name": "",
        "phone": "",
    }
    assert post("jwt/verify/", {"token": pair.json()["access"]}).json() == {}
    assert post("jwt/logout/", {"refresh": pair.json()["refresh"]}).status_code == 204
    assert post("jwt/refresh/", {"refresh": pair.json()["refresh"]}).status_code == 401


def test_exactly_these_endpoints_exist():
    [auth] = [part for part in get_resolver().url_patterns if str(part.pattern) == "auth/"]
    assert [str(route.pattern) for route in auth.url_patterns] == [
        "users/",
        "users/me/",
        "users/activation/",
        "users/resend_activation/",
        "users/reset_password/",
        "users/reset_password_confirm/",
        "users/set_password/",
        "jwt/create/",
        "jwt/refresh/",
        "jwt/verify/",
        "jwt/logout/",
    ]
    staff = make_staff(is_superuser=True)
    token = log_in(staff)["access"]
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/auth/users/", headers=headers).status_code == 405
    assert Client().delete("/auth/users/me/", headers=headers).status_code == 405
    for path in ("users/set_email/", "users/reset_email/", f"users/{staff.pk}/", "token/login/"):
        assert post(path, {}, token).status_code == 404
    assert User.objects.filter(pk=staff.pk).exists()


@pytest.mark.parametrize("path", ["users/resend_activation/", "users/reset_password/"])
def test_asking_for_a_letter_gives_nothing_away(path):
    answer = same(*(post(path, {"email": email}) for email in everybody()))
    assert (answer.status_code, answer.content) == (204, b"")


def test_registering_gives_nothing_away():
    answers = []
    for email in everybody():
        answer = post("users/", {"email": email, "password": NEW})
        assert answer.json().pop("email") == email
        answer.content = answer.content.replace(email.encode(), b"(the same)")
        answers.append(answer)
    assert same(*answers).status_code == 201


def test_log_in_gives_nothing_away():
    wrong = [post("jwt/create/", {"email": email, "password": "wrong password"}) for email in everybody()]
    right = [
        post("jwt/create/", {"email": email, "password": PASSWORD})
        for email in ("wait1@example.com", "close@example.com")
    ]
    answer = same(*wrong, *right)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "login_failed"


def test_refused_log_ins_ask_the_database_the_same():
    shapes = set()
    post("jwt/create/", {"email": "first@example.com", "password": "wrong password"})
    for email in everybody():
        with CaptureQueriesContext(connection) as queries:
            post("jwt/create/", {"email": email, "password": "wrong password"})
        shapes.add(tuple(re.sub(r"'[^']*'|[0-9]+", "", query["sql"]) for query in queries))
    assert len(shapes) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("users/", {"email": "d@example.com", "password": NEW, "is_staff": True}),
        ("users/", {"email": "d@example.com", "password": NEW, "id": 1}),
        ("users/activation/", {"token": "x", "extra": 1}),
        ("users/resend_activation/", {"email": "d@example.com", "extra": 1}),
        ("users/reset_password/", {"email": "d@example.com", "extra": 1}),
        ("users/reset_password_confirm/", {"uid": "x", "token": "x", "new_password": NEW, "extra": 1}),
        ("jwt/create/", {"email": "d@example.com", "password": NEW, "extra": 1}),
        ("jwt/refresh/", {"refresh": "x", "extra": 1}),
        ("jwt/verify/", {"token": "x", "extra": 1}),
        ("jwt/logout/", {"refresh": "x", "extra": 1}),
    ],
)
def test_unknown_fields_are_refused(path, body):
    answer = post(path, body)
    name = list(body)[-1]
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"] == [
        {"pointer": f"/{name}", "code": "unknown_field", "detail": "This operation does not take this field."}
    ]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("users/", {}, {"/email", "/password"}),
        ("users/", {"email": "x" * 10_000 + "@example.com", "password": NEW}, {"/email"}),
        ("users/", {"email": "d\n@example.com", "password": NEW}, {"/email"}),
        ("users/", {"email": "d\x00@example.com", "password": NEW}, {"/email"}),
        ("users/", {"email": ["d@example.com"], "password": NEW}, {"/email"}),
        ("users/", {"email": "d@example.com", "password": "x" * 129}, {"/password"}),
        ("users/", {"email": "d@example.com", "password": "password"}, {"/password"}),
        ("users/", {"email": "d@example.com", "password": NEW, "first_name": "x" * 81}, {"/first_name"}),
        ("users/", {"email": "d@example.com", "password": NEW, "last_name": "a\nb"}, {"/last_name"}),
        ("users/reset_password/", {"email": "nonsense"}, {"/email"}),
        ("users/activation/", {"token": None}, {"/token"}),
        ("users/activation/", {"token": "x" * 2001}, {"/token"}),
        ("jwt/create/", {"email": "d@example.com", "password": "x" * 10_000}, {"/password"}),
        ("jwt/create/", {"email": "d@example.com"}, {"/password"}),
        ("jwt/refresh/", {"refresh": "x" * 10_000}, {"/refresh"}),
        ("jwt/refresh/", [], {""}),
    ],
)
def test_bad_input(path, body, pointers):
    answer = post(path, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert {error["pointer"] for error in answer.json()["errors"]} == pointers
    assert not User.objects.exists()


@pytest.mark.parametrize(("body", "kind", "status"), [("{", "application/json", 400), ("a=1", "text/plain", 415)])
def test_body_that_is_no_json(body, kind, status):
    answer = Client().post("/auth/jwt/create/", body, content_type=kind)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_dead_links():
    answer = post("users/activation/", {"token": "MQ.x-y"})
    assert (answer.status_code, answer.json()["code"]) == (422, "link_invalid")
    answer = post("users/reset_password_confirm/", {"uid": "MQ", "token": "x-y", "new_password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (422, "link_invalid")


def test_activation_takes_djosers_two_parts_too():
    user = make_user(verified=False)
    uid, _, token = links.verification_token(user).partition(".")
    assert post("users/activation/", {"uid": uid, "token": token}).status_code == 204
    user.refresh_from_db()
    assert user.has_verified_email


def test_reset_over_the_api_ends_every_token():
    user = make_user()
    pair = log_in(user)
    body = {"uid": links.uid_of(user), "token": links.reset_token(user), "new_password": NEW}
    assert post("users/reset_password_confirm/", {**body, "new_password": "password"}).status_code == 400
    assert post("users/reset_password_confirm/", body).status_code == 204
    assert get_me(pair["access"]).status_code == 401
    assert post("jwt/refresh/", {"refresh": pair["refresh"]}).status_code == 401
    assert post("jwt/verify/", {"token": pair["access"]}).status_code == 401
    assert post("users/reset_password_confirm/", body).status_code == 422


def test_set_password():
    user = make_user("dara@example.com")
    pair = log_in(user)
    path = "users/set_password/"
    assert post(path, {"current_password": PASSWORD, "new_password": NEW}).status_code == 401
    wrong = post(path, {"current_password": "wrong", "new_password": NEW}, pair["access"])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    similar = post(path, {"current_password": PASSWORD, "new_password": "dara@example"}, pair["access"])
    assert [error["pointer"] for error in similar.json()["errors"]] == ["/new_password"]
    assert post(path, {"current_password": PASSWORD, "new_password": NEW}, pair["access"]).status_code == 204
    assert get_me(pair["access"]).status_code == 401
    assert post("jwt/refresh/", {"refresh": pair["refresh"]}).status_code == 401
    assert Email.objects.get().kind == "password_changed"


def test_refresh_token_works_once():
    user = make_user()
    first = log_in(user)["refresh"]
    answer = post("jwt/refresh/", {"refresh": first})
    assert answer.status_code == 200
    assert get_me(answer.json()["access"]).json()["email"] == user.email
    again = post("jwt/refresh/", {"refresh": first})
    assert (again.status_code, again.json()["code"]) == (401, "token_not_valid")
    assert post("jwt/refresh/", {"refresh": answer.json()["refresh"]}).status_code == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"email_verified_at": None}, {"password": "md5$a$b"}])
def test_change_of_the_account_ends_tokens_at_once(change):
    user = make_user()
    pair = log_in(user)
    User.objects.update(**change)
    for answer in (
        get_me(pair["access"]),
        post("jwt/refresh/", {"refresh": pair["refresh"]}),
        post("jwt/verify/", {"token": pair["access"]}),
        post("jwt/verify/", {"token": pair["refresh"]}),
    ):
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert isinstance(answer.json()["detail"], str)
        assert answer.json()["code"] in {"token_not_valid", "account_closed"}


def test_deleted_person():
    user = make_user()
    pair = log_in(user)
    user.delete()
    assert get_me(pair["access"]).status_code == 401
    assert post("jwt/refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_tokens_of_the_wrong_kind_age_or_signature():
    user = make_user()
    refresh, access = RefreshToken.for_user(user), AccessToken.for_user(user)
    header, payload, signature = str(access).split(".")
    unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."
    for token in (str(refresh), unsigned, f"{header}.{payload}.{signature[::-1]}", "x", "a.b.c"):
        answer = get_me(token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert post("jwt/refresh/", {"refresh": str(access)}).status_code == 401
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert get_me(str(access)).status_code == 401
        assert post("jwt/refresh/", {"refresh": str(refresh)}).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert post("jwt/refresh/", {"refresh": str(refresh)}).status_code == 401


def test_me_can_be_changed_but_not_the_email():
    token = log_in(make_user("dara@example.com", last_name="Sok"))["access"]
    headers = {"Authorization": f"Bearer {token}"}

    def patch(body):
        return Client().patch("/auth/users/me/", body, content_type="application/json", headers=headers)

    answer = patch({"first_name": "Dara", "phone": "+855 12 345 678"})
    assert answer.status_code == 200
    assert (answer.json()["first_name"], answer.json()["last_name"]) == ("Dara", "Sok")
    for body in ({"email": "x@example.com"}, {"is_staff": True}, {"phone": "call me"}, {"first_name": "a\nb"}):
        answer = patch(body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{next(iter(body))}")
    user = User.objects.get()
    assert (user.email, user.first_name, user.phone, user.is_staff) == (
        "dara@example.com",
        "Dara",
        "+855 12 345 678",
        False,
    )


def test_me_is_nobody_without_a_token():
    answer = Client().get("/auth/users/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("email", ["dara@example.com", "unknown@example.com"])
def test_log_in_is_throttled_whoever_is_tried(email):
    make_user("dara@example.com")
    body = {"email": email, "password": "wrong password"}
    assert [post("jwt/create/", body).status_code for _ in range(11)] == [401] * 10 + [429]
    answer = problem_of(post("jwt/create/", {"email": email, "password": PASSWORD}), 429, "too_many_tries")
    assert "Wait 15 minutes" in answer["detail"]
    cache.clear()
    assert post("jwt/create/", body).status_code == 429


@pytest.mark.parametrize(
    "path",
    [
        "users/",
        "users/activation/",
        "users/resend_activation/",
        "users/reset_password/",
        "users/reset_password_confirm/",
    ],
)
def test_the_other_doors_share_that_limit(path):
    for _ in range(30):
        post(path, {})
    assert post("jwt/create/", {}).status_code == 429
