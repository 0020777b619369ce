"""ETags: a client that has an answer already is told so in a few bytes.

A tag is made of what the answer is made of (versions of data, rows of the truth), not of the answer's bytes, so that it
costs less than the answer. It is weak, because proxies may compress what they pass on (RFC 9110, 8.8.1).
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from core.caching import release

R = TypeVar("R", bound=HttpResponse)


def answer_unless_known(request: Request, facts: object, body: Callable[[], Any]) -> Response:
    """Answer `body()` with a tag made of `facts`; 304 without a body when the client's If-None-Match has that tag.

    `facts` must tell everything that the body depends on beside the address and this release; None for no tag. They are
    read before the body, so a tag is never younger than its body. Caches may keep the answer but must ask every time.
    """
    if facts is None:
        return Response(body())
    who = request.user.pk if request.user.is_authenticated else None
    tag = _tag(request, facts)
    response = Response(status=status.HTTP_304_NOT_MODIFIED) if _knows(request, tag) else Response(body())
    # Staff see more than others at the same address.
    return _marked(response, tag, is_private=bool(who))


def known_to_stranger(request: HttpRequest, facts: Callable[[], object]) -> HttpResponse | None:
    """Return a 304 when a caller without any account asks again for what `facts` still stand for, else None.

    For views that ask before anything else is made ready: no log-in, no limits, no parsing. It costs less than counting
    the call would, so it is not counted. `facts` are those that `answer_unless_known` got for such a caller.
    """
    if request.method != "GET" or "If-None-Match" not in request.headers or not _is_stranger(request):
        return None
    found = facts()
    if found is None or not _knows(request, tag := _tag(request, found)):
        return None
    return _marked(HttpResponse(status=status.HTTP_304_NOT_MODIFIED), tag, is_private=False)


def _is_stranger(request: HttpRequest) -> bool:
    return "Authorization" not in request.headers and settings.SESSION_COOKIE_NAME not in request.COOKIES


def _tag(request: HttpRequest | Request, facts: object) -> str:
    text = repr((request.build_absolute_uri(), facts, release()))
    return f'W/"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


def _marked(response: R, tag: str, *, is_private: bool) -> R:
    response["ETag"] = tag
    patch_cache_control(response, no_cache=True, **({"private": True} if is_private else {}))
    patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
    return response


def _knows(request: HttpRequest | Request, tag: str) -> bool:
    return tag.removeprefix("W/") in _known_tags(request)


def _known_tags(request: HttpRequest | Request) -> list[str]:
    """Return what the client says it has, to be compared weakly (RFC 9110, 13.1.2). "*" gets the whole answer."""
    return [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
