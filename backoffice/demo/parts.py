"""The new parts of the demo shop: imported like any other parts file, with a little stock of each."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from catalog.importing.parts import SOURCE
from catalog.importing.reports import ReportFile
from catalog.importing.runs import import_parts
from catalog.models import Unit, Variant
from catalog.receiving import receive_units
from core.money import percent_of

PARTS = Path(__file__).parent / "parts"
LEAST_UNITS, MOST_UNITS = 3, 12
COST_PERCENT = 78
SHELVES = "DEFGH"


def import_demo_parts() -> None:
    """Import the sample parts. Their report is of no interest: the files are known to be good."""
    with tempfile.TemporaryDirectory() as folder, ReportFile(Path(folder) / "report.csv") as report:
        import_parts(sorted(PARTS.glob("*.csv")), report=report)


def stock_parts(*, by: Any) -> list[Unit]:
    """Receive three to twelve units of every priced part, always the same number of each; return them, in intake."""
    units: list[Unit] = []
    parts = Variant.objects.filter(external_references__source=SOURCE, price__isnull=False).distinct()
    for variant in parts.order_by("sku"):
        lot = int(hashlib.sha256(variant.sku.encode()).hexdigest()[:8], 16)
        units += receive_units(
            variant,
            by=by,
            quantity=LEAST_UNITS + lot % (MOST_UNITS - LEAST_UNITS + 1),
            bin=f"{SHELVES[lot // 16 % len(SHELVES)]}-{lot // 256 % 40 + 1:02d}",
            cost=percent_of(variant.price, COST_PERCENT, settings.SHOP_CURRENCY),
        )
    return units
