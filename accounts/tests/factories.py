"""People for tests."""

from itertools import count
from typing import Any

from django.contrib.auth.models import Group

from accounts.addresses import save_address
from accounts.models import Address, User
from core import clock

PASSWORD = "three quiet otters"
_numbers = count(1)


def make_user(
    email: str | None = None, *, password: str | None = PASSWORD, verified: bool = True, **fields: Any
) -> User:
    """Return a stored customer who can log in with PASSWORD."""
    fields.setdefault("email_verified_at", clock.now() if verified else None)
    return User.objects.create_user(email or f"person{next(_numbers)}@example.com", password, **fields)


def make_staff(email: str | None = None, *, groups: list[str] | None = None, **fields: Any) -> User:
    """Return a stored staff member of the named groups (roles); a superuser with is_superuser=True."""
    user = make_user(email or f"staff{next(_numbers)}@example.com", is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=groups or []))
    return user


def make_address(user: User | None = None, **values: str) -> Address:
    """Return an address in the book of `user` (a new one when None)."""
    facts = {"full_name": "Sok Dara", "phone": "+855 12 345 678", "line1": "12 Street 240", "city": "Phnom Penh"}
    return save_address(user or make_user(), values={**facts, "country": "KH", **values}, by=None)
