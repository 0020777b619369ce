"""Run the web server, the worker and the stand-in for payment providers of the embedded shop side by side.

A child that dies is started again after a pause that grows from 1 to 10 s. Ctrl-C or SIGTERM stops everything within
10 s; a second one kills at once. Needs the standard library only, because `--check` runs before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
KEYS = ROOT / "var" / "sandbox-keys.json"
KEY_PREFIXES = {"stripe_key": "sk_test_", "webhook_secret": "whsec_", "bakong_token": "bakong_"}
REAL_KEYS = ("STRIPE_SECRET_KEY", "BAKONG_TOKEN")
PAUSES = (1.0, 2.0, 4.0, 7.0, 10.0)  # seconds before each new start in a row
STEADY = 60.0  # seconds after which a child counts as healthy and its pauses start over
HIGHEST_PORT = 65535
PATIENCE = 8.0  # seconds a child may take to stop by itself
# Warnings meant for production: a worker as root, and small static files read at once by an asynchronous server.
HARMLESS_HERE = (
    "You're running the worker with superuser privileges",
    "StreamingHttpResponse must consume synchronous iterators",
)
# Linux ends the child when the supervisor itself is killed; elsewhere the command runs as it is.
DIE_WITH_PARENT = (
    "import ctypes, os, signal, sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class Child:
    """A program that must keep running."""

    name: str
    command: tuple[str, ...]


def say(line: str, speaker: str = "shop") -> None:
    """Print one line with the speaker's name before it."""
    sys.stdout.write(f"{speaker:<6} | {line}\n")
    sys.stdout.flush()


class Supervisor:
    """Keeps children alive until it is asked to stop."""

    def __init__(self, children: list[Child], *, patience: float = PATIENCE, pauses: tuple[float, ...] = PAUSES):
        self.children = children
        self.patience = patience
        self.pauses = pauses
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.stopping = threading.Event()
        self.lock = threading.RLock()

    def run(self) -> None:
        """Start every child and return when all have stopped after a signal. Main thread only."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.ask_to_stop())
        keepers = [threading.Thread(target=self.keep, args=[child], name=child.name) for child in self.children]
        for keeper in keepers:
            keeper.start()
        for keeper in keepers:
            keeper.join()

    def ask_to_stop(self) -> None:
        """Stop all children politely, and firmly after `patience` seconds; asked again, kill them."""
        if self.stopping.is_set():
            self.kill_all()
            return
        self.stopping.set()
        say("Stopping. Press Ctrl-C again to stop at once.")
        with self.lock:
            for process in self.running.values():
                # Only the leader: a worker then lets its running task finish and ends its own helpers.
                process.terminate()
        killer = threading.Timer(self.patience, self.kill_all)
        killer.daemon = True
        killer.start()

    def kill_all(self) -> None:
        """Kill every child and what it has started (each child leads a process group)."""
        with self.lock:
            for process in self.running.values():
                kill_group(process)

    def keep(self, child: Child) -> None:
        """Run one child again and again until it is time to stop."""
        deaths = 0
        while not self.stopping.is_set():
            started = time.monotonic()
            status = self.run_once(child)
            if self.stopping.is_set():
                return
            deaths = 1 if time.monotonic() - started > STEADY else deaths + 1
            pause = self.pauses[min(deaths, len(self.pauses)) - 1]
            say(f"{child.name} stopped (status {status}); it is started again in {pause:g} s.")
            self.stopping.wait(pause)

    def run_once(self, child: Child) -> int | None:
        """Start a child, pass on its lines, and return its exit status when it and its helpers are gone."""
        with self.lock:
            if self.stopping.is_set():
                return None
            process = self.running[child.name] = subprocess.Popen(  # noqa: S603  (the commands of this file)
                [sys.executable, "-c", DIE_WITH_PARENT, *child.command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        speaker = threading.Thread(target=pass_on, args=[process, child.name])
        speaker.start()
        status = process.wait()
        # What the child left behind would hold the port, the database or our pipe.
        kill_group(process)
        speaker.join()
        with self.lock:
            del self.running[child.name]
        return status


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kill a child's whole process group, if any of it is left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def pass_on(process: subprocess.Popen[str], speaker: str) -> None:
    """Print each line of a child with its name before it."""
    with process.stdout as lines:
        for line in lines:
            say(line.rstrip(), speaker)


def port_complaint(port: int) -> str:
    """Return why nothing can listen on the port, or "" when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = port + 1 if port < HIGHEST_PORT else port - 1
            return (
                f"Port {port} is taken or not allowed ({error.strerror}). Nothing was started. "
                f"Stop the other program, or choose another port: make run PORT={other}"
            )
    return ""


def announce(port: int, stopping: threading.Event) -> None:
    """Say that the shop is open as soon as it answers."""
    started = time.monotonic()
    while not stopping.wait(0.1):
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=1).close()
            say(f"The shop is open at http://{HOST}:{port} ({time.monotonic() - started:.1f} s after the start).")
            say(f"Staff work at http://{HOST}:{port}/admin/. Ctrl-C closes the shop.")
            return


def sandbox_keys() -> dict[str, str]:
    """Return this checkout's own keys for the sandbox, made at first use, so that no published default exists."""
    try:
        return json.loads(KEYS.read_text())
    except FileNotFoundError:
        KEYS.parent.mkdir(exist_ok=True)
        KEYS.touch(mode=0o600)
        made = {name: f"{prefix}{secrets.token_urlsafe(24)}" for name, prefix in KEY_PREFIXES.items()}
        KEYS.write_text(json.dumps(made))
        return made


def pays_for_real() -> bool:
    """Tell whether the environment or .env names a provider's key: then the sandbox has nothing to play."""
    with suppress(FileNotFoundError):
        for line in (ROOT / ".env").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() in REAL_KEYS and value.strip():
                return True
    return any(os.environ.get(name) for name in REAL_KEYS)


def sandbox_port() -> int:
    """Return the first free port from 8420 on; 0 when there is none among twenty."""
    return next((port for port in range(8420, 8440) if not port_complaint(port)), 0)


def sandbox_child(shop_port: int, port: int) -> Child:
    """Return the program that plays Stripe and Bakong, and tell the shop where it is and by which keys."""
    keys = sandbox_keys()
    address = f"http://{HOST}:{port}"
    os.environ.update(
        STRIPE_SECRET_KEY=keys["stripe_key"],
        STRIPE_WEBHOOK_SECRETS=keys["webhook_secret"],
        STRIPE_API_BASE=address,
        BAKONG_TOKEN=keys["bakong_token"],
        BAKONG_API_BASE=address,
        KHQR_ACCOUNT=os.environ.get("KHQR_ACCOUNT") or "commercia@devb",
    )
    webhook = f"http://{HOST}:{shop_port}/payments/webhooks/stripe/"
    options = {
        "--port": str(port),
        "--webhook-url": webhook,
        "--webhook-secret": keys["webhook_secret"],
        "--secret-key": keys["stripe_key"],
        "--bakong-token": keys["bakong_token"],
        "--state": str(KEYS.with_name("sandbox.sqlite3")),
    }
    pairs = [word for pair in options.items() for word in pair]
    return Child("sandbox", (sys.executable, "-m", "sandbox", *pairs))


def shop_children(port: int) -> list[Child]:
    """Return the two programs of the embedded shop."""
    web = (
        f"uvicorn commercia.asgi:application --host {HOST} --port {port} "
        "--lifespan off --no-access-log --log-level warning --timeout-graceful-shutdown 4"
    )
    worker = "celery --quiet --app commercia worker --beat --concurrency 1 --without-gossip --without-mingle"
    return [
        Child("web", (sys.executable, "-m", *web.split())),
        Child("worker", (sys.executable, "-m", *worker.split())),
    ]


def main() -> int:
    """Run the command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Run the embedded shop.")
    parser.add_argument("--port", default="8000", help="where the shop listens, 1 to 65535")
    parser.add_argument("--check", action="store_true", help="only look whether the port is free")
    options = parser.parse_args()
    port = int(options.port) if options.port.isascii() and options.port.isdigit() else 0
    if not 1 <= port <= HIGHEST_PORT:
        say(f"PORT must be a number from 1 to 65535, not {options.port!r}. Nothing was started.")
        return 2
    complaint = port_complaint(port)
    if complaint or options.check:
        if complaint:
            say(complaint)
        return 1 if complaint else 0
    os.environ.update(
        PYTHONUNBUFFERED="1",
        SITE_URL=os.environ.get("SITE_URL") or f"http://{HOST}:{port}",
        PYTHONWARNINGS=",".join(f"ignore:{start}" for start in HARMLESS_HERE),
    )
    children = shop_children(port)
    played_at = 0 if pays_for_real() else sandbox_port()
    if played_at:
        children.append(sandbox_child(port, played_at))
        say(f"Cards and KHQR are played at http://{HOST}:{played_at} (no real money): try card 4242 4242 4242 4242.")
    supervisor = Supervisor(children)
    threading.Thread(target=announce, args=[port, supervisor.stopping], daemon=True).start()
    supervisor.run()
    say("The shop is closed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
