"""Enter what a dollar costs in riel."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.refusals import Refusal
from payments.providers.khqr.rates import OLDEST_RATE, enter_riel_rate, fresh_rate


class Command(BaseCommand):
    help = "Enter how many riel a dollar costs from now on, or show it. KHQR in riel is offered while it is fresh."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rate", nargs="?", help="riel for one dollar, such as 4100")
        parser.add_argument("--source", default="the shop", help="who says so, such as “National Bank of Cambodia”")

    def handle(self, *args: Any, rate: str | None, source: str, **options: Any) -> None:
        if rate is not None:
            try:
                enter_riel_rate(Decimal(rate), source=source, by=None)
            except (Refusal, InvalidOperation) as error:
                raise CommandError(f"{rate!r} is no rate. {error}") from error
        known = fresh_rate()
        if known is None:
            self.stdout.write(f"No rate was entered within {OLDEST_RATE.days} days: KHQR in riel is not offered.")
        else:
            self.stdout.write(
                f"A dollar costs {known.text} riel ({known.source}). The rate is used for {OLDEST_RATE.days} days."
            )
