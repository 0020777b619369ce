"""One id follows a piece of work from the browser to the task, the log and the answer."""

import re
import uuid

import structlog

ACCEPTABLE = re.compile(r"[A-Za-z0-9-]{8,64}")


def new() -> str:
    """Return a fresh request id."""
    return uuid.uuid4().hex


def accept(candidate: str | None) -> str:
    """Return the caller's own id when it is harmless to log, else a fresh one."""
    return candidate if candidate and ACCEPTABLE.fullmatch(candidate) else new()


def bind(request_id: str) -> None:
    """Make `request_id` part of every log line of this thread until `clear`."""
    structlog.contextvars.bind_contextvars(request_id=request_id)


def current() -> str:
    """Return the id of the work at hand, or "" outside a request or task."""
    return structlog.contextvars.get_contextvars().get("request_id", "")


def clear() -> None:
    """Forget the id."""
    structlog.contextvars.clear_contextvars()
