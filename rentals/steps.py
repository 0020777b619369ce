"""One step in the life of an agreement: lock, read, rule, store, and what follows for machine and letterbox."""

from collections.abc import Callable
from typing import Any

from catalog.flow import UnitState
from catalog.models import Unit
from core.db import atomic_retry
from core.flows import move_all
from rentals import letters
from rentals.bookkeeping import locked, read_lease, store_lease
from rentals.flow import OWNED, AgreementState
from rentals.models import Agreement
from rentals.rules.lease import Lease

# Where a machine that is on rent goes when its agreement gets there. A returned one is moved by its return.
_MACHINE_BECOMES = {
    AgreementState.BOUGHT_OUT: UnitState.SOLD,
    AgreementState.COMPLETED: UnitState.SOLD,
    AgreementState.LOST: UnitState.LOST,
    # Nobody rents it any more and it never came back.
    AgreementState.WRITTEN_OFF: UnitState.LOST,
}


@atomic_retry
def take_step(agreement: Agreement, rule: Callable[[Lease], Lease], *, by: Any, reason: str = "") -> Agreement:
    """Apply one rule of rentals.rules.lease to an agreement and return its row, locked.

    Raises what the rule refuses; nothing is stored then.
    """
    row = locked(agreement)
    before = read_lease(row)
    after = rule(before)
    if after == before:
        return row
    row = store_lease(row, before, after, by=by, reason=reason)
    for state in after.passed[len(before.passed) :]:
        _move_machine(row, state, by=by)
        if state in OWNED:
            letters.machine_is_yours(row)
    return row


def _move_machine(agreement: Agreement, state: AgreementState, *, by: Any) -> None:
    becomes = _MACHINE_BECOMES.get(state)
    if becomes is None or agreement.unit_id is None:
        return
    on_rent = Unit.objects.select_for_update().filter(pk=agreement.unit_id, state=UnitState.ON_RENT)
    reason = f"agreement {agreement.code} {state.label.lower()}"
    move_all(list(on_rent), becomes, by=by, reason=reason)
