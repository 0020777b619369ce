"""What people tell about themselves."""

from typing import Any

from accounts.models import User
from accounts.validators import check_values
from core.db import atomic_retry


@atomic_retry
def save_profile(user: User, *, first_name: str, last_name: str, phone: str, by: Any) -> User:
    """Store name and phone, trimmed. Raises Refusal("invalid_values") and then changes nothing."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    locked.first_name, locked.last_name, locked.phone = first_name.strip(), last_name.strip(), phone.strip()
    check_values(locked)
    locked.save(update_fields=["first_name", "last_name", "phone"])
    return locked
