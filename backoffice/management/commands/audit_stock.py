"""Print what is wrong with the stock."""

from typing import Any

from django.core.management.base import BaseCommand

from backoffice.auditing import run
from backoffice.auditing.stock import CHECKS
from backoffice.auditing.telling import tell


class Command(BaseCommand):
    help = "Check units, promises and holds against each other; print every offender and end with 1 if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        tell(run(CHECKS), self, what="stock", checks=len(CHECKS))
