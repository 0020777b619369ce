"""How tests call the API: a client with a token, and the shape every error has."""

from typing import Any

from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from core import clock


def client_of(user: Any = None, **headers: str) -> APIClient:
    """Return an API client with the user's access token (None: anonymous) and these headers on every request.

    A staff member's token was made with the second factor.
    """
    client = APIClient(raise_request_exception=False, headers=headers)
    if user is not None:
        token = RefreshToken.for_user(user)
        if user.is_staff:
            token["proved_at"] = int(clock.now().timestamp())
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.access_token}")
    return client


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is a whole problem document with this status and code, and return its members."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:commercia:problem:{code}")
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    return body


def places_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return where the errors of a problem document are, with their codes."""
    return [
        (next(row[where] for where in ("pointer", "parameter", "header") if where in row), row["code"])
        for row in body["errors"]
    ]
