"""A real sandbox process for tests, a shopper at its pages, and a shop that listens to its webhooks."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import stripe

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "sk_test_sandbox"
SECRET = "whsec_sandbox"
FORM = "application/x-www-form-urlencoded"
_pause = threading.Event()


def wait_until(condition: Callable[[], Any], *, seconds: float = 10, what: str = "nothing happened") -> Any:
    """Return the first true value of `condition` within so many seconds; fail naming `what` otherwise."""
    for _ in range(int(seconds * 50)):
        found = condition()
        if found:
            return found
        _pause.wait(0.02)
    raise AssertionError(f"After {seconds} s: {what}")


def free_port() -> int:
    """Return a port of loopback that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    """What a page or the control API answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str:
        """Where the answer sends the browser."""
        return self.headers["Location"]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class RunningSandbox:
    """A sandbox in a process of its own."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        command = [sys.executable, "-X", "dev", "-m", "sandbox", "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT)
        wait_until(self.alive, seconds=30, what="the sandbox does not answer")

    def alive(self) -> bool:
        """Tell whether it answers."""
        try:
            return self.control("GET", "health")["status"] == "ok"
        except OSError:
            return False

    def stop(self) -> None:
        """Stop it politely."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(20) in {0, -signal.SIGTERM}
            self.process = None

    def kill(self) -> None:
        """Kill it as a power cut does."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send one request and return the answer; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def control(self, method: str, path: str, content: Any = None, *, status: int = 200) -> Any:
        """Call the control API and return its JSON; fails unless it answers with `status`."""
        body = json.dumps(content).encode() if content is not None else None
        answer = self.ask(method, f"/_sandbox/{path}", body, {"Content-Type": "application/json"})
        assert answer.status == status, answer.text
        return answer.json()

    def post(self, address: str, **form: str) -> Answer:
        """Send a page's form; `address` may be a path or full."""
        return self.ask("POST", path_of(address), urlencode(form).encode(), {"Content-Type": FORM})

    def get(self, address: str) -> Answer:
        """Open a page; `address` may be a path or full."""
        return self.ask("GET", path_of(address))

    def client(self, *, retries: int = 0, timeout: float = 10, key: str = KEY) -> stripe.StripeClient:
        """Return the real client, pointed here."""
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout),
        )

    def bakong(self, name: str, content: Any, *, token: str = "", status: int = 200) -> Any:
        """Call the Bakong part and return its JSON."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = self.ask("POST", f"/v1/{name}", json.dumps(content).encode(), headers)
        assert answer.status == status, answer.text
        return answer.json()

    def reset(self) -> None:
        """Forget everything, and wait until no webhook is on its way."""
        self.control("POST", "reset")
        wait_until(lambda: self.control("GET", "webhooks")["on_the_way"] == 0, what="webhooks are still on the way")

    def fault(self, **facts: Any) -> dict[str, Any]:
        """Switch a fault on."""
        return self.control("POST", "faults", facts)

    def captures(self) -> list[dict[str, Any]]:
        """Return all paid charges."""
        return [charge for charge in self.control("GET", "things/charge") if charge["paid"]]

    def pass_time(self, seconds: int) -> None:
        """Move the sandbox's clock on."""
        self.control("POST", "clock", {"advance_seconds": seconds})


def path_of(address: str) -> str:
    """Return path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@dataclass
class Listener:
    """A shop's webhook address: keeps what came and answers as told. Clear `door` to keep it from answering."""

    url: str = ""
    status: int = 200
    came: list[tuple[bytes, str]] = field(default_factory=list)
    door: threading.Event = field(default_factory=threading.Event)

    def events(self) -> list[dict[str, Any]]:
        """Return what came, in order."""
        return [json.loads(body) for body, _ in list(self.came)]

    def types(self) -> list[str]:
        """Return the types of what came, in order."""
        return [event["type"] for event in self.events()]


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen for webhooks on a free port of loopback."""
    listener = Listener()
    listener.door.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.came.append((body, self.headers["Stripe-Signature"]))
            listener.door.wait(20)
            with suppress(ConnectionError):
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
