"""The address book. One default per person; the person's row is the lock for all of it."""

from collections.abc import Mapping
from typing import Any

from accounts.models import Address, User
from accounts.validators import check_values
from core.codes import public_code
from core.db import atomic_retry
from core.refusals import Conflict, Refusal

MOST = 50
FIELDS = ("full_name", "phone", "line1", "line2", "city", "region", "postal_code", "country")


@atomic_retry
def save_address(user: User, *, values: Mapping[str, str], address: Address | None = None, by: Any) -> Address:
    """Write `values` (any of FIELDS) to `address` of this user, or to a new one, and return it.

    The first address becomes the default. Raises Refusal("invalid_values"), Refusal("too_many_addresses") beyond 50,
    Conflict("address_gone") when it was deleted meanwhile.
    """
    _lock(user)
    if address is None:
        count = user.addresses.count()
        if count >= MOST:
            raise Refusal(
                "too_many_addresses",
                f"An address book holds {MOST} addresses. Delete one you no longer need.",
                most=MOST,
            )
        row = Address(user=user, code=public_code(10), is_default=count == 0)
    else:
        row = _own(user, address)
    for name in FIELDS:
        if name in values:
            setattr(row, name, values[name].strip())
    row.country = row.country.upper()
    check_values(row, exclude=("user", "code"))
    row.save()
    return row


@atomic_retry
def delete_address(address: Address, *, by: Any) -> None:
    """Take an address out of the book; orders keep their copy. The oldest one left becomes the default if need be."""
    user = address.user
    _lock(user)
    row = user.addresses.filter(pk=address.pk).first()
    if row is None:
        return
    row.delete()
    heir = user.addresses.order_by("pk").first() if row.is_default else None
    if heir is not None:
        user.addresses.filter(pk=heir.pk).update(is_default=True)


@atomic_retry
def make_default(address: Address, *, by: Any) -> Address:
    """Make this the address that checkout suggests. Raises Conflict("address_gone")."""
    user = address.user
    _lock(user)
    row = _own(user, address)
    user.addresses.filter(is_default=True).exclude(pk=row.pk).update(is_default=False)
    row.is_default = True
    row.save(update_fields=["is_default"])
    return row


def _lock(user: User) -> None:
    User.objects.select_for_update().get(pk=user.pk)


def _own(user: User, address: Address) -> Address:
    row = user.addresses.filter(pk=address.pk).first()
    if row is None:
        raise Conflict("address_gone", "This address is no longer in your book. Nothing was changed.")
    return row
