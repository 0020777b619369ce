"""Who on the staff may do what, on record."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from core.db import atomic_retry
from core.models import AuditEntry
from core.timeline import event_values

# The fields of an account that decide what somebody may do.
MAY = ("is_staff", "is_superuser", "groups", "user_permissions")


@atomic_retry
def record_rights(user: User, *, before: Mapping[str, Any], after: Mapping[str, Any], by: Any) -> None:
    """Write down that staff changed what `user` may do. Groups and permissions are told by name."""
    changes = {name: [_told(before.get(name)), _told(after[name])] for name in MAY if name in after}
    facts = {name: change for name, change in changes.items() if change[0] != change[1]}
    if facts:
        AuditEntry.objects.create(
            model="accounts.user", object_code=str(user.pk), **event_values(kind="rights_changed", by=by, **facts)
        )


def _told(value: Any) -> Any:
    return bool(value) if value is None or isinstance(value, bool) else sorted(str(one) for one in value)
