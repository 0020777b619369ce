"""`make run` on a fresh clone: first run, cut-short runs, later runs, closing. Installs packages: marker `machine`."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from commercia.tests.visit import OpenShop, first_category, programs_of

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_RUN = 180  # seconds, installation included
LATER_RUN = 10
CLOSING = 10
# What the test run itself knows must not reach the shop: it starts with a plain machine's environment.
PLAIN = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), "LANG": "C.UTF-8"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def plain(monkeypatch):
    """Take away every variable that this test run has and a plain machine has not."""
    for name in set(os.environ) - set(PLAIN):
        monkeypatch.delenv(name)
    return dict(PLAIN)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """Return a copy of the checkout's files (as git knows them) in a folder whose name is no friend of scripts."""
    home = tmp_path_factory.mktemp("a shop, 100% new #1 (it's)")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / name)
    return home


@pytest.mark.machine
def test_a_first_run_survives_interruptions_and_later_runs_are_quick(checkout, plain):  # noqa: PLR0915
    """One story in order, because each step needs what the one before left behind."""
    port = free_port()

    # Ctrl-C in the middle of the installation, then in the middle of the set-up.
    with OpenShop(checkout, port) as shop:
        shop.wait_for("Installing the locked packages", 60)
        shop.interrupt()
    assert not (checkout / ".venv" / "installed-base").exists()
    with OpenShop(checkout, port) as shop:
        shop.wait_for("Bringing the database up to date", FIRST_RUN)
        shop.interrupt()
    assert "Staff login" not in shop.said

    # The next run repairs both, and the shop stands.
    with OpenShop(checkout, port) as shop:
        assert shop.wait_for("The shop is open", FIRST_RUN) < FIRST_RUN
        status, home = shop.get("/")
        assert status == 200
        assert shop.get(first_category(home))[0] == 200
        assert shop.get("/readyz")[0] == 200
        assert shop.get("/static/admin/css/base.css")[0] == 200
        email, password = shop.credentials()
        status, page = shop.enter_admin(email, password)
        assert status == 200
        assert "/admin/logout/" in page
        codes = shop.recovery_codes
        assert len(codes) == 10
        assert shop.interrupt() < CLOSING
    assert programs_of(checkout) == []
    for word in ("Traceback", "superuser privileges", "Warning"):
        assert word not in shop.said
    kept = [path for path in (checkout / "var").rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
    assert kept == []
    assert stat.S_IMODE((checkout / "var" / "secret-key").stat().st_mode) == 0o600

    # A later run is quick, shows no password, and the old one still opens the admin.
    with OpenShop(checkout, port) as shop:
        assert shop.wait_for("The shop is open", LATER_RUN) < LATER_RUN
        assert shop.credentials() is None
        assert "Installing" not in shop.said
        assert "/admin/logout/" in shop.enter_admin(email, password, codes.pop())[1]

        # A second shop on the same port says so and starts nothing.
        with OpenShop(checkout, port) as second:
            second.process.wait(30)
            second.reader.join(5)
            assert second.process.returncode != 0
            assert f"Port {port} is taken" in second.said
            assert "worker |" not in second.said

        # A killed web server comes back.
        web = next(line for line in pids_of(checkout, "uvicorn"))
        os.kill(web, signal.SIGKILL)
        shop.wait_for("web stopped (status -9)", 10)
        deadline = time.monotonic() + 15
        while not answers(shop) and time.monotonic() < deadline:
            shop.reader.join(0.1)
        assert shop.get("/healthz")[0] == 200
        assert shop.interrupt() < CLOSING
    assert programs_of(checkout) == []

    # A lost password is replaced.
    done = subprocess.run(["make", "staff-password"], cwd=checkout, capture_output=True, text=True, check=True)
    fresh = done.stdout.split("Password:")[1].split()[0]
    assert fresh != password
    with OpenShop(checkout, port) as shop:
        shop.wait_for("The shop is open", LATER_RUN)
        assert "/admin/logout/" in shop.enter_admin(email, fresh, codes.pop())[1]
        assert "/admin/logout/" not in shop.enter_admin(email, password, codes.pop())[1]


def answers(shop):
    try:
        return shop.get("/healthz")[0] == 200
    except OSError:
        return False


def pids_of(checkout, word):
    """Yield the ids of the checkout's processes whose command line holds `word`."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().decode(errors="replace") if path.exists() else ""
        if f"{checkout}/.venv" in words and word in words:
            yield int(path.parent.name)


def make(*words, **environment):
    return subprocess.run(
        ["make", *words],
        cwd=ROOT,
        env={**PLAIN, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_old_python_is_told_so(tmp_path):
    """A python3 that says it is 3.9: the real interpreter with another version number."""
    old = tmp_path / "python3.9"
    old.write_text(
        "#!/bin/sh\n"
        'exec python3 -c \'import runpy, sys; sys.version_info = (3, 9, 2, "final", 0); sys.version = "3.9.2 (old)"; '
        'sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name="__main__")\' "$@"\n'
    )
    old.chmod(0o755)
    done = make("run", f"PYTHON={old}")
    assert done.returncode == 2
    assert "Commercia needs Python 3.11 or newer; this is Python 3.9.2" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_taken_port_stops_make_run_before_it_starts_anything():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = make("run", f"PORT={port}")
    assert done.returncode == 2
    assert done.stdout.splitlines() == [
        f"shop   | Port {port} is taken or not allowed (Address already in use). Nothing was started. "
        f"Stop the other program, or choose another port: make run PORT={port + 1 if port < 65535 else port - 1}"
    ]


def test_make_help_lists_every_target():
    declared = (ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    listed = [line.split()[1].rstrip(":") for line in make("help").stdout.splitlines()]
    assert sorted(listed) == sorted(declared)
    assert {"run", "test", "check", "prove", "clean"} <= set(listed)
