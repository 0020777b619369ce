"""Put a letter into the outbox, in the transaction of the event it tells of."""

import re
import uuid
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from core import request_ids
from core.db import atomic_retry
from core.nudge import nudge
from core.refusals import Refusal
from notifications.models import Email
from notifications.rendering import has_control_character, render

UNSUBSCRIBE_URL = re.compile(r"https?://[!-;=?-~]+", re.ASCII)
KEY_LENGTH = Email._meta.get_field("dedupe_key").max_length


@atomic_retry
def queue_email(
    *, kind: str, to: str, context: Mapping[str, object], dedupe_key: str, unsubscribe_url: str = ""
) -> Email:
    """Write the letter templates/email/<kind>.* for `to`, rendered now, and return its row.

    A letter that somebody asked for once and for all, and not for one order, names the `unsubscribe_url` that stops it.

    The row commits or vanishes with the caller's transaction; no mail server is asked. A second call with the same
    `dedupe_key` (at most 120 characters, compared without case) returns the first row and writes nothing.
    Raises Refusal("letter_header_refused") for a recipient or subject that no header line can hold.
    """
    if not 0 < len(dedupe_key) <= KEY_LENGTH:
        raise ValueError(f"A dedupe key has 1 to {KEY_LENGTH} characters, this one has {len(dedupe_key)}.")
    earlier = Email.objects.filter(dedupe_key=dedupe_key).first()
    if earlier is not None:
        return earlier
    _check_recipient(to)
    _check_unsubscribe_url(unsubscribe_url)
    rendered = render(kind, context)
    try:
        # The savepoint keeps the caller's transaction usable when another one has written the same key meanwhile.
        with transaction.atomic():
            email = Email.objects.create(
                kind=kind,
                to=to,
                subject=rendered.subject,
                text=rendered.text,
                html=rendered.html,
                dedupe_key=dedupe_key,
                message_id=_new_message_id(),
                request_id=request_ids.current(),
                unsubscribe_url=unsubscribe_url,
            )
    except IntegrityError:
        return Email.objects.get(dedupe_key=dedupe_key)
    nudge("notifications.deliver_email", email.pk)
    return email


def _check_recipient(to: str) -> None:
    try:
        validate_email(to)
    except ValidationError:
        acceptable = False
    else:
        acceptable = not has_control_character(to)
    if not acceptable:
        raise Refusal("letter_header_refused", "This is no e-mail address that a letter can go to; none was queued.")


def _check_unsubscribe_url(url: str) -> None:
    """An address of ours is plain: anything else could end the header it stands in, or lead elsewhere."""
    if url and not UNSUBSCRIBE_URL.fullmatch(url):
        raise ValueError(f"This is no address that a header can hold: {url!r}.")


def _new_message_id() -> str:
    return f"<{uuid.uuid4()}@{settings.SHOP_EMAIL.rpartition('@')[2]}>"
