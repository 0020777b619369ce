"""Words for movements and states of an account, for everybody who shows them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from rentals.overview import RowState
from rentals.rules.ledger import DAMAGE, LATE_FEE, LOSS, RENT, Entry, Kind

_KINDS = {
    Kind.RESCHEDULED: gettext_noop("The dates of payment count from another day"),
    Kind.CHARGED: gettext_noop("Charged"),
    Kind.WAIVED: gettext_noop("Waived"),
    Kind.WRITTEN_OFF: gettext_noop("Written off"),
    Kind.VOIDED: gettext_noop("No longer owed"),
    Kind.REVIVED: gettext_noop("Owed again"),
    Kind.PAID: gettext_noop("Paid"),
    Kind.UNPAID: gettext_noop("Taken back"),
    Kind.RECEIVED: gettext_noop("Your payment arrived"),
    Kind.REFUND_DUE: gettext_noop("To be paid back to you"),
    Kind.REFUNDED: gettext_noop("Paid back to you"),
    Kind.REVERSED: gettext_noop("Payment taken back by the bank"),
}
_TARGETS = {
    RENT: gettext_noop("payment %(n)s"),
    LATE_FEE: gettext_noop("late fee of payment %(n)s"),
    DAMAGE: gettext_noop("damage"),
    LOSS: gettext_noop("loss of the machine"),
}
_ROWS = {
    RowState.PAID: gettext_noop("Paid"),
    RowState.WAIVED: gettext_noop("Waived"),
    RowState.VOID: gettext_noop("Not owed"),
    RowState.ON_HOLD: gettext_noop("On hold"),
    RowState.OVERDUE: gettext_noop("Overdue"),
    RowState.DUE: gettext_noop("Due today"),
    RowState.UPCOMING: gettext_noop("Planned"),
}


def entry_words(entry: Entry) -> str:
    """Say what an entry of the ledger is: "Paid: payment 3"."""
    what = _(_KINDS[entry.kind])
    if not entry.target:
        return what
    return f"{what}: {target_words(entry.target)}"


def target_words(target: str) -> str:
    """Say what money is for: "late fee of payment 3" for "late_fee:3"."""
    name, _colon, number = target.partition(":")
    return _(_TARGETS.get(name, name.replace("_", " "))) % {"n": number}


def row_words(state: RowState) -> str:
    """Say how an instalment stands: "Paid", "Overdue"."""
    return _(_ROWS[state])
