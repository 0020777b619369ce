"""A fresh demonstration shop on loopback, for the scripts that take pictures of it. Needs requirements/services.txt."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
START_SECONDS = 30


def settle_in(folder: str) -> None:
    """Point this process, and those it starts, at a new shop in `folder`, and fill it with the demonstration goods."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="commercia.settings.dev",
        DATABASE_URL=f"sqlite:///{folder}/shop.sqlite3",
        MEDIA_ROOT=f"{folder}/media",
        EMAIL_URL=f"filemail:///{folder}/letters",
        CELERY_BROKER_URL="memory://",
        SECRET_KEY=secrets.token_urlsafe(48),
        LOG_LEVEL="ERROR",
        DEBUG="false",
    )
    for command in (["migrate", "--verbosity=0"], ["seed_demo", "--verbosity=0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True)


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    """Serve the shop of `settle_in` for as long as the block runs, at a free port unless told one; give its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "uvicorn", "commercia.asgi:application", f"--port={port}", "--lifespan=off"]
    with _running(command, f"http://127.0.0.1:{port}/healthz"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def providers_played(shop_port: int) -> Iterator[str]:
    """Let the sandbox play Stripe and Bakong for the shop that is served at `shop_port`; give its address."""
    port, secret, token = free_port(), f"whsec_{secrets.token_hex(8)}", f"bakong_{secrets.token_hex(8)}"
    address, key = f"http://127.0.0.1:{port}", f"sk_test_{secrets.token_hex(8)}"
    os.environ.update(
        SITE_URL=f"http://127.0.0.1:{shop_port}",
        STRIPE_SECRET_KEY=key,
        STRIPE_WEBHOOK_SECRETS=secret,
        STRIPE_API_BASE=address,
        BAKONG_TOKEN=token,
        BAKONG_API_BASE=address,
        KHQR_ACCOUNT="commercia@devb",
    )
    options = {
        "--port": str(port),
        "--webhook-url": f"http://127.0.0.1:{shop_port}/payments/webhooks/stripe/",
        "--webhook-secret": secret,
        "--secret-key": key,
        "--bakong-token": token,
    }
    command = [sys.executable, "-m", "sandbox", *(word for pair in options.items() for word in pair)]
    with _running(command, f"{address}/_sandbox/health"):
        yield address


def free_port() -> int:
    """Return a port of loopback that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], address: str) -> Iterator[None]:
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_for(address)
        yield
    finally:
        server.terminate()
        server.wait()


@contextmanager
def new_folder() -> Iterator[str]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer.")
