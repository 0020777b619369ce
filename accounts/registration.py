"""Open an account and prove its mailbox. Nothing here tells a stranger whether an e-mail is known."""

from typing import Any

import structlog
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from accounts import letters, links, signals
from accounts.models import User, email_key
from accounts.validators import check_new_password, check_values
from core import clock
from core.db import atomic_retry
from core.refusals import Refusal

log = structlog.get_logger(__name__)


def register(*, email: str, password: str, first_name: str = "", last_name: str = "", by: Any = None) -> None:
    """Open an account that can be used once the link in the letter is followed.

    A known e-mail gets a letter too (see `_known`), and the caller cannot tell the difference: one hash, one letter,
    no answer. Raises Refusal("password_refused") and Refusal("invalid_values"), both judged by the input alone.
    """
    applicant = User(email=email_key(email), first_name=first_name.strip(), last_name=last_name.strip())
    check_values(applicant, exclude=("password",))
    check_new_password(password, applicant)
    # Outside the transaction: 25 ms of work must not hold anybody's locks.
    applicant.password = make_password(password)
    _enter(applicant, by=by)


@atomic_retry
def resend_verification(email: str) -> None:
    """Send a fresh verification letter when the e-mail has an account that waits for one; otherwise do nothing."""
    user = User.objects.filter(email=email_key(email), is_active=True, email_verified_at=None).first()
    if user is not None:
        letters.verify_email(user)


@atomic_retry
def verify_email(token: str) -> User:
    """Mark the mailbox as proven and return its user. Following the same link again changes nothing.

    Sends `email_verified` inside the transaction, the first time. Raises Refusal("link_invalid") for a link that is
    older than 24 h, was made for another purpose, or whose account has a new password or e-mail since.
    """
    uid, _, signature = token.partition(".")
    user = User.objects.select_for_update().filter(pk=links.id_from(uid), is_active=True).first()
    if user is None or not links.verification_tokens.check_token(user, signature):
        raise Refusal(
            "link_invalid",
            "This link does not work any more. Nothing was changed. Ask for a new letter on the log-in page.",
        )
    confirm_mailbox(user)
    return user


def confirm_mailbox(user: User) -> None:
    """Record that the mailbox is the person's own, once. The caller holds the row's lock inside a transaction."""
    if user.has_verified_email:
        return
    user.email_verified_at = clock.now()
    user.save(update_fields=["email_verified_at"])
    log.info("email_verified", user=user.pk)
    signals.email_verified.send(sender=User, user=user)


@atomic_retry
def _enter(applicant: User, *, by: Any) -> None:
    known = User.objects.select_for_update().filter(email=applicant.email).first()
    if known is None:
        try:
            # The savepoint keeps the transaction usable when the same e-mail is registered at this very moment.
            with transaction.atomic():
                applicant.pk = None
                applicant.save(force_insert=True)
        except IntegrityError:
            known = User.objects.select_for_update().get(email=applicant.email)
    if known is not None:
        _known(known, applicant)
        return
    log.info("account_opened", user=applicant.pk, by=getattr(by, "pk", None))
    letters.verify_email(applicant)


def _known(user: User, applicant: User) -> None:
    """Answer a registration with an e-mail that has an account.

    As long as nobody has proven the mailbox, the latest registration counts: its password replaces the earlier one,
    and earlier links die. Otherwise a stranger could register first and wait for the owner to confirm the stranger's
    password. Accounts that staff made keep theirs.
    """
    if user.has_verified_email or not user.is_active:
        letters.already_registered(user)
        return
    if not user.is_staff:
        user.password = applicant.password
        user.first_name, user.last_name = applicant.first_name, applicant.last_name
        user.save(update_fields=["password", "first_name", "last_name"])
    letters.verify_email(user)
