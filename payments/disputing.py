"""A customer disputes a payment at the bank: on record, on the work list, and followed until it is decided."""

from core import clock
from core.db import atomic_retry
from core.money import amount_text
from payments.models import Bill, Break, Dispute, Payment
from payments.providers.port import DisputeFacts
from payments.settling import open_break, resolve_break
from payments.signals import dispute_changed


@atomic_retry
def record_dispute(payment: Payment, facts: DisputeFacts) -> Dispute:
    """Write down how a dispute stands at the provider. The same facts again change nothing.

    While the bank holds the money no refund is made of it; a lost dispute has taken it for good (payments.refundable),
    a won one gives it back.
    """
    bill = Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    dispute = Dispute.objects.filter(dispute_id=facts.dispute_id).first() or Dispute(
        dispute_id=facts.dispute_id, payment=payment
    )
    if dispute.pk is not None and dispute.closed_at is not None:
        return dispute
    is_news = dispute.status != facts.status
    dispute.amount, dispute.currency = facts.amount, facts.currency
    dispute.reason, dispute.status = facts.reason[:60], facts.status[:40]
    dispute.evidence_due_at = facts.evidence_due_at
    dispute.closed_at = clock.now() if facts.is_closed else None
    dispute.save()
    if is_news:
        payment.record(kind="disputed", by=None, reason=facts.reason, status=facts.status, dispute=facts.dispute_id)
        _list(dispute)
        dispute_changed.send(sender=Dispute, bill=bill, dispute=dispute)
    return dispute


def _list(dispute: Dispute) -> None:
    """Keep the difference open until the bank has given the money back, or somebody has written a loss off."""
    payment = dispute.payment
    words = f"Dispute {dispute.dispute_id} over {amount_text(dispute.amount, dispute.currency)}: {dispute.reason}"
    if dispute.standing != "won":
        open_break(
            payment,
            kind=Break.Kind.DISPUTED,
            amount=dispute.amount,
            currency=dispute.currency,
            reason=words,
            provider_id=dispute.dispute_id,
        )
    elif not payment.disputes.open().exists() and not payment.disputes.lost().exists():
        for difference in payment.breaks.open().filter(kind=Break.Kind.DISPUTED):
            resolve_break(difference, by=None, resolution=f"The bank has decided for the shop: {dispute.status}.")
