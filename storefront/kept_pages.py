"""Pages whose blocks are kept in the cache, so that a visitor without an account gets them almost for nothing.

Only what every visitor sees alike is kept: the blocks are made for a stranger, a request without cookies, and filled
into the frame (header, cart, messages) of the visitor who asks. Forms get the visitor's own token.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache as remember
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token, rotate_token
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.translation import get_language
from jinja2.runtime import Context

from core.caching import keep
from core.versions import CATEGORIES, SHOP, versions_of
from storefront import recently_viewed
from storefront.secret_cookies import CART

FRAME = "base.html"
Blocks = dict[str, str]


def kept_page(
    request: HttpRequest,
    template: str,
    *key: object,
    shows: Iterable[str],
    context: Callable[[HttpRequest], Mapping[str, Any]],
    frame: Mapping[str, Any] | None = None,
    may_keep: Callable[[], bool] = lambda: True,
) -> HttpResponse:
    """Answer a page of `template` (which extends the frame) from the cache, making its blocks when they are not there.

    `shows` names the versions of what it shows, beside the shop and its categories. `context` (with "status" when it
    is not 200) is asked only when blocks are made, with the stranger's request in which to look around; `key` must tell
    apart everything that it looks at there beside path and query. `frame` is what the frame itself shows of the page.
    `may_keep` is asked after the context was made (core.caching.keep).
    Whoever is known by a cookie (an account, a list) gets the page made anew; who has none at all, the kept frame too.
    """
    if not may_be_kept(request):
        values = dict(context(request))
        return render(request, template, values, status=values.get("status", HTTPStatus.OK))
    versions = versions_of(request).of(SHOP, CATEGORIES, *shows)
    where = (template, get_language(), request.scheme, request.get_host(), request.get_full_path(), *key)

    def make() -> tuple[int, Blocks]:
        return _make_blocks(_as_stranger(request), template, context)

    def fill(visitor: HttpRequest) -> tuple[int, list[bytes]]:
        status, blocks = keep("blocks", *where, versions=versions, build=make, may_keep=may_keep)
        # In pieces between which the visitor's token goes, so that nobody has to look for its places again.
        return status, [piece.encode() for piece in _fill(visitor, blocks, frame or {}).split(_placeholder())]

    if request.COOKIES:
        status, pieces = fill(request)
    else:
        status, pieces = keep(
            "page", *where, versions=versions, build=lambda: fill(_as_stranger(request)), may_keep=may_keep
        )
    token = _token_for(request).encode() if len(pieces) > 1 else b""
    return HttpResponse(token.join(pieces), status=status)


def may_be_kept(request: HttpRequest) -> bool:
    """Tell whether something is kept at all and for this visitor too."""
    return bool(settings.CACHE_SECONDS) and _is_stranger(request)


def _token_for(request: HttpRequest) -> str:
    """Return the token for the visitor's forms.

    Django hides the secret behind a mask, so that nobody learns it from the sizes of many compressed answers that hold
    it (BREACH). A newcomer's is made for this one answer, and a mask would take as long as a tenth of the page.
    """
    if settings.CSRF_COOKIE_NAME in request.COOKIES:
        return get_token(request)
    rotate_token(request)
    return request.META["CSRF_COOKIE"]


def _is_stranger(request: HttpRequest) -> bool:
    """Tell whether only the frame of a page can differ for this visitor: no cookie tells who it is."""
    in_the_frame = {
        settings.CSRF_COOKIE_NAME,
        settings.LANGUAGE_COOKIE_NAME,
        CART.name,
        recently_viewed.NAME,
        "messages",
    }
    return {name for name, value in request.COOKIES.items() if value} <= in_the_frame and not request.htmx


def _as_stranger(request: HttpRequest) -> HttpRequest:
    stranger = copy.copy(request)
    stranger.COOKIES = {}
    stranger.user = AnonymousUser()
    stranger.META = {name: value for name, value in request.META.items() if name != "HTTP_COOKIE"}
    for personal in ("session", "_messages", "_cached_user", "things_in_cart"):
        if hasattr(stranger, personal):
            delattr(stranger, personal)
    return stranger


def _make_blocks(
    request: HttpRequest, template: str, context: Callable[[HttpRequest], Mapping[str, Any]]
) -> tuple[int, Blocks]:
    """Render the whole page once and write down its status and what its blocks were."""
    page = get_template(template)
    values = _values(request, page.backend, context(request))
    blocks: Blocks = {}
    jinja = page.template
    page_context = jinja.new_context(values)
    for name, block in {**get_template(FRAME).template.blocks, **jinja.blocks}.items():
        page_context.blocks[name] = [_recorded(name, block, blocks)]
    for _ in jinja.root_render_func(page_context):
        pass
    return int(values.get("status", HTTPStatus.OK)), blocks


def _fill(request: HttpRequest, blocks: Blocks, frame: Mapping[str, Any]) -> str:
    page = get_template(FRAME)
    # The head's lines are in the blocks already.
    values = _values(request, page.backend, {"head": None, **frame})
    page_context = page.template.new_context(values)
    for name, text in blocks.items():
        page_context.blocks[name] = [_said(text)]
    return "".join(page.template.root_render_func(page_context))


def _values(request: HttpRequest, backend: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    field = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', _placeholder())
    values = {**own, "request": request}
    for processor in backend.template_context_processors:
        values.update(processor(request))
    return {**values, "csrf_token": _placeholder(), "csrf_input": field}


def _recorded(
    name: str, block: Callable[[Context], Iterator[str]], blocks: Blocks
) -> Callable[[Context], Iterator[str]]:
    def record(context: Context) -> Iterator[str]:
        blocks[name] = "".join(block(context))
        yield blocks[name]

    return record


def _said(text: str) -> Callable[[Context], Iterator[str]]:
    return lambda context: iter([text])


@remember
def _placeholder() -> str:
    """What stands for the visitor's token in kept blocks. Nobody can write it into a page without the secret key."""
    return salted_hmac("storefront.kept_pages", "csrf").hexdigest()
