"""Real processes for tests: a Celery worker with beat, a mail server, a broker that can be stopped."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection

_pause = threading.Event()


def wait_until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait for `condition` to become true, at most `seconds`; fail naming `what` otherwise."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        _pause.wait(0.1)
    raise AssertionError(f"After {seconds} s: {what}")


class Postbox:
    """An SMTP server's memory. Clear `door` to make it hold a letter in mid-air."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []
        self.arrived = threading.Event()
        self.door = threading.Event()
        self.door.set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter (aiosmtpd's hook)."""
        self.arrived.set()
        while not self.door.is_set():
            await asyncio.sleep(0.05)
        text = envelope.original_content.decode("utf-8", "replace")
        header = next(line for line in text.splitlines() if line.lower().startswith("message-id:"))
        self.message_ids.append(header.partition(":")[2].strip())
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[tuple[Postbox, str]]:
    """Run an SMTP server on a free port of loopback; yield its memory and the EMAIL_URL that leads to it."""
    postbox = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield postbox, f"smtp://127.0.0.1:{port}"
    finally:
        postbox.door.set()
        controller.stop()


def test_database_url() -> str:
    """Return the DATABASE_URL that leads another process to this test's own database."""
    facts = connection.settings_dict
    return f"mysql://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT'] or 3306}/{facts['NAME']}"


test_database_url.__test__ = False  # a name for people, not a test


class Worker:
    """A Celery worker with beat as a process group of its own, on the test's database."""

    def __init__(self, folder: Path, email_url: str, *, settings: str = "commercia.settings.test") -> None:
        self.folder = folder
        self.email_url = email_url
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the worker; it is ready when its first sweep has run."""
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "DATABASE_URL": test_database_url(),
            "EMAIL_URL": self.email_url,
            "TEST_WITH_BROKER": "true",
            "C_FORCE_ROOT": "1",
            "PYTHONWARNINGS": "ignore",
        }
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "commercia", "worker", "--beat", "--concurrency", "2"),
                    *("--loglevel", "INFO", "--schedule", str(self.folder / "beat-schedule")),
                ],
                env=environment,
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill the whole group with SIGKILL: no clean-up, as in a power cut."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def log(self) -> str:
        """Return what the worker printed."""
        return (self.folder / "worker.log").read_text()


@contextmanager
def broker_stopped() -> Iterator[None]:
    """Stop RabbitMQ's application; start it again on leaving, whatever happens."""
    _rabbitmqctl("stop_app")
    try:
        yield
    finally:
        _rabbitmqctl("start_app")


def _rabbitmqctl(command: str) -> None:
    subprocess.run(["rabbitmqctl", "--quiet", command], check=True, capture_output=True, timeout=60)
