"""Import parts files into the catalogue."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.importing.reports import ReportFile
from catalog.importing.runs import import_parts
from core.progress import ProgressBar
from core.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Import computer parts from CSV files (one file a category). Run it again and again, with any of the files: "
        "the end is the same, and nothing is written that is already so. A price that staff set by hand is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a parts file, such as cpu.csv")
        parser.add_argument(
            "--report",
            type=Path,
            default=settings.VAR_DIR / "import-report.csv",
            metavar="PATH",
            help="where every skipped, doubted or merged row is listed (default: var/import-report.csv)",
        )

    def handle(self, *args: Any, files: list[Path], report: Path, **options: Any) -> None:
        try:
            with ReportFile(report) as rows:
                result = import_parts(files, report=rows, progress=ProgressBar(sys.stderr))
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"{result.rows:,} rows of {result.files} {'file' if result.files == 1 else 'files'} read: "
            f"{result.products:,} new products, {result.variants:,} new variants, "
            f"{result.references:,} new external ids, {result.prices:,} changed prices."
        )
        outcomes = rows.outcomes
        self.stdout.write(
            f"{outcomes['skipped']:,} rows skipped, {outcomes['doubted']:,} doubts, "
            f"{outcomes['merged']:,} rows merged with an equal one, {result.unpriced:,} rows without a price. "
            f"Every case is listed in {report}"
        )
        if result.wrong_files:
            raise CommandError("\n".join(result.wrong_files))
