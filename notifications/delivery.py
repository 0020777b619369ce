"""Deliver what the outbox holds: claim a letter, send it, mark it.

A claim is a lease: it moves `due_at` ahead, so that a worker that dies mid-letter gives the letter back by doing
nothing. 25 s of lease and a sweep every 30 s bring it out again within 60 s. While a send lasts, the lease is renewed,
so a slow mail server never makes a second worker send the same letter. A crash between the server's yes and our mark
sends the letter once more, with the same Message-ID.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection

from core import clock
from core.db import atomic_retry
from core.flows import move
from core.nudge import nudge
from notifications.flow import EmailState
from notifications.models import Email
from notifications.sending import MailServer, error_code, error_text, is_permanent

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=25)
RENEW_AFTER_SECONDS = 8.0
MAX_TRIES = 8
# After try 1, 2, 3 …; the last one repeats until MAX_TRIES: about 19 hours in all.
BACK_OFF = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
BATCH = 500
# A batch ends well before the worker's own time limit (300 s); the next sweep goes on.
BATCH_TIME = timedelta(seconds=120)


def deliver_due(*, limit: int = BATCH) -> int:
    """Send due letters in the order they were queued, over one connection. Returns how many the server took.

    Stops at the first letter when the server cannot be reached: the others keep their tries.
    """
    sent = 0
    stop_at = clock.now() + BATCH_TIME
    with MailServer() as server:
        for _ in range(limit):
            email = _claim()
            if email is None or not _reach(server, email):
                break
            sent += _send(server, email)
            if clock.now() >= stop_at:
                break
    return sent


def deliver(email_id: int) -> bool:
    """Send this one letter if it is due. Tells whether the server took it."""
    email = _claim(email_id)
    if email is None:
        return False
    with MailServer() as server:
        return _reach(server, email) and _send(server, email)


@atomic_retry
def resend(email: Email, *, by: Any) -> Email:
    """Put a letter that was given up back into the queue, with all its tries. Raises Conflict("wrong_state")."""
    locked = Email.objects.select_for_update().get(pk=email.pk)
    move(locked, EmailState.QUEUED, by=by, reason="sent again by hand")
    locked.tries = 0
    locked.due_at = clock.now()
    locked.save(update_fields=["tries", "due_at"])
    nudge("notifications.deliver_email", locked.pk)
    return locked


@atomic_retry
def _claim(email_id: int | None = None) -> Email | None:
    """Take the first due letter (or the one named, if due) for ourselves and count the try; None when there is none."""
    due = Email.objects.due_by(clock.now())
    if email_id is not None:
        due = due.filter(pk=email_id)
    due = due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    while (email := due.first()) is not None:
        if email.tries >= MAX_TRIES:
            # Each of its tries took the worker down with it.
            _give_up(email, "The worker stopped during every try.")
            continue
        until = clock.now() + LEASE
        # Repeats the condition: where the engine has no row locks, this UPDATE is what decides.
        mine = Email.objects.filter(pk=email.pk, state=EmailState.QUEUED, tries=email.tries, due_at=email.due_at)
        if mine.update(due_at=until, tries=email.tries + 1):
            email.due_at, email.tries = until, email.tries + 1
            return email
    return None


def _reach(server: MailServer, email: Email) -> bool:
    """Connect for `email`; when that fails, the letter waits for its next try."""
    with _in_the_name_of(email), _lease_kept(email):
        try:
            server.connect()
        except OSError as error:
            _put_back(email, error, permanent=False)
            return False
    return True


def _send(server: MailServer, email: Email) -> bool:
    with _in_the_name_of(email):
        try:
            with _lease_kept(email):
                server.send(email)
        except Exception as error:  # noqa: BLE001  (whatever one letter does, the ones behind it must go out)
            _put_back(email, error, permanent=is_permanent(error))
            return False
        _mark_sent(email)
        return True


@atomic_retry
def _mark_sent(email: Email) -> None:
    """Write that the server has the letter, whoever holds the lease by now."""
    locked = Email.objects.select_for_update().get(pk=email.pk)
    if locked.state != EmailState.QUEUED:
        return
    move(locked, EmailState.SENT, by=None)
    locked.sent_at, locked.last_error = clock.now(), ""
    locked.save(update_fields=["sent_at", "last_error"])


@atomic_retry
def _put_back(email: Email, error: BaseException, *, permanent: bool) -> None:
    """Write why the try failed and when the next one is; give up after the last or at a permanent error."""
    locked = Email.objects.select_for_update().get(pk=email.pk)
    if locked.state != EmailState.QUEUED or locked.tries != email.tries:
        return
    if permanent or locked.tries >= MAX_TRIES:
        _give_up(locked, error_text(error), code=error_code(error))
        return
    wait = BACK_OFF[min(locked.tries, len(BACK_OFF)) - 1]
    locked.due_at, locked.last_error = clock.now() + wait, error_text(error)[:500]
    locked.save(update_fields=["due_at", "last_error"])
    log.warning(
        "letter_put_back",
        letter=locked.pk,
        letter_kind=locked.kind,
        tries=locked.tries,
        wait_seconds=int(wait.total_seconds()),
        error=error_code(error),
    )


def _give_up(email: Email, why: str, *, code: str = "worker_stopped") -> None:
    move(email, EmailState.FAILED, by=None, error=code)
    email.last_error = why[:500]
    email.save(update_fields=["last_error"])


def _in_the_name_of(email: Email) -> Any:
    """Put the id of the request that queued the letter on the log lines about it."""
    names = {"request_id": email.request_id} if email.request_id else {}
    return structlog.contextvars.bound_contextvars(**names)


@contextmanager
def _lease_kept(email: Email) -> Iterator[None]:
    """Renew the lease for as long as the block runs. A killed process renews nothing."""
    done = threading.Event()
    renewer = threading.Thread(target=_renew, args=(email.pk, email.tries, done), name="letter-lease", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()


def _renew(email_id: int, tries: int, done: threading.Event) -> None:
    mine = Email.objects.filter(pk=email_id, state=EmailState.QUEUED, tries=tries)
    try:
        while not done.wait(RENEW_AFTER_SECONDS):
            try:
                mine.update(due_at=clock.now() + LEASE)
            except DatabaseError as error:
                log.warning("letter_lease_not_renewed", letter=email_id, error=type(error).__name__)
    finally:
        connection.close()
