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
def served() -> Iterator[str]:
    """Serve the shop of `settle_in` for as long as the block runs; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "commercia.asgi:application", f"--port={port}", "--lifespan=off"], cwd=ROOT
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
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
