"""Pictures of a transfer that customers upload. A proof pays nothing: it helps staff to find the money."""

from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models

from core import clock
from core.codes import public_code
from payments.flow import PROOF_FLOW, ProofState
from payments.models.bill import Bill


def proof_code() -> str:
    """Return a new public code of a proof."""
    return public_code(12)


def private_files() -> Storage:
    """Return where pictures of transfers lie: never public, because they show accounts and names."""
    return storages["originals"]


class PaymentProof(models.Model):
    """One picture, written anew by us from what was uploaded."""

    flow = PROOF_FLOW

    code = models.CharField(max_length=12, unique=True, default=proof_code, editable=False)
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="proofs")
    state = models.CharField(max_length=10, choices=ProofState, default=ProofState.WAITING, editable=False)
    image = models.FileField(upload_to="proofs/", storage=private_files, max_length=200, editable=False)
    content_hash = models.CharField(max_length=64, editable=False, help_text="SHA-256 of what was uploaded.")
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    size = models.PositiveIntegerField(editable=False, help_text="Bytes.")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=clock.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False, help_text="Why it was rejected.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "uploaded_at"], name="proof_waiting")]
        permissions = [("decide_paymentproof", "Can approve and reject proofs of payment")]
        constraints = [
            models.UniqueConstraint(fields=["bill", "content_hash"], name="proof_once"),
            models.CheckConstraint(condition=models.Q(state__in=ProofState.values), name="proof_state_known"),
        ]

    def __str__(self) -> str:
        return self.code

    def record(self, *, kind: str, **event: Any) -> None:
        """Write one row of the bill's timeline about this proof."""
        self.bill.record(kind=f"proof_{kind}", proof=self.code, **event)
