"""News of money for the floors above. All are sent inside the transaction: an error in a listener stops the deed."""

from dataclasses import dataclass
from decimal import Decimal

from django.dispatch import Signal

# Arguments: bill, payment, amount. Exactly one listener answers with a Claim.
bill_settled = Signal()
# Arguments: bill, payment, code. An attempt has come to nothing, or a card was refused and nobody has taken another one
# for two minutes; `code` is the provider's. "mismatch": money has come that does not fit the attempt.
payment_failed = Signal()
# Arguments: bill, refund. A refund was decided, is done, has failed or was withdrawn: `refund.state` says which.
bill_refunded = Signal()
# Arguments: bill, dispute. A dispute was opened, has moved on or is decided: `dispute.standing` says how it stands.
dispute_changed = Signal()


@dataclass(frozen=True)
class Claim:
    """A listener's answer to bill_settled: how much it can use, what is left over, and why."""

    applied: Decimal
    surplus: Decimal
    reason: str = ""
