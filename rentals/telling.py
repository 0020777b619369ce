"""What a customer hears when rent is due: a link, or what the bank said to the card."""

from datetime import date

from core.db import atomic_retry
from payments.declines import advice
from payments.flow import BillState, PaymentState
from payments.models import Bill, Payment
from rentals import letters
from rentals.models import Agreement, Collection

# The card cannot be charged while its owner is away; a newer card would be asked the same.
NEEDS_CUSTOMER = frozenset({"authentication_required"})
# A second try would get the same answer (design: stripe.md D2, rule 4).
FINAL = frozenset(
    {
        "lost_card",
        "stolen_card",
        "pickup_card",
        "expired_card",
        "fraudulent",
        "invalid_account",
        "new_account_information_available",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "card_not_supported",
        "currency_not_supported",
        "restricted_card",
        "security_violation",
        "transaction_not_allowed",
        "incorrect_number",
    }
)
# Banks say this for many reasons; the second time it is meant.
FINAL_TWICE = frozenset({"do_not_honor", "generic_decline", "card_declined"})


def send_link(collection: Collection, agreement: Agreement, *, on: date) -> None:
    """Write to a payer whom no card stands for, once for each day that a charge was planned on."""
    if collection.stopped_by in NEEDS_CUSTOMER:
        letters.card_to_confirm(collection, agreement, on=on)
    else:
        letters.rent_to_pay(collection, agreement, on=on)


@atomic_retry
def conclude(collection: Collection) -> None:
    """Act on the final answer to a charge: tell the customer, and whether the card is tried again. Once a charge."""
    bill = Bill.objects.select_for_update().get(pk=collection.bill_id)
    part = collection.parts.select_related("agreement__customer", "agreement__line").get()
    Agreement.objects.select_for_update().get(pk=part.agreement_id)
    collection = Collection.objects.select_related("bill").get(pk=collection.pk)
    if not collection.waits_for_answer or Payment.objects.filter(live_bill=bill).exists():
        return
    last = bill.payments.order_by("-pk").first()
    collection.waits_for_answer = False
    if bill.state == BillState.OPEN and last is not None:
        if last.state == PaymentState.CLOSED:
            # Nothing was moved and no bank has said no: our own doing. The next run tries again.
            collection.looked_on = None
        elif last.state == PaymentState.FAILED:
            _tell_of_failure(collection, part.agreement, last)
    collection.save(update_fields=["waits_for_answer", "looked_on", "stopped_by"])


def _tell_of_failure(collection: Collection, agreement: Agreement, last: Payment) -> None:
    code = last.failure_code
    on = collection.looked_on or collection.begun_on
    if code in NEEDS_CUSTOMER:
        collection.stopped_by = code
        letters.card_to_confirm(collection, agreement, on=on)
        return
    same = collection.bill.payments.filter(failure_code=code, saved_method=last.saved_method_id).count()
    if code in FINAL or (code in FINAL_TWICE and same > 1):
        collection.stopped_by = code
    elif collection.stopped_by:
        collection.stopped_by = ""
    letters.card_declined(collection, agreement, on=on, advice=advice(code))
