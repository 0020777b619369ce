"""Measure the shop beside the bare project: bench/run --products N --db mariadb|sqlite."""

import argparse
import json
import os
import statistics
import time
from contextlib import ExitStack
from typing import Any

from bench import places, servers
from bench.measuring import CONNECTIONS, Figures, Work
from bench.rows import Row, Stage, rows
from bench.targets import find_targets

WARM_SECONDS, WARM_ANSWERS, WARM_TRIES = 2, 90, 4
FEWEST_ANSWERS = 100


def main() -> None:
    """Start everything, measure interleaved, print and keep the figures, end everything."""
    options = _options()
    for folder in (places.HOME, places.RUNNING, places.RESULTS):
        folder.mkdir(parents=True, exist_ok=True)
    engine, products = options.db, options.products
    with ExitStack() as stack:
        others = [stack.enter_context(servers.redis())]
        if engine == "mariadb":
            others.append(stack.enter_context(servers.mariadb()))
        goods = servers.prepare_shop(engine, products)
        servers.prepare_bare(engine)
        servers.collect_static(engine, products)
        if options.load_only:
            print(f"{products:,} products on {engine}: {goods}", flush=True)
            return
        anew = stack.enter_context(servers.shop(engine, products, cached=False))
        cached = stack.enter_context(servers.shop(engine, products, cached=True))
        bare = stack.enter_context(servers.bare(engine))
        stage = Stage(anew, cached, bare, others, find_targets(cached.port))
        print(f"{products:,} products on {engine}: {goods}", flush=True)
        print(
            f"granian WSGI 2×4, c={CONNECTIONS}, {options.rounds} rounds of {options.secs} s interleaved; "
            f"the bare project holds {places.BARE_PRODUCTS:,} products; load before: {os.getloadavg()[0]:.1f}\n"
        )
        made = rows(stage)
        found = {}
        for number in options.rows or made:
            for row in made[number]():
                found[row.number] = _measure(row, options.rounds, options.secs)
                _print(row, found[row.number], first=len(found) == 1)
        print(f"\nload after: {os.getloadavg()[0]:.1f}")
    kept = places.RESULTS / f"{engine}-{products}.json"
    before = json.loads(kept.read_text())["rows"] if kept.exists() else {}
    kept.write_text(json.dumps({"at": time.time(), "goods": goods, "rows": before | found}, indent=1))
    _print_growth(engine, products)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--db", choices=["mariadb", "sqlite"], default="mariadb")
    parser.add_argument("--rows", type=lambda text: text.split(","), help="such as 1,2,9 (default: all)")
    parser.add_argument("--load-only", action="store_true", help="fill the databases, keep them, measure nothing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--secs", type=float, default=5)
    return parser.parse_args()


def _measure(row: Row, rounds: int, seconds: float) -> dict[str, Any]:
    """Warm both sides up, then measure them in turns: A B A B."""
    for work in (row.ours, row.bare):
        _warm_up(work)
    ours: list[Figures] = []
    bare: list[Figures] = []
    for _ in range(rounds):
        ours.append(row.ours(seconds))
        if row.bare is not None:
            bare.append(row.bare(seconds))
    found: dict[str, Any] = {"name": row.name, "ours": _median(ours)}
    if bare:
        found["bare"] = _median(bare) | {"name": row.bare_name}
        pairs = list(zip(ours, bare, strict=True))
        found["ratio"] = statistics.median(one.rate / other.rate for one, other in pairs)
        found["cpu_ratio"] = statistics.median(other.cpu_ms / one.cpu_ms for one, other in pairs)
        found["least"] = row.least
    return found


def _warm_up(work: Work | None) -> None:
    """Let every thread compile its templates and fill its caches, which takes longer on a busy machine."""
    for _ in range(WARM_TRIES):
        if work is None or work(WARM_SECONDS).count >= WARM_ANSWERS:
            return


def _median(runs: list[Figures]) -> dict[str, Any]:
    def middle(values: Any) -> float:
        return round(statistics.median(values), 3)

    return {
        "rate": middle(run.rate for run in runs),
        "p95": middle(run.p95 for run in runs),
        "cpu_ms": middle(run.cpu_ms for run in runs),
        "cpu": {name: middle(run.cpu[name] for run in runs) for name in runs[0].cpu},
        "errors": sum(run.errors for run in runs),
        "answers": sum(run.count for run in runs),
        "notes": {name: middle(run.notes.get(name, 0.0) for run in runs) for name in runs[0].notes},
    }


def _print(row: Row, found: dict[str, Any], *, first: bool) -> None:
    if first:
        print(
            "| row | work | req/s | p95 ms | CPU ms (app, db, Redis) "
            "| bare | req/s | CPU ms | ratio of rates | of CPU | asked | |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    ours, bare = found["ours"], found.get("bare")
    app, *rest = ours["cpu"].values()
    cpu = f"{ours['cpu_ms']:.2f} ({', '.join(f'{value:.2f}' for value in [app, *reversed(rest)])})"
    errors = ours["errors"] + (bare["errors"] if bare else 0)
    line = [row.number, row.name, f"{ours['rate']:.1f}", f"{ours['p95']:.1f}", cpu]
    if bare:
        asked = "" if row.least is None else f"≥ {row.least}"
        met = (
            "" if row.least is None else ("met" if max(found["ratio"], found["cpu_ratio"]) >= row.least else "NOT met")
        )
        line += [
            bare["name"],
            f"{bare['rate']:.0f}",
            f"{bare['cpu_ms']:.2f}",
            f"{found['ratio']:.2f}",
            f"{found['cpu_ratio']:.2f}",
            asked,
            met,
        ]
    else:
        line += [""] * 7
    if errors:
        line[-1] = f"DOES NOT COUNT: {errors} errors"
    elif ours["answers"] < FEWEST_ANSWERS:
        line[-1] = f"too few answers ({ours['answers']}) to mean anything: a busy machine, or too short"
    print("| " + " | ".join(line) + " |", flush=True)
    if row.number == "8":
        print("|  | " + "; ".join(f"{name} {value:.1f}" for name, value in ours["notes"].items()) + " |" + " |" * 10)


def _print_growth(engine: str, products: int) -> None:
    """Print row 10: CPU time an answer beside the smallest shop measured so far on this engine."""
    measured = {
        int(path.stem.partition("-")[2]): json.loads(path.read_text())["rows"]
        for path in places.RESULTS.glob(f"{engine}-*.json")
    }
    smallest = min(measured)
    if smallest == products:
        return
    print(f"\nrow 10: CPU time an answer at {products:,} products beside {smallest:,} on {engine}")
    for number, row in measured[products].items():
        if number in measured[smallest]:
            growth = row["ours"]["cpu_ms"] / measured[smallest][number]["ours"]["cpu_ms"]
            print(f"  {number:>3} {row['name']}: {growth:.2f}x")


if __name__ == "__main__":
    main()
