"""The thin layer between ASGI and the sandbox: a request read whole, an answer, and the connection that breaks."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
LARGEST_BODY = 1 << 20  # bytes; no call or form of ours comes near
CUT = "sandbox.cut"


class BodyTooLarge(Exception):
    """The request's body is larger than anything the sandbox takes."""


class ClientGone(Exception):
    """The caller hung up before its request was whole."""


@dataclass(frozen=True)
class Request:
    """A request as a whole."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The query string's names and values, in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def body_pairs(self) -> list[tuple[str, str]]:
        """The names and values of a form body, in order."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body; of several with one name the last."""
        return dict(self.body_pairs)

    def json(self) -> Any:
        """Return the body read as JSON; an empty body is an empty object.

        Raises ValueError for anything else.
        """
        return json.loads(self.body.decode("utf-8")) if self.body else {}

    def cookie(self, name: str) -> str:
        """Return a cookie's value, or nothing."""
        morsel = SimpleCookie(self.headers.get("cookie", "")).get(name)
        return morsel.value if morsel else ""


@dataclass
class Response:
    """An answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer that holds `value` as JSON, indented as Stripe does it."""
    body = json.dumps(value, indent=2, ensure_ascii=False).encode()
    return Response(status, body, "application/json", headers or {})


def see_other(address: str) -> Response:
    """Send the browser on to `address` after a form (303)."""
    return Response(303, headers={"location": address})


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Read a request whole.

    Raises BodyTooLarge above 1 MiB and ClientGone when the caller hangs up half-way.
    """
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)


async def send_response(response: Response, send: Send) -> None:
    """Send an answer."""
    headers = {"content-type": response.content_type, "content-length": str(len(response.body)), **response.headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})


async def cut_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection without a single byte of an answer, as a broken network does."""
    scope["extensions"][CUT]()
    while (await receive())["type"] != "http.disconnect":
        pass


class CuttableProtocol(HttpToolsProtocol):
    """Uvicorn's protocol that lets the program close the connection instead of answering."""

    def on_message_begin(self) -> None:
        """Give the coming request the means to cut the line (a hook of httptools)."""
        super().on_message_begin()
        self.scope["extensions"] = {CUT: self.transport.close}
