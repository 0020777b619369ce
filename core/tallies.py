"""Count tries where every process and machine sees them: in the database, so that a lost cache opens no door."""

import math
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from core import clock
from core.codes import token_hash
from core.db import atomic_retry
from core.models import Tally
from core.refusals import TooManyTries

WORDS = "This was tried too often. Nothing was changed. Wait {minutes}, then try again."


def count_try(what: str, *whose: str, most: int, seconds: int, words: str = WORDS) -> None:
    """Count one try of `what` by `whose` (account, address …); at most `most` are let through in `seconds`.

    The try is counted before it is made and in a transaction of its own, so that a thousand tries at once are a
    thousand. Raises TooManyTries; a refused try is not counted, so the end of the wait does not move.
    """
    key = _key(what, *whose)
    if _counted(key, most=most, seconds=seconds):
        return
    raise _too_many(key, words)


def refuse_if_used_up(what: str, *whose: str, most: int, words: str = WORDS) -> None:
    """Raise TooManyTries when `count_try` would, without counting. One query."""
    key = _key(what, *whose)
    if Tally.objects.filter(key=key, count__gte=most, resets_at__gt=clock.now()).exists():
        raise _too_many(key, words)


@atomic_retry
def forget_tries(what: str, *whose: str) -> None:
    """Start the count of `what` by `whose` afresh, after a try that was right."""
    Tally.objects.filter(key=_key(what, *whose)).delete()


@atomic_retry
def _counted(key: str, *, most: int, seconds: int) -> bool:
    now = clock.now()
    mine = Tally.objects.filter(key=key)
    if mine.filter(resets_at__gt=now, count__lt=most).update(count=F("count") + 1):
        return True
    afresh = {"count": 1, "resets_at": now + timedelta(seconds=seconds)}
    if mine.filter(resets_at__lte=now).update(**afresh):
        return True
    if mine.exists():
        return False
    try:
        with transaction.atomic():
            Tally.objects.create(key=key, **afresh)
    except IntegrityError:
        # Somebody else's first try came between: ours is one more.
        return bool(mine.filter(resets_at__gt=now, count__lt=most).update(count=F("count") + 1))
    return True


def _too_many(key: str, words: str) -> TooManyTries:
    until = Tally.objects.filter(key=key).values_list("resets_at", flat=True).first()
    wait = max(1, math.ceil((until - clock.now()).total_seconds())) if until else 1
    minutes = math.ceil(wait / 60)
    return TooManyTries(words.format(minutes=f"{minutes} minutes" if minutes > 1 else "a minute"), wait=wait)


def _key(what: str, *whose: str) -> str:
    return token_hash("\n".join((what, *whose)))
