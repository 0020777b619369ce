"""Start and stop what a run needs: MariaDB, Redis, the shop, the bare project. All on loopback, ended by process id."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import places

GRANIAN = ["--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--host", "127.0.0.1", "--no-ws"]
START_SECONDS = 60


class Server:
    """A program in a session of its own, so that its CPU time can be told from everybody else's."""

    def __init__(
        self, name: str, command: Sequence[str], *, port: int, environment: Mapping[str, str], cwd: Path
    ) -> None:
        self.name, self.command, self.port = name, list(command), port
        self.environment, self.cwd = dict(environment), cwd

    def __enter__(self) -> "Server":
        if _answers(self.port):
            raise SystemExit(f"Port {self.port} is taken: {self.name} cannot start.")
        log = (places.RUNNING / f"{self.name}.log").open("w")
        self.process = subprocess.Popen(
            self.command, cwd=self.cwd, env={**os.environ, **self.environment}, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise SystemExit(
                    f"{self.name} did not start: {(places.RUNNING / (self.name + '.log')).read_text()[-2000:]}"
                )
            time.sleep(0.1)
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)

    def cpu_seconds(self) -> float:
        """Return the CPU time that all living processes of the session have used."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def mariadb() -> Server:
    """Return a private MariaDB: full durability at every commit, no binary log, a pool that holds the catalogue."""
    data = places.HOME / "mariadb"
    if not (data / "mysql").is_dir():
        data.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--user=root", "--skip-test-db"], check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    command = [
        "mariadbd", "--no-defaults", f"--datadir={data}", "--user=root", "--bind-address=127.0.0.1",
        f"--port={places.DATABASE_PORT}", f"--socket={places.RUNNING}/mariadb.sock", "--skip-name-resolve",
        "--innodb-buffer-pool-size=2G", "--innodb-log-file-size=512M", "--innodb-flush-log-at-trx-commit=1",
        "--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_520_ci", "--max-connections=200",
    ]  # fmt: skip
    return Server("mariadb", command, port=places.DATABASE_PORT, environment={}, cwd=places.HOME)


def redis() -> Server:
    """Return a private Redis that keeps nothing on disk."""
    command = [
        "redis-server",
        "--port",
        str(places.REDIS_PORT),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    return Server("redis", command, port=places.REDIS_PORT, environment={}, cwd=places.HOME)


def shop(engine: str, products: int, *, cached: bool) -> Server:
    """Return the shop as production runs it; without the cache of data and fragments when `cached` is false."""
    port = places.SHOP_PORT if cached else places.UNCACHED_PORT
    environment = shop_environment(engine, products, port=port) | ({} if cached else {"CACHE_SECONDS": "0"})
    command = [
        str(Path(sys.executable).parent / "granian"),
        *GRANIAN,
        "--port",
        str(port),
        "commercia.wsgi:application",
    ]
    name = "shop" if cached else "shop-uncached"
    return Server(name, command, port=port, environment=environment, cwd=places.CHECKOUT)


def shop_environment(engine: str, products: int, *, port: int) -> dict[str, str]:
    """Return the environment of the shop: production settings behind a pretended TLS proxy."""
    return {
        "DJANGO_SETTINGS_MODULE": "commercia.settings.production",
        "SECRET_KEY": _secret(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": f"https://127.0.0.1:{port}",
        "SHOP_EMAIL": "shop@bench.test",
        "DATABASE_URL": places.database_url(engine, products),
        "CONN_MAX_AGE": "600",
        "CACHE_URL": f"redis://127.0.0.1:{places.REDIS_PORT}/{1 if port == places.SHOP_PORT else 2}",
        # Nobody delivers letters meanwhile: hints are published and wait.
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{places.REDIS_PORT}/0",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "BANK_TRANSFER_INSTRUCTIONS": "Benchmark bank, account 0.",
        "STATIC_ROOT": str(places.HOME / "static"),
        "NUM_PROXIES": "1",
        "LOG_LEVEL": "WARNING",
    }


def bare(engine: str) -> Server:
    """Return the bare project, unchanged, under the same server with the same workers and threads."""
    command = [
        str(Path(sys.executable).parent / "granian"),
        *GRANIAN,
        "--port",
        str(places.BARE_PORT),
        "limits.wsgi:application",
    ]
    return Server(
        "bare", command, port=places.BARE_PORT, environment=bare_environment(engine), cwd=places.bare_project()
    )


def bare_environment(engine: str) -> dict[str, str]:
    """Return the environment that the bare project reads."""
    return {
        "BENCH_DIR": str(places.HOME), "CATALOG": str(places.HOME / "bare.jsonl"),
        "LIM_DB": "mysql" if engine == "mariadb" else "sqlite", "PYTHONDONTWRITEBYTECODE": "1",
        "DB_HOST": "127.0.0.1", "DB_PORT": str(places.DATABASE_PORT), "DB_USER": "root", "DB_PASSWORD": "",
        "REDIS_PORT": str(places.REDIS_PORT), "DJANGO_SETTINGS_MODULE": "limits.settings",
        "PYTHONPATH": f"{places.bare_project()}:{places.PACKAGES}",
    }  # fmt: skip


def prepare_shop(engine: str, products: int) -> str:
    """Fill the shop's database unless it holds this catalogue already; return what is in it."""
    made_from = _digest_of_loading(products)
    note = places.HOME / f"shop-{products}.{engine}.json"
    if note.exists() and (kept := json.loads(note.read_text()))["made_from"] == made_from:
        return kept["goods"]
    url = places.database_url(engine, products)
    if engine == "sqlite":
        for path in places.HOME.glob(f"shop-{products}.sqlite3*"):
            path.unlink()
    else:
        statement(f"DROP DATABASE IF EXISTS shop_{products}")
        statement(f"CREATE DATABASE shop_{products} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
    print(f"Filling {url} …", flush=True)
    # The loader publishes no hints: nobody would hear them.
    environment = shop_environment(engine, products, port=places.SHOP_PORT) | {"CELERY_BROKER_URL": "memory://"}
    done = _run([sys.executable, "-m", "bench.goods", str(products)], environment, places.CHECKOUT)
    goods = done.strip().splitlines()[-1]
    note.write_text(json.dumps({"made_from": made_from, "goods": goods}))
    return goods


def prepare_bare(engine: str) -> None:
    """Fill the bare project's database, which needs a package of its own (orjson)."""
    if not (places.PACKAGES / "orjson").is_dir():
        _run(
            [sys.executable, "-m", "pip", "install", "-q", "--target", str(places.PACKAGES), "orjson"], {}, places.HOME
        )
    note = places.HOME / f"bare.{engine}.ready"
    if note.exists():
        return
    print("Filling the bare project's database …", flush=True)
    (places.HOME / "bare.jsonl").write_text(
        _run([sys.executable, "gen_catalog.py", str(places.BARE_PRODUCTS)], {}, places.bare_project())
    )
    key = "INTEGER PRIMARY KEY AUTOINCREMENT"
    if engine == "mariadb":
        statement("CREATE DATABASE IF NOT EXISTS lim CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        key = "BIGINT AUTO_INCREMENT PRIMARY KEY"
    _run(
        [sys.executable, "-m", "limits.load", str(places.BARE_PRODUCTS)],
        bare_environment(engine),
        places.bare_project(),
    )
    # Its order view writes to two tables that its loader does not make.
    make = (
        "import django; django.setup(); from django.db import connection as c; k = c.cursor();"
        f"k.execute('CREATE TABLE IF NOT EXISTS bench_order (id {key}, email VARCHAR(254), total DECIMAL(12,2))');"
        f"k.execute('CREATE TABLE IF NOT EXISTS bench_line (id {key}, order_id BIGINT, product_id BIGINT, qty INT)')"
    )
    _run([sys.executable, "-c", make], bare_environment(engine), places.bare_project())
    note.touch()


def collect_static(engine: str, products: int) -> None:
    """Make the static files that production pages name, unless they are as they were."""
    digest = hashlib.sha256()
    for path in sorted([*places.CHECKOUT.glob("*/static/**/*.*"), *places.CHECKOUT.glob("requirements/*.txt")]):
        digest.update(path.read_bytes())
    note = places.HOME / "static.made-from"
    if note.exists() and note.read_text() == digest.hexdigest():
        return
    shutil.rmtree(places.HOME / "static", ignore_errors=True)
    environment = shop_environment(engine, products, port=places.SHOP_PORT)
    _run([sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], environment, places.CHECKOUT)
    note.write_text(digest.hexdigest())


def statement(sql: str) -> str:
    """Run one statement on the private MariaDB and return what it prints."""
    client = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{places.DATABASE_PORT}", "-uroot", "-N", "-e", sql]
    return subprocess.run(client, check=True, capture_output=True, text=True).stdout


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _secret() -> str:
    path = places.HOME / "secret-key"
    if not path.exists():
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _digest_of_loading(products: int) -> str:
    """Return what the loaded database depends on: migrations, the code that builds rows, the number."""
    digest = hashlib.sha256(str(products).encode())
    files = [*places.CHECKOUT.glob("*/migrations/*.py"), places.HERE / "goods.py"]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}")
    return done.stdout
