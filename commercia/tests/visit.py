"""Open the shop with `make run`, walk through it as a visitor and as staff, and close it. Standard library only.

Used by the tests of this folder and, on the bare machine, as a program: python3 visit.py PORT
"""

import base64
import hmac
import http.cookiejar
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path


class OpenShop:
    """The shop of a checkout, opened by `make run` as a person would, in a process group like a terminal's."""

    def __init__(self, checkout: Path, port: int, **environment: str) -> None:
        self.checkout = checkout
        self.port = port
        self.environment = environment
        self.address = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self.recovery_codes: list[str] = []

    def __enter__(self) -> "OpenShop":
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["make", "run", f"PORT={self.port}"],
            cwd=self.checkout,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A background job starts with Ctrl-C switched off; a person's terminal does not.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def read(self) -> None:
        """Keep what the shop says."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def said(self) -> str:
        """All that the shop has said so far."""
        return "\n".join(self.lines)

    def wait_for(self, words: str, seconds: float) -> float:
        """Wait until the shop says `words`; return the seconds since its start. Raises AssertionError."""
        deadline = time.monotonic() + seconds
        while words not in self.said:
            if self.process.poll() is not None:
                self.reader.join(5)
                if words in self.said:
                    break
                raise AssertionError(f"The shop ended before it said {words!r}:\n{self.said}")
            if time.monotonic() > deadline:
                raise AssertionError(f"The shop did not say {words!r} within {seconds} s:\n{self.said}")
            self.reader.join(0.05)
        return time.monotonic() - self.started

    def get(self, path: str, opener: urllib.request.OpenerDirector | None = None, **form: str) -> tuple[int, str]:
        """Ask for a page (post the form when there is one). Returns status and text."""
        data = urllib.parse.urlencode(form).encode() if form else None
        ask = (opener or urllib.request.build_opener()).open
        try:
            with ask(urllib.request.Request(self.address + path, data), timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def credentials(self) -> tuple[str, str] | None:
        """Return the staff login printed at a first run, or None."""
        found = re.search(r"Staff login: (\S+)\nPassword: +(\S+)", self.said)
        return (found[1], found[2]) if found else None

    def enter_admin(self, email: str, password: str, recovery_code: str = "") -> tuple[int, str]:
        """Log in to the admin as a browser does. Returns status and text of the page after it.

        The first log-in sets up an app and keeps the `recovery_codes`; a later one gives one of them.
        """
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        status, page = self.get("/admin/login/", browser)
        status, page = self._send("/admin/login/", browser, page, username=email, password=password, next="/admin/")
        secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
        if secret:
            _, page = self._send("/admin/second-factor/", browser, page, code=_app_code(secret[1]))
            self.recovery_codes = re.findall(r"<li><code>([^<]+)</code>", page)
        elif "recovery code" in page:
            self._send("/admin/second-factor/?recovery=1", browser, page, code=recovery_code)
        else:
            return status, page
        return self.get("/admin/", browser)

    def _send(self, path: str, browser: urllib.request.OpenerDirector, page: str, **form: str) -> tuple[int, str]:
        """Send a form of `page` with its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        return self.get(path, browser, csrfmiddlewaretoken=token, **form)

    def interrupt(self) -> float:
        """Press Ctrl-C: the terminal signals the whole foreground group. Returns the seconds until all is over."""
        started = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)
        self.reader.join(5)
        return time.monotonic() - started

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.interrupt()
        self.process.stdout.close()


def _app_code(secret: str) -> str:
    """Return what an app with this secret shows now (RFC 6238)."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def programs_of(checkout: Path) -> list[str]:
    """Return the command lines of running processes that belong to a checkout (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{checkout}/.venv" in words:
            found.append(words)
    return found


def first_category(home: str) -> str:
    """Return the path of the first category that the home page links to."""
    return re.search(r'href="(/c/[^"?#]+)"', home)[1]


def main() -> int:
    """Visit the shop of the current folder and print what was seen. Returns the exit status."""
    with OpenShop(Path.cwd(), int(sys.argv[1])) as shop:
        seconds = shop.wait_for("The shop is open", 180)
        status, home = shop.get("/")
        seen = {"/": status, "/healthz": shop.get("/healthz")[0], "/readyz": shop.get("/readyz")[0]}
        category = first_category(home)
        seen[category] = shop.get(category)[0]
        seen["/admin/login/"] = shop.get("/admin/login/")[0]
        login = shop.credentials()
        if login:
            status, page = shop.enter_admin(*login)
            seen["/admin/ after the login"] = status if "/admin/logout/" in page else 0
        closing = shop.interrupt()
    left = programs_of(Path.cwd())
    sys.stdout.write(
        f"{shop.said}\nopen after {seconds:.1f} s, closed in {closing:.1f} s, seen: {seen}, left: {left}\n"
    )
    return 0 if set(seen.values()) == {200} and not left else 1


if __name__ == "__main__":
    sys.exit(main())
