"""Stripe's error answers, with the words and codes that Stripe uses."""

from typing import Any

DOCS = "https://stripe.com/docs/error-codes/{}"


class ApiError(Exception):
    """An answer other than 200: its status and the content of `error`."""

    def __init__(self, status: int, kind: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers = facts.pop("headers", {})
        self.kept = facts.pop("kept", True)
        self.content: dict[str, Any] = {"message": message, "type": kind, **facts}
        if "code" in facts:
            self.content["doc_url"] = DOCS.format(facts["code"].replace("_", "-"))

    @property
    def body(self) -> dict[str, Any]:
        """The whole JSON body."""
        return {"error": dict(sorted(self.content.items()))}


def invalid(message: str, **facts: Any) -> ApiError:
    """Return the 400 for a request that makes no sense."""
    return ApiError(400, "invalid_request_error", message, **facts)


def unreadable(message: str, **facts: Any) -> ApiError:
    """Return the 400 for parameters that fail validation; no idempotent result is kept of it."""
    return invalid(message, kept=False, **facts)


def missing(kind: str, name: str, *, param: str = "id", status: int = 404) -> ApiError:
    """Return the error for an object that does not exist (404 in the path, 400 in a parameter)."""
    return ApiError(status, "invalid_request_error", f"No such {kind}: '{name}'", code="resource_missing", param=param)


def unknown_address(method: str, path: str) -> ApiError:
    """Return the 404 for an address that the sandbox (or Stripe) does not have."""
    message = (
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash."
    )
    return ApiError(404, "invalid_request_error", message, kept=False)


def bad_key(key: str) -> ApiError:
    """Return the 401 for a missing or wrong API key."""
    if not key:
        message = "You did not provide an API key. You need to provide your API key in the Authorization header."
    else:
        message = f"Invalid API Key provided: {key[:8]}{'*' * 8}{key[-4:]}"
    return ApiError(401, "invalid_request_error", message, kept=False)


def key_in_use(key: str) -> ApiError:
    """Return the 409 for a second request with an idempotency key while the first still runs."""
    message = (
        f"There is currently another in-progress request using this Idempotent Key: {key} (that probably means you "
        "submitted twice, and the other request is still going through). Please try again later."
    )
    return ApiError(409, "idempotency_error", message, code="idempotency_key_in_use", kept=False)


def key_misused(key: str, first_path: str | None = None) -> ApiError:
    """Return the 400 for an idempotency key that comes again with other parameters or at another address."""
    what = (
        f"endpoint they were first used for ('{first_path}')" if first_path else "parameters they were first used with"
    )
    message = (
        f"Keys for idempotent requests can only be used {'for' if first_path else 'with'} the same {what}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, "idempotency_error", message, kept=False)


def locked() -> ApiError:
    """Return the 429 for an object that another call has held for too long."""
    message = (
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing "
        "it. If you see this error intermittently, retry the request."
    )
    headers = {"stripe-should-retry": "true"}
    return ApiError(429, "invalid_request_error", message, code="lock_timeout", headers=headers, kept=False)


def card_error(message: str, **facts: Any) -> ApiError:
    """Return the 402 for a card that was not charged or not saved."""
    return ApiError(402, "card_error", message, **facts)
