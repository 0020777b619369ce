"""Signing people in, in tests: staff with their second factor, as the admin wants it."""

import hmac
import struct
from hashlib import sha1

from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.staff_sessions import PROVED, SEEN, STARTED
from core import clock

STEP_SECONDS = 30


class ShopClient(Client):
    """Django's test client; whoever of the staff is signed in by force has proven the second factor, too."""

    def force_login(self, user: User, backend: str | None = None) -> None:
        """Sign a person in without a password. `by_password_only` leaves staff before the second door."""
        super().force_login(user, backend)
        if user.is_staff:
            session = self.session
            session.update(stamps(int(clock.now().timestamp())))
            session.save()

    def by_password_only(self, user: User) -> None:
        """Sign a person in as the password alone does it."""
        super().force_login(user)


def session_of(user: User) -> str:
    """Return the cookie of a session in which the person is signed in, staff with both factors."""
    client = ShopClient()
    client.force_login(user)
    return client.cookies["sessionid"].value


def make_app(user: User) -> TOTPDevice:
    """Return the app of somebody who has set up the second factor."""
    return TOTPDevice.objects.create(user=user, name="app", confirmed=True)


def next_code(user: User) -> str:
    """Return a code that opens the door now, even if the app's present one is used up; sets up an app if need be."""
    device = TOTPDevice.objects.filter(user=user).first() or make_app(user)
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1)
    return app_code(device.key)


def app_code(key: str, *, steps: int = 0) -> str:
    """Return what an app with this secret (hex) shows now, or so many steps of 30 s later. Written out, as a check."""
    moment = int(clock.now().timestamp()) // STEP_SECONDS + steps
    digest = hmac.new(bytes.fromhex(key), struct.pack(">Q", moment), sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def stamps(moment: int) -> dict[str, int]:
    """Return the stamps of a staff session that was proved at this second."""
    return {STARTED: moment, SEEN: moment, PROVED: moment}
