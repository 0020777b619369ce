"""A customer shows that a transfer was made. The picture is evidence for staff; it never pays anything.

Source of the limits: OWASP ASVS 5.0, V5.2 and V5.3.
"""

import secrets
from typing import Any

import structlog
from django.core.cache import cache
from django.core.files.base import ContentFile, File
from django.db.models import Count, QuerySet, Sum

from core import clock
from core.db import atomic_retry, in_transaction
from core.flows import move
from core.images import Limits, encode, open_upright, read_image
from core.refusals import Conflict, Refusal
from payments.flow import BillState, ProofState
from payments.models import Bill, PaymentProof
from payments.models.proof import private_files

log = structlog.get_logger(__name__)
LIMITS = Limits(megabytes=5, megapixels=25)
# A photograph of a screen stays legible; more would only fill the disk.
WIDEST = 1600
# For one bill. Nobody needs more to show one transfer, and what lies here is private and must be guarded.
MOST_PROOFS = 5
MOST_BYTES = 8_000_000
MOST_TRIES, TRIES_PER_SECONDS = 20, 3600


def add_proof(bill: Bill, *, upload: File, by: Any) -> PaymentProof:
    """Keep a picture of a transfer for `bill`: written anew, private, under a random name. The bill stays as it is.

    The same picture again is the proof that stands. Raises the Refusals of core.images.read_image,
    Conflict("nothing_to_pay") for a settled bill, Refusal("too_many_proofs"), Refusal("too_many_tries") and
    Refusal("storage_silent").
    """
    if in_transaction():
        raise RuntimeError("Proofs are stored outside any transaction: a slow storage would hold its locks.")
    _refuse_unless_wanted(bill)
    _refuse_one_more(bill.proofs.all(), 0)
    _count_try(bill)
    found = read_image(upload, LIMITS)
    known = bill.proofs.filter(content_hash=found.content_hash).first()
    if known is not None:
        return known
    picture = open_upright(found.content, LIMITS, width=WIDEST)
    content = encode(picture, "webp", width=picture.width)
    storage = private_files()
    try:
        name = storage.save(f"proofs/{secrets.token_hex(16)}.webp", ContentFile(content))
    except Exception as error:
        log.warning("proof_not_stored", error=repr(error))
        raise Refusal(
            "storage_silent", "The picture could not be stored just now. Please try again in a while."
        ) from error
    proof = PaymentProof(
        bill=bill,
        image=name,
        content_hash=found.content_hash,
        width=picture.width,
        height=picture.height,
        size=len(content),
        uploaded_by=by if by is not None and by.is_authenticated else None,
    )
    try:
        kept = _attach(proof, by=by)
    except BaseException:
        storage.delete(name)
        raise
    if kept.image.name != name:
        storage.delete(name)
    return kept


@atomic_retry
def _attach(proof: PaymentProof, *, by: Any) -> PaymentProof:
    """Look again under the bill's lock, then write the row."""
    bill = Bill.objects.select_for_update().get(pk=proof.bill_id)
    _refuse_unless_wanted(bill)
    known = bill.proofs.filter(content_hash=proof.content_hash).first()
    if known is not None:
        return known
    _refuse_one_more(bill.proofs.all(), proof.size)
    proof.pk = None
    proof.save(force_insert=True)
    proof.record(kind="uploaded", by=by)
    return proof


@atomic_retry
def approve_proof(proof: PaymentProof, *, by: Any) -> PaymentProof:
    """Note that the money shown was found. Booking it is another deed. Raises Conflict("wrong_state")."""
    return _decide(proof, ProofState.APPROVED, by=by, reason="")


@atomic_retry
def reject_proof(proof: PaymentProof, *, by: Any, reason: str) -> PaymentProof:
    """Say why a picture shows no payment. Raises Refusal("reason_missing"), Conflict("wrong_state")."""
    if not reason.strip():
        raise Refusal("reason_missing", "Say in a few words why: the customer reads it.")
    return _decide(proof, ProofState.REJECTED, by=by, reason=reason.strip()[:300])


def _decide(proof: PaymentProof, to: str, *, by: Any, reason: str) -> PaymentProof:
    Bill.objects.select_for_update().get(pk=proof.bill_id)
    proof = PaymentProof.objects.select_for_update().select_related("bill").get(pk=proof.pk)
    decided = by if by is not None and by.is_authenticated else None
    move(proof, to, by=by, reason=reason, changes={"decided_at": clock.now(), "decided_by": decided, "reason": reason})
    return proof


def _refuse_unless_wanted(bill: Bill) -> None:
    if bill.state == BillState.SETTLED:
        raise Conflict("nothing_to_pay", "This is paid already; we need no picture any more.")


def _count_try(bill: Bill) -> None:
    """Looking into a hostile file costs time, so nobody may have it done for ever."""
    key = f"proof-tries:{bill.pk}"
    cache.add(key, 0, timeout=TRIES_PER_SECONDS)
    try:
        is_too_often = cache.incr(key) > MOST_TRIES
    except ValueError:  # the time was over just now
        is_too_often = False
    if is_too_often:
        raise Refusal("too_many_tries", "That were many pictures in a short time. Please try again in an hour.")


def _refuse_one_more(standing: QuerySet[PaymentProof], size: int) -> None:
    """Refuse a proof beyond the quota, in number and in bytes."""
    kept = standing.aggregate(many=Count("pk"), size=Sum("size"))
    if kept["many"] >= MOST_PROOFS or (kept["size"] or 0) + size > MOST_BYTES:
        raise Refusal(
            "too_many_proofs",
            f"We have {kept['many']} pictures for this order already. We look at them and write to you.",
            most=MOST_PROOFS,
        )
