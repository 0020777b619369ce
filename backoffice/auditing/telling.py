"""Say on the terminal what an audit found."""

from collections.abc import Sequence

from django.core.management.base import BaseCommand

from backoffice.auditing import Offence


def tell(offences: Sequence[Offence], command: BaseCommand, *, what: str, checks: int) -> None:
    """Print one line an offence and a last line with their number. Ends the program with 1 if there is any."""
    for offence in offences:
        command.stdout.write(f"{offence.rule}: {offence.code} {offence.words}")
    command.stdout.write(f"Audit of {what}: {checks} checks, {len(offences)} offences.")
    if offences:
        raise SystemExit(1)
