"""Collect rent that is due."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.progress import ProgressBar
from core.refusals import Refusal
from rentals.clockwork import run_clock

WORDS = {
    "resumed": "charges taken up again",
    "kept": "machines kept after all",
    "charged": "cards charged",
    "declined": "cards declined",
    "unknown": "charges without an answer so far",
    "links": "links sent",
    "closed": "links closed",
    "looked_at": "agreements looked at",
    "late_fees": "late fees",
    "refunds": "refunds begun",
    "failed": "errors (see the log; the next run tries again)",
}


def instant(text: str) -> datetime:
    """Read an ISO instant; one without a zone is in the shop's."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is no instant; write one like 2027-02-15T09:00 or 2027-02-15T02:00Z"
        ) from error
    return read if timezone.is_aware(read) else timezone.make_aware(read, timezone.get_default_timezone())


class Command(BaseCommand):
    help = (
        "Collect rent that is due, write reminders, charge late fees. Run it as often as you like: each period is "
        "charged once, never early, whatever was missed before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            type=instant,
            metavar="INSTANT",
            help="as if it were this instant (default: now; not in the future)",
        )

    def handle(self, *args: Any, as_of: datetime | None = None, **options: Any) -> None:
        try:
            done = run_clock(as_of=as_of, progress=ProgressBar(sys.stderr, what="agreements"))
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        said = [f"{done[name]:,} {words}" for name, words in WORDS.items() if done[name]]
        self.stdout.write((", ".join(said) or "Nothing was due") + ".")
        if done["failed"]:
            raise CommandError(f"{done['failed']:,} agreements could not be worked on.")
