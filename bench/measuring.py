"""One measured stretch of time: how many answers, how fast, at which cost in CPU time."""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from bench.places import HERE
from bench.servers import Server

CONNECTIONS = 16


@dataclass(frozen=True)
class Request:
    """One request as wrk sends it."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def line(self) -> str:
        """Return the line of requests.lua's file."""
        headers = "\r".join(f"{name}: {value}" for name, value in self.headers.items())
        path = quote(self.path, safe="/?&=%:+,.-_~")
        return f"{self.method}\t{path}\t{headers}\t{self.body}"


@dataclass(frozen=True)
class Figures:
    """What one stretch showed: answers a second, milliseconds, errors; CPU milliseconds an answer by program."""

    rate: float
    p50: float
    p95: float
    count: int
    errors: int
    cpu: Mapping[str, float]
    notes: Mapping[str, float] = field(default_factory=dict)

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds an answer of everything that runs for it."""
        return sum(self.cpu.values())


Work = Callable[[float], Figures]


def costing(servers: Sequence[Server], work: Callable[[], dict[str, float]]) -> Figures:
    """Run `work`, which returns wrk's figures or like ones, and add what it cost each server."""
    before = {server.name: server.cpu_seconds() for server in servers}
    found = work()
    count = max(1, int(found["count"]))
    cpu = {server.name: (server.cpu_seconds() - before[server.name]) * 1e3 / count for server in servers}
    rest = {name: value for name, value in found.items() if name not in {"rate", "p50", "p95", "count", "errors"}}
    return Figures(found["rate"], found["p50"], found["p95"], int(found["count"]), int(found["errors"]), cpu, rest)


def by_wrk(
    server: Server,
    others: Sequence[Server],
    requests: Sequence[Request],
    *,
    landing: str = "",
    connections: int = CONNECTIONS,
) -> Work:
    """Return work that sends `requests` again and again from so many connections for so many seconds."""

    def work(seconds: float) -> Figures:
        with tempfile.NamedTemporaryFile("w", suffix=".requests") as lines:
            lines.write("\n".join(request.line() for request in requests) + "\n")
            lines.flush()
            return costing([server, *others], lambda: _wrk(server.port, lines.name, seconds, landing, connections))

    return work


def _wrk(port: int, requests: str, seconds: float, landing: str, connections: int) -> dict[str, float]:
    command = [
        "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s",
        "-s", str(HERE / "requests.lua"), f"http://127.0.0.1:{port}",
    ]  # fmt: skip
    environment = {**os.environ, "REQUESTS": requests, "LANDING": landing, "SEED": str(time.monotonic_ns() % 10**9)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 90, check=False)
    found = re.search(r"FIGURES (\{.*\})", done.stdout)
    if not found:
        raise SystemExit(f"wrk failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return json.loads(found[1])
