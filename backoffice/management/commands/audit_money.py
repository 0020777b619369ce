"""Print what is wrong with the books."""

from typing import Any

from django.core.management.base import BaseCommand

from backoffice.auditing import run
from backoffice.auditing.money import CHECKS
from backoffice.auditing.telling import tell


class Command(BaseCommand):
    help = "Check orders, bills, payments and letters against each other; print offenders, end with 1 if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        tell(run(CHECKS), self, what="money", checks=len(CHECKS))
