"""Fill an empty shop with sample goods."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backoffice.demo.seeding import seed_demo
from core.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Fill an empty database with the demo shop: departments, refurbished machines, computer parts, stock, "
        "shipping methods and taxes. Does nothing when there are products already."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        try:
            shop = seed_demo(by=None, tell=lambda step: self.stdout.write(f"  {step}") if verbosity else None)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        if shop is None:
            self.stdout.write("There are products already, so nothing was changed.")
        elif verbosity:
            self.stdout.write(
                f"The demo shop is ready: {shop.products:,} products, {shop.variants:,} variants, {shop.units:,} units."
            )
