"""Fill an empty database with N products: real ones from the parts files, then seeded synthetic ones.

A program of its own, with the shop's settings in the environment: python -m bench.goods N
Synthetic products are real rows under a new id and with a number behind their name, so that facets and prices keep
their mixture. Everything goes through the shop's own import and rebuild; only the units are written directly.
"""

import csv
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

SEED = 20_25
IN_STOCK_SHARE = 0.85
MOST_ON_SHELF = 5
# What the measured carts and orders take, so that no run meets an empty shelf.
HOT_VARIANTS, HOT_UNITS = 60, 400
Rows = list[dict[str, str]]


def main(products: int) -> None:
    """Fill the database and print what is in it now."""
    django.setup()
    from django.core.management import call_command

    from backoffice.demo.places import create_places
    from bench.places import parts_files

    began = time.monotonic()
    call_command("migrate", verbosity=0, interactive=False)
    create_places()
    rows = _shuffled(parts_files())
    real = _import_until(rows, products)
    synthetic = _import_until(_invented(rows, products), products) - real if real < products else 0
    units = _shelve()
    rebuilt = _rebuild()
    _analyze()
    print(
        f"{real:,} real products, {synthetic:,} synthetic ones, {units:,} units; {rebuilt:,} rebuilt; "
        f"{time.monotonic() - began:.0f} s"
    )


def _shuffled(files: Sequence[Path]) -> Rows:
    """Return the rows of all files in a seeded order, so that a small shop has every kind of goods."""
    rows: Rows = []
    for path in files:
        with path.open(encoding="utf-8", newline="") as lines:
            rows.extend(csv.DictReader(lines))
    random.Random(SEED).shuffle(rows)
    return rows


def _invented(rows: Rows, products: int) -> Rows:
    """Return enough synthetic rows for so many products."""
    lot = random.Random(SEED)
    return [
        {**row, "external_id": f"SYN-{number:06d}", "name": f"{row['name']} S{number:06d}"}
        for number, row in enumerate(lot.choices(rows, k=products))
    ]


def _import_until(rows: Rows, wanted: int) -> int:
    """Import rows from the front until there are `wanted` products or no rows left; return how many there are.

    Rows of one product in different colours are its variants, so the missing number is imported again and again.
    """
    from catalog.importing.reports import ReportFile
    from catalog.importing.runs import import_parts
    from catalog.models import Product

    at = 0
    have = Product.objects.count()
    with tempfile.TemporaryDirectory() as folder:
        while have < wanted and at < len(rows):
            batch = rows[at : at + wanted - have]
            at += len(batch)
            with ReportFile(Path(folder) / "report.csv") as report:
                import_parts(_written(batch, Path(folder)), report=report)
            have = Product.objects.count()
            print(f"{have:,} products", flush=True)
    return have


def _written(rows: Rows, folder: Path) -> list[Path]:
    files: dict[str, Rows] = {}
    for row in rows:
        files.setdefault(row["category"], []).append(row)
    for category, own in files.items():
        with (folder / f"{category}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(own[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(own)
    return [folder / f"{category}.csv" for category in files]


def _shelve() -> int:
    """Put units on the shelf: most variants have a few, some so many that a run cannot sell them out."""
    from catalog.models import Unit, Variant

    lot = random.Random(SEED)
    ids = list(Variant.objects.filter(price__isnull=False).order_by("pk").values_list("pk", flat=True))
    hot = set(lot.sample(ids, min(HOT_VARIANTS, len(ids))))
    units: list[Any] = []
    for pk in ids:
        count = HOT_UNITS if pk in hot else lot.randint(1, MOST_ON_SHELF) * (lot.random() < IN_STOCK_SHARE)
        units.extend(Unit(variant_id=pk, state="available") for _ in range(count))
    Unit.objects.bulk_create(units, batch_size=2_000)
    return len(units)


def _rebuild() -> int:
    from catalog.listings import rebuild_dirty

    done = 0
    while step := rebuild_dirty(2_000):
        done += step
        print(f"{done:,} rebuilt", flush=True)
    return done


def _analyze() -> None:
    """Let the engine look at its tables, as a shop that runs for a while has done."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            tables = ", ".join(name for name in connection.introspection.table_names() if "_" in name)
            cursor.execute(f"ANALYZE TABLE {tables}")
            cursor.fetchall()
        else:
            cursor.execute("ANALYZE")


if __name__ == "__main__":
    main(int(sys.argv[1]))
