"""What a fresh shop needs before it opens: goods to show and one person who may enter the admin."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction

from catalog.models import Product
from core.db import atomic_retry
from core.refusals import Refusal

STAFF_EMAIL = "staff@localhost"


def random_password() -> str:
    """Return a password with 96 random bits. It is shown once and stored nowhere but as a hash."""
    return secrets.token_urlsafe(12)


def write_default_pages() -> None:
    """Write the pages of text (grades, shipping, terms …) that are missing; those that exist stay as they are."""
    call_command("default_pages", verbosity=0)


def seed_when_empty(*, verbosity: int = 1) -> bool:
    """Fill a database without products with the demo shop. Returns whether it did.

    One transaction: a seed that is cut short leaves nothing, and the next run starts it afresh.
    """
    if Product.objects.exists():
        return False
    with transaction.atomic():
        call_command("seed_demo", verbosity=verbosity)
    return True


@atomic_retry
def create_staff_login() -> tuple[Any, str | None]:
    """Make the first superuser. Returns the user and the password, or an earlier superuser and None."""
    users = get_user_model()
    earlier = users.objects.filter(is_superuser=True, is_active=True).order_by("id").first()
    if earlier is not None:
        return earlier, None
    password = random_password()
    return users.objects.create_superuser(STAFF_EMAIL, password), password


@atomic_retry
def renew_staff_password(email: str | None = None) -> tuple[Any, str]:
    """Give a staff account a new random password, which also ends its sessions. Without `email`: the first superuser.

    Raises Refusal("no_such_staff").
    """
    staff = get_user_model().objects.select_for_update().filter(is_staff=True, is_active=True)
    chosen = staff.filter(email=email) if email else staff.filter(is_superuser=True)
    user = chosen.order_by("id").first()
    if user is None:
        raise Refusal("no_such_staff", f"There is no open staff account {email or 'yet: run make run first'}.")
    password = random_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    return user, password
