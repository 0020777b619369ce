"""ETags: a client that has an answer already is told so in a few bytes.

A tag is made of what the answer is made of (versions of data, rows of the truth), not of the answer's bytes, so that it
costs less than the answer. It is weak, because proxies may compress what they pass on (RFC 9110, 8.8.1).
"""

import hashlib
from collections.abc import Callable
from typing import Any

from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from core.caching import release


def answer_unless_known(request: Request, facts: object, body: Callable[[], Any]) -> Response:
    """Answer `body()` with a tag made of `facts`; 304 without a body when the client's If-None-Match has that tag.

    `facts` must tell everything that the body depends on beside the address and this release; None for no tag. They are
    read before the body, so a tag is never younger than its body. Caches may keep the answer but must ask every time.
    """
    if facts is None:
        return Response(body())
    who = request.user.pk if request.user.is_authenticated else None
    text = repr((request.build_absolute_uri(), facts, release()))
    tag = f'W/"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'
    is_known = tag.removeprefix("W/") in _known_tags(request)
    response = Response(status=status.HTTP_304_NOT_MODIFIED) if is_known else Response(body())
    response["ETag"] = tag
    # Staff see more than others at the same address.
    patch_cache_control(response, no_cache=True, **({"private": True} if who else {}))
    patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
    return response


def _known_tags(request: Request) -> list[str]:
    """Return what the client says it has, to be compared weakly (RFC 9110, 13.1.2). "*" gets the whole answer."""
    return [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
