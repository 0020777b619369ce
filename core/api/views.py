"""What the shop's viewsets share."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from core.api.conditional import known_to_stranger
from core.api.errors import InvalidRequest
from core.api.queries import NoQuery, PageQuery, read_query
from core.api.serializers import StrictSerializer

SHORTEST_KEY, LONGEST_KEY = 8, 200


class ApiViewSet(GenericViewSet):
    """A viewset that knows which query parameters each of its actions takes and refuses all others.

    `query_serializers` maps an action to its serializer; a paginated `list` takes page and page_size, everything else
    nothing. The validated parameters are in `self.query`. None: the action reads them itself, as strictly.
    """

    query_serializers: dict[str, type[StrictSerializer] | None] = {}
    # Limits of single actions, beside the general ones.
    action_throttles: dict[str, type[BaseThrottle]] = {}
    query: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 304 first of all where a stranger's answer has not changed (see core.api.conditional)."""
        known = known_to_stranger(request, lambda: self.facts_for_strangers(request, **kwargs))
        return known if known is not None else super().dispatch(request, *args, **kwargs)

    def facts_for_strangers(self, request: HttpRequest, **address: str) -> object:
        """Return what the answer to a GET depends on for a caller without an account; None: answers have no tags."""
        return None

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the general limits and the action's own."""
        own = self.action_throttles.get(self.action or "")
        return [*super().get_throttles(), *([own()] if own else [])]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        default = PageQuery if self.action == "list" and self.pagination_class else NoQuery
        chosen = self.query_serializers.get(self.action, default)
        self.query = read_query(chosen, request) if chosen is not None else {}

    def valid_body(self, serializer_class: type[StrictSerializer] | None = None, **options: Any) -> dict[str, Any]:
        """Return the validated body of the request. Raises ValidationError."""
        chosen = serializer_class or self.get_serializer_class()
        serializer = chosen(data=self.request.data, context=self.get_serializer_context(), **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


def idempotency_key(request: Request) -> str:
    """Return the Idempotency-Key header of a request that must have one. Raises InvalidRequest."""
    key = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if not key:
        raise _key_error(
            "idempotency_key_missing",
            "Send an Idempotency-Key header with a fresh random value, so that a repeated request orders only once.",
        )
    if not (SHORTEST_KEY <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise _key_error(
            "idempotency_key_invalid",
            f"An Idempotency-Key has {SHORTEST_KEY} to {LONGEST_KEY} plain characters; a random UUID does well.",
        )
    return key


def _key_error(code: str, detail: str) -> InvalidRequest:
    return InvalidRequest([{"header": "Idempotency-Key", "code": code, "detail": detail}], code=code, detail=detail)
