"""Receive stock from a file or by hand."""

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from catalog.importing.deliveries import BIN_MAX_LENGTH, COLUMNS, receive_delivery, receive_variant
from catalog.importing.reports import ReportFile
from catalog.models import Variant
from core.refusals import Refusal

SHOWN_REFUSALS = 20


class Command(BaseCommand):
    help = (
        "Receive stock and put it on sale: from a CSV file with the columns "
        f"{', '.join(COLUMNS)} (sku or external_id, and serial or quantity, are needed), or by hand with --variant "
        "and --quantity. Serial numbers protect from receiving a file twice; quantities do not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE.csv")
        parser.add_argument("--variant", metavar="SKU", help="receive this article by hand")
        parser.add_argument("--quantity", type=int, metavar="N", help="so many items without serial numbers")
        parser.add_argument("--bin", default="", help="with --variant: where they lie, such as B-14")
        parser.add_argument("--cost", default="", help="with --variant: what each cost")
        parser.add_argument("--strict", action="store_true", help="receive nothing when any row is bad")
        parser.add_argument("--by", metavar="EMAIL", help="who receives; the ledger shows it (default: the shop)")
        parser.add_argument(
            "--report",
            type=Path,
            default=settings.VAR_DIR / "receive-report.csv",
            metavar="PATH",
            help="where every refused row is listed (default: var/receive-report.csv)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by_hand = options["variant"] is not None or options["quantity"] is not None
        if by_hand == (options["file"] is not None):
            raise CommandError("Name a file, or --variant SKU and --quantity N.")
        person = self._person(options["by"])
        try:
            if by_hand:
                self._by_hand(person, **options)
            else:
                self._from_file(person, **options)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal

    def _person(self, email: str | None) -> Any:
        if email is None:
            return None
        person = get_user_model().objects.filter(email__iexact=email, is_staff=True, is_active=True).first()
        if person is None:
            raise CommandError(f"{email} is no active member of staff. Nothing was received.")
        return person

    def _by_hand(self, person: Any, *, variant: str | None, quantity: int | None, cost: str, **options: Any) -> None:
        if variant is None or quantity is None:
            raise CommandError("--variant and --quantity go together.")
        article = Variant.objects.filter(sku__iexact=variant).first()
        if article is None:
            raise CommandError(f"Nothing in the catalogue has the SKU {variant}. Nothing was received.")
        if len(options["bin"]) > BIN_MAX_LENGTH:
            raise CommandError(f"A bin has at most {BIN_MAX_LENGTH} characters. Nothing was received.")
        receive_variant(article, by=person, quantity=quantity, bin=options["bin"], cost=_amount(cost))
        self.stdout.write(f"{quantity} × {article.sku} received and on sale.")

    def _from_file(self, person: Any, *, file: Path, strict: bool, report: Path, **options: Any) -> None:
        with ReportFile(report) as rows:
            result = receive_delivery(file, by=person, report=rows, strict=strict)
        self.stdout.write(f"{result.rows:,} rows read, {result.units:,} items received and on sale.")
        if result.refused:
            shown = result.refused[:SHOWN_REFUSALS]
            more = len(result.refused) - len(shown)
            kept = "Nothing was received" if strict else "The other rows were received"
            raise CommandError(
                "\n".join([*shown, *([f"and {more:,} more"] if more else [])])
                + f"\nRows refused: {len(result.refused):,}. {kept}. Every one is listed in {report}"
            )


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**9 or amount.as_tuple().exponent < -2:  # noqa: PLR2004  (cents)
        raise CommandError(f"The cost {text} is not an amount such as 120.50. Nothing was received.")
    return amount
