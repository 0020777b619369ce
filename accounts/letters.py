"""Letters to people about their account: one function a letter, each an outbox row in the caller's transaction."""

import hashlib
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from accounts import links
from accounts.models import User
from core import clock
from notifications.models import Email
from notifications.outbox import queue_email

# Who asks again within two minutes gets no second letter: a stranger must not fill somebody's mailbox.
QUIET_SECONDS = 120


def verify_email(user: User) -> Email:
    """Ask the owner of the mailbox to confirm that it is theirs."""
    url = page("verify", token=links.verification_token(user))
    return _write(user, "verify_email", f"{_fingerprint(user)}:{_quiet_time()}", url=url, hours=_hours())


def already_registered(user: User) -> Email:
    """Tell the owner of an account that somebody tried to register with their address; at most once a day."""
    return _write(
        user,
        "already_registered",
        clock.today().isoformat(),
        login_url=page("login"),
        forgotten_url=page("forgotten"),
    )


def reset_password(user: User) -> Email:
    """Send the link behind which a new password can be chosen once."""
    url = page("reset", uid=links.uid_of(user), token=links.reset_token(user))
    return _write(user, "reset_password", f"{_fingerprint(user)}:{_quiet_time()}", url=url, hours=_hours())


def password_changed(user: User) -> Email:
    """Tell the owner of the account that its password is a new one."""
    return _write(
        user,
        "password_changed",
        _fingerprint(user),
        changed_at=date_format(timezone.localtime(clock.now()), "j F Y, H:i"),
        forgotten_url=page("forgotten"),
    )


def second_factor_changed(user: User, *, what: str) -> Email:
    """Tell a staff member that the second factor of their account was set up, taken off or stood in for."""
    now = clock.now()
    return _write(
        user,
        "second_factor_changed",
        f"{what}:{int(now.timestamp())}",
        what=what,
        changed_at=date_format(timezone.localtime(now), "j F Y, H:i"),
        forgotten_url=page("forgotten"),
    )


def page(name: str, **parts: str) -> str:
    """Return the full address of an account page of the storefront (settings.ACCOUNT_PAGES)."""
    return settings.SITE_URL + settings.ACCOUNT_PAGES[name].format(**parts)


def _write(user: User, kind: str, occasion: str, **facts: Any) -> Email:
    return queue_email(
        kind=kind,
        to=user.email,
        context={"name": user.first_name, **facts},
        dedupe_key=f"{kind}:{user.pk}:{occasion}",
    )


def _fingerprint(user: User) -> str:
    """Return a short digest of what ends the user's links, so that a dead link never stands in for a fresh one."""
    state = f"{user.email}|{user.password}|{user.last_login}"
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _quiet_time() -> int:
    return int(clock.now().timestamp()) // QUIET_SECONDS


def _hours() -> int:
    return settings.PASSWORD_RESET_TIMEOUT // 3600
