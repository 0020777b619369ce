"""Every error of the API is a problem document."""

import json

import pytest
from django.test import Client

from accounts.tests.factories import make_user
from core.api import views
from core.tests.api import client_of, problem_of

ITEMS = "/api/v1/cart/items/"


def send(body, content_type="application/json"):
    return client_of().generic("POST", ITEMS, body, content_type=content_type)


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/products/", "/auth/nothing/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_addresses(path, method):
    problem_of(getattr(client_of(), method)(path), 404, "not_found")


def test_a_missing_slash_is_explained():
    body = problem_of(client_of().get("/api/v1/products"), 404, "not_found")
    assert body["detail"] == "The API has no such address. Addresses of the API end with a slash."


@pytest.mark.django_db
def test_wrong_methods_types_and_wishes():
    problem_of(client_of().put("/api/v1/cart/"), 405, "method_not_allowed")
    problem_of(send("sku=A", "application/x-www-form-urlencoded"), 415, "unsupported_media_type")
    problem_of(send("<sku/>", "text/xml"), 415, "unsupported_media_type")
    problem_of(client_of(accept="text/html").get("/api/v1/cart/"), 406, "not_acceptable")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [b"{", b"", b'{"sku": NaN}', b'{"sku": "\xff"}', b"\x00", b'{"quantity": ' + b"9" * 5000 + b"}"]
)
def test_what_is_not_json(body):
    response = send(body)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_text_that_no_database_keeps_is_refused_where_it_stands():
    body = problem_of(send(rb'{"sku": "A", "a": {"b": ["\ud800", "ok", "\u0000"]}}'), 400, "invalid")
    assert [row["pointer"] for row in body["errors"]] == ["/a/b/0", "/a/b/2"]
    body = problem_of(send(rb'{"\udc00": 1}'), 400, "invalid")
    assert [row["pointer"] for row in body["errors"]] == [""]


@pytest.mark.django_db
@pytest.mark.parametrize("depth", [13, 5_000, 200_000])
def test_towers_of_brackets_are_refused(depth):
    problem_of(send(b"[" * depth + b"]" * depth), 400, "too_deep")


@pytest.mark.django_db
def test_a_large_body_is_refused_before_it_is_read(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem_of(send(json.dumps({"sku": "x" * 1000})), 413, "body_too_large")


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é"])
def test_a_bad_token_is_refused_even_where_guests_are_welcome(token):
    response = client_of(authorization=f"Bearer {token}").get("/api/v1/cart/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_shut_account_is_out_at_once():
    user = make_user()
    client = client_of(user)
    assert client.get("/api/v1/orders/").status_code == 200
    type(user).objects.update(is_active=False)
    assert client.get("/api/v1/orders/").status_code == 401


@pytest.mark.django_db
def test_an_error_of_ours_names_the_request_and_nothing_else(monkeypatch):
    monkeypatch.setattr(views, "read_query", lambda *args: 1 / 0)
    body = problem_of(client_of(**{"X-Request-ID": "me-and-my-request"}).get("/api/v1/cart/"), 500, "internal_error")
    assert body["request_id"] == "me-and-my-request"
    assert "division" not in json.dumps(body)


@pytest.mark.django_db
def test_a_session_without_the_form_token_cannot_write():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    response = client.post(ITEMS, {"sku": "A"}, content_type="application/json")
    problem_of(response, 403, "permission_denied")
