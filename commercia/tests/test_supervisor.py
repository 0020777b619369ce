"""The supervisor restarts what dies and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SUPERVISOR = ROOT / "commercia" / "supervisor.py"


@pytest.fixture
def supervise():
    """Return what runs a supervisor of children (name, Python code) in a process of its own, until the test ends."""
    running = []

    def start(*children, pauses=(0.05, 0.1), patience=8.0):
        running.append(run_supervisor(children, pauses, patience))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def run_supervisor(children, pauses, patience):
    code = f"""
        import sys; sys.path.insert(0, {str(SUPERVISOR.parent)!r})
        from supervisor import Child, Supervisor
        children = [Child(name, (sys.executable, "-uc", code)) for name, code in {list(children)!r}]
        Supervisor(children, pauses={pauses!r}, patience={patience!r}).run()
        print("closed", flush=True)
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process, words, *, count=1):
    """Return the lines up to the one that holds `words` for the `count`th time."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        count -= words in line
        if count == 0:
            return lines
    raise AssertionError(f"never said {words!r}: {lines}")


def is_alive(pid):
    """Tell whether the process exists and is no zombie."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid, seconds=5.0):
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    return not is_alive(pid)


SLEEPER = "import os, time; print('pid', os.getpid()); time.sleep(600)"
STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pid', os.getpid()); time.sleep(600)"
)
PARENT = (
    "import os, subprocess, sys, time; "
    "helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print('pid', helper.pid); time.sleep(600)"
)


def pid_of(lines):
    return int(lines[-1].split("pid")[1])


def test_lines_carry_the_childs_name(supervise):
    shop = supervise(("web", SLEEPER))
    assert read_until(shop, "pid")[-1].startswith("web    | pid ")
    shop.send_signal(signal.SIGTERM)
    assert shop.wait(10) == 0


def test_a_dead_child_is_started_again_with_growing_pauses(supervise):
    shop = supervise(("web", SLEEPER), ("worker", "print('born'); raise SystemExit(3)"))
    lines = [line for line in read_until(shop, "born", count=4) if "stopped" in line]
    shop.send_signal(signal.SIGINT)
    assert shop.wait(10) == 0
    assert lines[:3] == [
        "shop   | worker stopped (status 3); it is started again in 0.05 s.",
        "shop   | worker stopped (status 3); it is started again in 0.1 s.",
        "shop   | worker stopped (status 3); it is started again in 0.1 s.",
    ]


def test_a_killed_child_is_started_again(supervise):
    shop = supervise(("web", SLEEPER))
    first = pid_of(read_until(shop, "pid"))
    os.kill(first, signal.SIGKILL)
    second = pid_of(read_until(shop, "pid "))
    assert second != first
    assert is_alive(second)
    shop.send_signal(signal.SIGTERM)
    assert shop.wait(10) == 0
    assert not is_alive(second)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_child_and_its_helpers(supervise, number):
    shop = supervise(("web", PARENT))
    helper = pid_of(read_until(shop, "pid"))
    shop.send_signal(number)
    assert shop.wait(10) == 0
    assert wait_until_gone(helper)
    assert "closed" in shop.stdout.read()


def test_a_child_that_will_not_stop_is_killed_after_the_patience(supervise):
    shop = supervise(("web", STUBBORN), patience=0.3)
    child = pid_of(read_until(shop, "pid"))
    started = time.monotonic()
    shop.send_signal(signal.SIGINT)
    assert shop.wait(10) == 0
    assert 0.3 <= time.monotonic() - started < 5
    assert wait_until_gone(child)


def test_a_second_interrupt_kills_at_once(supervise):
    shop = supervise(("web", STUBBORN), patience=60)
    child = pid_of(read_until(shop, "pid"))
    shop.send_signal(signal.SIGINT)
    read_until(shop, "Press Ctrl-C again")
    shop.send_signal(signal.SIGINT)
    assert shop.wait(10) == 0
    assert wait_until_gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")
def test_a_killed_supervisor_leaves_no_orphan(supervise):
    shop = supervise(("web", SLEEPER))
    child = pid_of(read_until(shop, "pid"))
    shop.kill()
    shop.wait(10)
    assert wait_until_gone(child)


def check(port):
    return subprocess.run(
        [sys.executable, "-P", SUPERVISOR, "--check", "--port", port],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_a_free_port_is_fine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = check(str(port))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_taken_port_is_said_plainly():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = check(str(port))
    assert done.returncode == 1
    assert done.stdout == (
        f"shop   | Port {port} is taken or not allowed (Address already in use). Nothing was started. "
        f"Stop the other program, or choose another port: make run PORT={port + 1 if port < 65535 else port - 1}\n"
    )


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "http", "8000; rm", "٨٠٠٠", "99999999999999999999"])
def test_a_port_that_is_none_is_said_plainly(port):
    done = subprocess.run(
        [sys.executable, "-P", SUPERVISOR, "--check", f"--port={port}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stdout == f"shop   | PORT must be a number from 1 to 65535, not {port!r}. Nothing was started.\n"
