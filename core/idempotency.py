"""Answer a repeated request with the first answer (IETF Idempotency-Key draft 07, rules in docs/reference/api.md)."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from core import clock
from core.models import IdempotencyKey
from core.refusals import Conflict, Refusal

# A request that has not answered for so long is dead; the deed behind it is idempotent by the same key.
STALE_AFTER = timedelta(seconds=60)

Answer = tuple[int, Any]


def fingerprint(payload: object) -> str:
    """Return the SHA-256 of a JSON payload, independent of key order."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()


def answer_once(scope: str, key: str, payload: object, operation: Callable[[], Answer]) -> Answer:
    """Run `operation` for the first request with this key; give every later one the stored status and body.

    `operation` must be idempotent by `key` itself: it is run again when an earlier request died half way. When it
    raises, nothing happened and the key is free again. Raises Refusal("idempotency_key_reused") for the same key with
    another payload and Conflict("request_in_progress") while the first request still runs.
    """
    digest = fingerprint(payload)
    earlier = _claim(scope, key, digest)
    if earlier is not None:
        return earlier
    try:
        status, body = operation()
    except Exception:
        IdempotencyKey.objects.filter(scope=scope, key=key, status=None).delete()
        raise
    IdempotencyKey.objects.filter(scope=scope, key=key).update(status=status, body=body)
    return status, body


def _claim(scope: str, key: str, digest: str) -> Answer | None:
    """Insert the key, or return the answer stored with it."""
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(scope=scope, key=key, fingerprint=digest)
        return None
    except IntegrityError:
        with transaction.atomic():
            row = IdempotencyKey.objects.select_for_update().filter(scope=scope, key=key).first()
            if row is None:
                raise Conflict(
                    "request_in_progress", "The same request is being answered. Try again in a moment."
                ) from None
            if row.fingerprint != digest:
                raise Refusal(
                    "idempotency_key_reused", "This Idempotency-Key was used for a different request. Make a new key."
                ) from None
            if row.status is not None:
                return row.status, row.body
            if row.claimed_at > clock.now() - STALE_AFTER:
                raise Conflict(
                    "request_in_progress", "The same request is being answered. Try again in a moment."
                ) from None
            row.claimed_at = clock.now()
            row.save(update_fields=["claimed_at"])
            return None
