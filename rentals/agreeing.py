"""A customer agrees to what they have read: the contract's file is kept first, then the agreement is signed."""

from typing import Any

from core.refusals import Conflict, Refusal
from rentals.disclosing import TEXT_VERSION
from rentals.documents.vault import keep_contract
from rentals.flow import AgreementState
from rentals.models import Agreement
from rentals.signing import sign_agreement


def agree(
    agreement: Agreement, *, by: Any, name: str, ip: str | None, user_agent: str, read_sha256: str, has_read: bool
) -> Agreement:
    """Sign an agreement as it was read. `read_sha256` names the contract that lay before the customer.

    Raises Refusal("not_read") without the tick, Conflict("contract_changed", now) when the contract reads otherwise
    meanwhile, and what `sign_agreement` refuses. Not to be called inside a transaction: the file is stored before.
    """
    if agreement.state != AgreementState.DRAFT:
        state = agreement.get_state_display().lower()
        raise Conflict("wrong_state", f"This agreement is {state}.", state=agreement.state)
    if not has_read:
        raise Refusal("not_read", "Tick that you have read the agreement.")
    if not name.strip():
        raise Refusal("name_needed", "Type your name to sign.")
    contract = keep_contract(agreement)
    if contract.sha256 != read_sha256:
        raise Conflict(
            "contract_changed",
            "The agreement reads a little differently now. Please read it again; nothing has been signed.",
            now=contract.sha256,
        )
    return sign_agreement(
        agreement,
        by=by,
        name=name,
        ip=ip,
        user_agent=user_agent,
        text_version=TEXT_VERSION,
        contract_sha256=contract.sha256,
    )
