"""The audits as tests end with them."""

from backoffice.auditing import Offence, run
from backoffice.auditing.money import CHECKS as MONEY
from backoffice.auditing.stock import CHECKS as STOCK


def offences() -> list[Offence]:
    """Return what audit_money and audit_stock would print."""
    return run((*MONEY, *STOCK))
