"""Publish the numbers under which new agreements are made."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from core.versions import SHOP, raise_versions
from rentals.models import RentalPolicy
from rentals.rules.policy import DEFAULT_NUMBERS, policy_from


@atomic_retry
def publish_policy(numbers: Mapping[str, Any], *, by: Any, reason: str) -> RentalPolicy:
    """Write `numbers` as the next version. Agreements that are signed keep theirs.

    Raises Refusal("policy_impossible", fields), Refusal("reason_needed") and Conflict("policy_published").
    """
    if not reason.strip():
        raise Refusal("reason_needed", "Say why the numbers change.")
    policy_from(numbers)
    newest = RentalPolicy.objects.current()
    version = (newest.version if newest else 0) + 1
    try:
        with transaction.atomic():
            policy = RentalPolicy.objects.create(
                version=version,
                numbers=dict(numbers),
                reason=reason[:300],
                published_by=by if by is not None and by.is_authenticated else None,
            )
    except IntegrityError as error:
        raise Conflict("policy_published", "Somebody else has just published a policy. Look again.") from error
    # Product pages are kept with what renting comes to.
    raise_versions([SHOP])
    return policy


def current_policy() -> RentalPolicy:
    """Return the policy for new agreements; a shop that never published one gets the default numbers as version 1."""
    newest = RentalPolicy.objects.current()
    if newest is None:
        return publish_policy(DEFAULT_NUMBERS, by=None, reason="The numbers that the shop opens with.")
    return newest
