"""How long staff stay inside: a proven second factor opens the session, and it ends by idleness and by age.

The stamps hang on Django's session, so these take the request.
"""

from typing import Any

from django.conf import settings

from accounts.models import User
from core import clock

STARTED, SEEN, PROVED = "staff_started", "staff_seen", "staff_proved"
# Written at most so often: a stamp costs a row of the session.
STAMP_SECONDS = 60
WORDS = {
    "idle": "You were away for a while, so the shop has signed you out. What you saved is safe. Log in to go on.",
    "old": "Your working day here is over, so the shop has signed you out. What you saved is safe. Log in to go on.",
}


def open_staff_session(request: Any) -> None:
    """Note that the person of this session has just proved the second factor. The session gets a new id."""
    request.session.cycle_key()
    now = _now()
    request.session.update({STARTED: now, SEEN: now, PROVED: now})


def renew_proof(request: Any) -> None:
    """Note that the person has proved the second factor once more, for what weighs more."""
    request.session.update({SEEN: _now(), PROVED: _now()})


def is_open(request: Any) -> bool:
    """Tell whether this is a session of staff with a proven second factor that has not ended."""
    user: User = request.user
    return bool(user.is_active and user.is_staff and STARTED in request.session and not why_over(request))


def why_over(request: Any) -> str:
    """Return "idle" or "old" for a staff session that has ended, else ""."""
    if STARTED not in request.session:
        return ""
    now = _now()
    if now - request.session[STARTED] >= settings.STAFF_LONGEST_HOURS * 3600:
        return "old"
    return "idle" if now - request.session[SEEN] >= settings.STAFF_IDLE_MINUTES * 60 else ""


def note_use(request: Any) -> None:
    """Note that the person is still there."""
    if _now() - request.session[SEEN] >= STAMP_SECONDS:
        request.session[SEEN] = _now()


def recently_proved(request: Any) -> bool:
    """Tell whether the second factor was proved a moment ago: asked before roles, exports and large refunds."""
    return is_open(request) and _now() - request.session[PROVED] < settings.STAFF_PROOF_MINUTES * 60


def _now() -> int:
    return int(clock.now().timestamp())
