"""The signature gate: a bill with rent in it can be paid once every agreement of its order is signed."""

import re
from typing import Any

from core import clock
from core.db import atomic_retry
from core.flows import move
from core.refusals import Conflict, Refusal
from orders.models import Order
from payments.billing import close_attempt
from payments.flow import BillState
from payments.models import Bill, Payment
from rentals.bookkeeping import locked, read_lease, store_lease
from rentals.flow import AgreementState
from rentals.models import Agreement
from rentals.rules import lease as rules

SIGNATURE_REQUIRED = "signature_required"


@atomic_retry
def withhold_bills(order: Order, *, by: Any) -> None:
    """Keep the order's open bills from being paid until its agreements are signed."""
    for bill in _locked_bills(order.pk):
        for attempt in Payment.objects.select_for_update().filter(live_bill=bill).order_by("pk"):
            close_attempt(attempt, by=by, reason="the agreement comes first")
        if bill.state == BillState.OPEN:
            changes = {"withheld_reason": SIGNATURE_REQUIRED}
            move(bill, BillState.WITHHELD, by=by, reason=SIGNATURE_REQUIRED, changes=changes)


@atomic_retry
def sign_agreement(
    agreement: Agreement,
    *,
    by: Any,
    name: str,
    ip: str | None,
    user_agent: str,
    text_version: str,
    contract_sha256: str,
) -> Agreement:
    """Sign an agreement: who, when, from where, and which text. The last signature of an order opens its bill.

    `contract_sha256` is the hash of the contract that the customer read; its file is stored before. Raises
    Refusal "not_your_agreement", "name_needed", "contract_missing" and Conflict("wrong_state") for a second signature.
    """
    bills = _locked_bills(agreement.line.order_id)
    row = locked(agreement)
    if by is None or row.customer_id != by.pk:
        raise Refusal("not_your_agreement", "Only the person who ordered can sign this agreement.")
    if row.state != AgreementState.DRAFT:
        raise Conflict("wrong_state", f"This agreement is {row.get_state_display().lower()}.", state=row.state)
    if not name.strip():
        raise Refusal("name_needed", "Type your name to sign.")
    if not re.fullmatch(r"[0-9a-f]{64}", contract_sha256):
        raise Refusal("contract_missing", "The contract has to be read before it is signed.")
    row.signed_at = clock.now()
    row.signed_name = name.strip()[:150]
    row.signed_ip = ip
    row.signed_user_agent = user_agent[:300]
    row.text_version = text_version
    row.contract_sha256 = contract_sha256
    row.save(
        update_fields=[
            "signed_at",
            "signed_name",
            "signed_ip",
            "signed_user_agent",
            "text_version",
            "contract_sha256",
        ]
    )
    before = read_lease(row)
    row = store_lease(row, before, rules.sign(before), by=by, reason=f"signed as {row.signed_name}")
    _open_when_all_are_signed(row, bills, by=by)
    return row


def _open_when_all_are_signed(agreement: Agreement, bills: list[Bill], *, by: Any) -> None:
    siblings = Agreement.objects.filter(line__order_id=agreement.line.order_id)
    if siblings.filter(state=AgreementState.DRAFT).exists():
        return
    for bill in bills:
        if bill.state == BillState.WITHHELD and bill.withheld_reason == SIGNATURE_REQUIRED:
            move(bill, BillState.OPEN, by=by, reason="all agreements are signed", changes={"withheld_reason": ""})


def _locked_bills(order_id: int) -> list[Bill]:
    """Lock the order's bills: they come before agreements in the lock order."""
    ids = Bill.objects.filter(order_bill__order_id=order_id).values_list("pk", flat=True)
    return list(Bill.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk"))
