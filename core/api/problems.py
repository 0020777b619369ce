"""Errors as RFC 9457 problem documents, one shape everywhere."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core import request_ids
from core.api.errors import WRONG_VALUES, BodyTooLarge, InvalidRequest, pointer_step
from core.refusals import Conflict, Refusal, TooManyTries

CONTENT_TYPE = "application/problem+json"


def problem(status: int, code: str, detail: str, **members: object) -> dict[str, object]:
    """Return the members of a problem document. `code` is stable; `detail` is a sentence for a person."""
    return {
        "type": f"urn:commercia:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_ids.current(),
        **members,
    }


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a problem document (REST framework's EXCEPTION_HANDLER)."""
    headers: dict[str, str] = {}
    if isinstance(error, Refusal) and error.code == "invalid_values":
        # A deed checks values once more; for a client that is the same as a serializer's complaint.
        status = 400
        body = problem(status, "invalid", error.message, errors=pointers(error.facts.get("fields", {})))
    elif isinstance(error, TooManyTries):
        status = 429
        headers = {"Retry-After": str(error.wait)}
        body = problem(status, error.code, error.message)
    elif isinstance(error, Refusal):
        status = 409 if isinstance(error, Conflict) else 422
        body = problem(status, error.code, error.message, **({"facts": _plain(error.facts)} if error.facts else {}))
    else:
        if isinstance(error, Http404):
            error = exceptions.NotFound()
        elif isinstance(error, PermissionDenied):
            error = exceptions.PermissionDenied()
        elif isinstance(error, RequestDataTooBig):
            error = BodyTooLarge()
        if not isinstance(error, exceptions.APIException):
            return None
        status = error.status_code
        headers = _headers_of(error)
        if isinstance(error, exceptions.ValidationError):
            body = problem(status, "invalid", WRONG_VALUES, errors=pointers(error.detail))
        elif isinstance(error, InvalidRequest):
            body = problem(status, str(error.get_codes()), str(error.detail), errors=error.errors)
        else:
            body = problem(status, _code_of(error), str(error.detail))
    set_rollback()
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def pointers(detail: object, path: str = "") -> list[dict[str, str]]:
    """Flatten a serializer's errors to a list of JSON pointers with a sentence each."""
    if isinstance(detail, dict):
        found = []
        for name, inner in detail.items():
            found += pointers(inner, path if name == "non_field_errors" else f"{path}/{pointer_step(name)}")
        return found
    if isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        return [row for number, inner in enumerate(detail) for row in pointers(inner, f"{path}/{number}")]
    if isinstance(detail, list):
        return [{"pointer": path, "code": getattr(item, "code", "invalid"), "detail": str(item)} for item in detail]
    return [{"pointer": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def json_error(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    """Return a problem document outside a REST framework view (unknown URL, crashed view)."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)


def _code_of(error: exceptions.APIException) -> str:
    """Return one code; other libraries' errors may hold several."""
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _headers_of(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    return headers


def _plain(facts: dict[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, int | float | bool | list | dict | None) else str(value)
        for name, value in facts.items()
    }
