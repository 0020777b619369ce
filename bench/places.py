"""Where the benchmark keeps its things, and the ports it uses on loopback."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
HOME = Path(os.environ.get("BENCH_DIR", CHECKOUT / "var" / "bench"))
RUNNING, RESULTS, PACKAGES = HOME / "run", HOME / "results", HOME / "packages"
DATABASE_PORT = int(os.environ.get("BENCH_DB_PORT", "3317"))
REDIS_PORT = int(os.environ.get("BENCH_REDIS_PORT", "6391"))
SHOP_PORT = int(os.environ.get("BENCH_SHOP_PORT", "8110"))
UNCACHED_PORT, BARE_PORT = SHOP_PORT + 1, SHOP_PORT + 2
# The bare project always holds this many products: its order view picks ids up to here.
BARE_PRODUCTS = 100_000


def bare_project() -> Path:
    """Return the folder of the bare project, named by the environment variable BARE_BENCH. Raises SystemExit."""
    folder = os.environ.get("BARE_BENCH", "")
    if not (folder and (Path(folder) / "limits" / "urls.py").is_file()):
        raise SystemExit("Set BARE_BENCH to the folder of the bare project (it holds limits/ and gen_catalog.py).")
    return Path(folder)


def parts_files() -> list[Path]:
    """Return the parts files in the folder named by the environment variable CATALOG_DIR. Raises SystemExit."""
    folder = Path(os.environ.get("CATALOG_DIR", ""))
    # Only files with the columns of a parts file; the folder also holds laptops and a price history.
    columns = "external_id,name,category,brand,price_usd"
    found = [
        path for path in sorted(folder.glob("*.csv")) if path.open(encoding="utf-8").readline().startswith(columns)
    ]
    if not found:
        raise SystemExit("Set CATALOG_DIR to the folder of the parts files (cpu.csv, memory.csv …).")
    return found


def database_url(engine: str, products: int) -> str:
    """Return the address of the shop's database for so many products."""
    if engine == "sqlite":
        return f"sqlite:///{HOME}/shop-{products}.sqlite3"
    return f"mysql://root@127.0.0.1:{DATABASE_PORT}/shop_{products}"
