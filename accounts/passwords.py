"""Forgotten and changed passwords. A new password logs out every session and ends every refresh token."""

from typing import Any

import structlog
from django.contrib.auth.hashers import check_password, make_password

from accounts import letters, links
from accounts.models import User, email_key
from accounts.registration import confirm_mailbox
from accounts.sessions import revoke_refresh_tokens
from accounts.validators import check_new_password
from core.db import atomic_retry
from core.refusals import Refusal

log = structlog.get_logger(__name__)


@atomic_retry
def request_password_reset(email: str) -> None:
    """Send a link to choose a new password when the e-mail has an open account, verified or not; else do nothing."""
    user = User.objects.filter(email=email_key(email), is_active=True).first()
    if user is not None:
        letters.reset_password(user)


def reset_link_works(uid: str, token: str) -> bool:
    """Tell whether `reset_password` would take this link now, for the page that asks for the new password."""
    return _holder(User.objects.filter(pk=links.id_from(uid)).first(), token) is not None


def reset_password(uid: str, token: str, *, new_password: str) -> User:
    """Set a new password with the link from the letter; it works once, for 24 h.

    Completing it proves the mailbox, so an unverified account becomes verified. Raises Refusal("link_invalid") and
    Refusal("password_refused"); after the latter the link still works.
    """
    return _set_by_link(links.id_from(uid), token, new_password=new_password, hashed=make_password(new_password))


def change_password(user: User, *, current_password: str, new_password: str, by: Any) -> User:
    """Replace the password of somebody who knows it. Raises Refusal("wrong_password") and Refusal("password_refused").

    All sessions end, the caller's own too: a page that wants to keep it calls Django's update_session_auth_hash.
    """
    return _set_by_owner(
        user, current_password=current_password, new_password=new_password, hashed=make_password(new_password), by=by
    )


@atomic_retry
def _set_by_link(user_id: int | None, token: str, *, new_password: str, hashed: str) -> User:
    user = _holder(User.objects.select_for_update().filter(pk=user_id).first(), token)
    if user is None:
        raise Refusal(
            "link_invalid",
            "This link does not work any more. Your password has not been changed. Ask for a new letter.",
        )
    check_new_password(new_password, user)
    confirm_mailbox(user)
    _store(user, hashed, by=None)
    return user


@atomic_retry
def _set_by_owner(user: User, *, current_password: str, new_password: str, hashed: str, by: Any) -> User:
    user = User.objects.select_for_update().get(pk=user.pk)
    if not check_password(current_password, user.password):
        raise Refusal("wrong_password", "This is not your current password. It has not been changed.")
    check_new_password(new_password, user)
    _store(user, hashed, by=by)
    return user


def _holder(user: User | None, token: str) -> User | None:
    """Return the user when the token is theirs and still good."""
    if user is None or not user.is_active or not links.reset_tokens.check_token(user, token):
        return None
    return user


def _store(user: User, hashed: str, *, by: Any) -> None:
    user.password = hashed
    user.save(update_fields=["password"])
    ended = revoke_refresh_tokens(user)
    log.info("password_changed", user=user.pk, by=getattr(by, "pk", None), tokens_ended=ended)
    letters.password_changed(user)
