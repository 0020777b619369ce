"""The second factor of staff: a code from an app (RFC 6238), or one of ten recovery codes when the phone is gone."""

import re
from typing import Any

import structlog
from django.db.models import F
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from accounts import letters
from accounts.models import RecoveryCode, User
from core import clock
from core.codes import ALPHABET, public_code, token_hash
from core.db import atomic_retry
from core.models import AuditEntry
from core.refusals import Refusal
from core.tallies import count_try, forget_tries
from core.timeline import event_values

log = structlog.get_logger(__name__)

# Ten codes of 12 letters: 58 bits each.
RECOVERY_CODES, RECOVERY_LENGTH = 10, 12
# A clock may be one step of 30 s early or late.
TOLERANCE = 1
TRIES, TRY_SECONDS = 5, 15 * 60
APP_CODE = re.compile(r"[0-9]{6}")
RECOVERY_CODE = re.compile(f"[{ALPHABET}]{{{RECOVERY_LENGTH}}}")


def new_key() -> str:
    """Return a fresh secret for an app: 160 bits in hex (RFC 4226 recommends as many)."""
    return random_hex(20)


def setup_address(user: User, key: str) -> str:
    """Return the otpauth:// address that an app reads from a picture."""
    return TOTPDevice(user=user, key=key).config_url


def has_factor(user: User) -> bool:
    """Tell whether an app is set up for this person. One query."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes still work. One query."""
    return user.recovery_codes.filter(used_at=None).count()


def enrol(user: User, *, key: str, code: str, address: str, by: Any) -> list[str]:
    """Set up the app that holds `key` and shows `code` now, and return ten recovery codes: only now can they be seen.

    An earlier app and earlier codes stop to work, and all sessions and tokens of the person end: the caller renews its
    own. `address` is the caller's, by which wrong codes are counted. Raises Refusal("wrong_code") and TooManyTries.
    """
    count_try("second_factor", str(user.pk), address, most=TRIES, seconds=TRY_SECONDS)
    device = TOTPDevice(user=user, key=key, name="app", confirmed=True)
    if not _fits(device, _plain(code)):
        raise _wrong_code()
    codes = _store(user, device, by=by)
    forget_tries("second_factor", str(user.pk), address)
    return codes


def prove(user: User, *, code: str, address: str) -> None:
    """Take a code of the app, or a recovery code. Each code is good for one time.

    Five wrong codes close the door for a quarter of an hour to this address alone: whoever tries elsewhere keeps nobody
    out. Raises Refusal("wrong_code") and TooManyTries.
    """
    count_try("second_factor", str(user.pk), address, most=TRIES, seconds=TRY_SECONDS)
    given = _plain(code)
    accepted = _spend_recovery_code(user, given) if RECOVERY_CODE.fullmatch(given) else _spend_app_code(user, given)
    if not accepted:
        log.warning("second_factor_refused", user=user.pk)
        raise _wrong_code()
    forget_tries("second_factor", str(user.pk), address)


@atomic_retry
def renew_recovery_codes(user: User, *, by: Any) -> list[str]:
    """Return ten fresh recovery codes; the earlier ones stop to work. Raises Refusal("no_second_factor")."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not has_factor(locked):
        raise Refusal("no_second_factor", "Set up an app first.")
    _record(locked, "recovery_codes_renewed", by=by)
    return _fresh_codes(locked)


@atomic_retry
def reset_second_factor(user: User, *, by: Any, reason: str = "") -> None:
    """Take app and recovery codes away: the next log-in sets up new ones. All sessions and tokens of the person end."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    TOTPDevice.objects.filter(user=locked).delete()
    locked.recovery_codes.all().delete()
    _end_everywhere(locked)
    _record(locked, "second_factor_reset", by=by, reason=reason)
    letters.second_factor_changed(locked, what="taken off")


@atomic_retry
def _store(user: User, device: TOTPDevice, *, by: Any) -> list[str]:
    locked = User.objects.select_for_update().get(pk=user.pk)
    is_first = not TOTPDevice.objects.filter(user=locked).exists()
    TOTPDevice.objects.filter(user=locked).delete()
    device.pk = None
    device.save(force_insert=True)
    _end_everywhere(locked)
    _record(locked, "second_factor_set_up" if is_first else "second_factor_replaced", by=by)
    letters.second_factor_changed(locked, what="set up")
    return _fresh_codes(locked)


@atomic_retry
def _spend_app_code(user: User, code: str) -> bool:
    """Take a code once: the row's lock makes the second of two equal codes find the first one's time step."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk").first()
    if device is None or not _fits(device, code):
        return False
    device.save(update_fields=["last_t", "drift"])
    return True


@atomic_retry
def _spend_recovery_code(user: User, code: str) -> bool:
    spent = user.recovery_codes.filter(code_hash=token_hash(code), used_at=None).update(used_at=clock.now())
    if spent:
        _record(user, "recovery_code_used", by=user)
        letters.second_factor_changed(user, what="used by a recovery code")
    return bool(spent)


def _fits(device: TOTPDevice, code: str) -> bool:
    """Tell whether the app shows `code` now, and if so note its time step on `device`, unsaved."""
    if not APP_CODE.fullmatch(code):
        return False
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = clock.now().timestamp()
    if not totp.verify(int(code), TOLERANCE, device.last_t + 1):
        return False
    device.last_t, device.drift = totp.t(), totp.drift
    return True


def _fresh_codes(user: User) -> list[str]:
    user.recovery_codes.all().delete()
    codes = [public_code(RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=token_hash(code)) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def _end_everywhere(user: User) -> None:
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)


def _record(user: User, kind: str, *, by: Any, reason: str = "") -> None:
    AuditEntry.objects.create(
        model="accounts.user", object_code=str(user.pk), **event_values(kind=kind, by=by, reason=reason)
    )


def _plain(code: str) -> str:
    """Return a code as it is compared: people type spaces, hyphens and small letters."""
    return re.sub(r"[\s-]", "", code).upper()


def _wrong_code() -> Refusal:
    return Refusal(
        "wrong_code",
        "This code does not fit. Wait for the next one in your app and type it while it is shown. A code works once.",
    )
