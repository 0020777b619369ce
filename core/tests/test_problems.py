"""Problem documents."""

from django.http import Http404
from rest_framework.exceptions import ErrorDetail, NotAuthenticated, Throttled, ValidationError

from core.api.problems import pointers, problem_response
from core.refusals import Conflict, Refusal


def test_a_refusal_is_422_and_a_conflict_409():
    refused = problem_response(Refusal("too_many", "At most 3.", limit=3), {})
    assert (refused.status_code, refused.content_type) == (422, "application/problem+json")
    assert refused.data == {
        "type": "urn:commercia:problem:too_many",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "too_many",
        "detail": "At most 3.",
        "request_id": "",
        "facts": {"limit": 3},
    }
    assert problem_response(Conflict("sold_out", "Gone."), {}).status_code == 409


def test_unknown_things_are_404_problems():
    assert problem_response(Http404("secret detail"), {}).data["detail"] == "Not found."


def test_waiting_time_and_challenge_are_headers():
    assert problem_response(Throttled(wait=12.3), {})["Retry-After"] == "13"
    error = NotAuthenticated()
    error.auth_header = 'Bearer realm="api"'
    assert problem_response(error, {})["WWW-Authenticate"] == 'Bearer realm="api"'


def test_field_errors_become_pointers():
    detail = ValidationError(
        {"items": [{}, {"quantity": [ErrorDetail("Too big.", code="max_value")]}], "non_field_errors": ["No."]}
    ).detail
    assert pointers(detail) == [
        {"pointer": "/items/1/quantity", "code": "max_value", "detail": "Too big."},
        {"pointer": "", "code": "invalid", "detail": "No."},
    ]


def test_other_exceptions_are_left_to_django():
    assert problem_response(ValueError("boom"), {}) is None
