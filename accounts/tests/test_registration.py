"""Open an account, prove the mailbox, give nothing away."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import links, registration
from accounts.models import User
from accounts.registration import register, resend_verification, verify_email
from accounts.signals import email_verified
from accounts.tests.factories import PASSWORD, make_staff, make_user
from core.refusals import Refusal
from notifications.models import Email

pytestmark = pytest.mark.django_db
OTHER = "seven loud herons"


def kinds():
    return list(Email.objects.order_by("pk").values_list("kind", "to"))


def token_in(email: Email) -> str:
    return re.search(r"http://testserver/account/verify/([^/]+)/\n", email.text).group(1)


@pytest.fixture
def heard():
    users = []

    def hear(sender, user, **kwargs):
        users.append((user, connection.in_atomic_block))

    email_verified.connect(hear)
    yield users
    email_verified.disconnect(hear)


def test_from_registration_to_verified(heard):
    assert register(email=" Dara@Example.com", password=PASSWORD, first_name=" Dara ", last_name="Sok") is None
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("dara@example.com", "Dara", "Sok")
    assert user.check_password(PASSWORD)
    assert not user.has_verified_email
    assert kinds() == [("verify_email", "dara@example.com")]
    assert verify_email(token_in(Email.objects.get())) == user
    user.refresh_from_db()
    assert user.has_verified_email
    assert heard == [(user, True)]


def test_second_click_changes_nothing(heard):
    user = make_user(verified=False)
    token = links.verification_token(user)
    first = verify_email(token).email_verified_at
    assert verify_email(token).email_verified_at == first
    assert len(heard) == 1


def test_error_in_a_listener_stops_the_verification(heard):
    user = make_user(verified=False)

    def fail(sender, **kwargs):
        raise ZeroDivisionError

    email_verified.connect(fail)
    try:
        with pytest.raises(ZeroDivisionError):
            verify_email(links.verification_token(user))
    finally:
        email_verified.disconnect(fail)
    user.refresh_from_db()
    assert not user.has_verified_email


def test_known_and_verified_gets_a_letter_and_stays_as_it_is():
    user = make_user("dara@example.com", first_name="Dara")
    before = user.password
    register(email="DARA@example.com", password=OTHER, first_name="Eve")
    user.refresh_from_db()
    assert (user.password, user.first_name) == (before, "Dara")
    assert kinds() == [("already_registered", "dara@example.com")]
    register(email="dara@example.com", password=OTHER)
    assert len(kinds()) == 1, "a stranger cannot fill the mailbox"


def test_known_and_unverified_gets_a_fresh_link_and_the_latest_password_counts():
    """Whoever registered first with somebody else's address must not keep a password there."""
    register(email="dara@example.com", password=OTHER, first_name="Eve")
    register(email="dara@example.com", password=PASSWORD, first_name="Dara")
    user = User.objects.get()
    assert user.check_password(PASSWORD)
    assert user.first_name == "Dara"
    first, second = Email.objects.order_by("pk")
    with pytest.raises(Refusal) as refused:
        verify_email(token_in(first))
    assert refused.value.code == "link_invalid"
    assert verify_email(token_in(second)) == user


def test_unverified_staff_account_keeps_its_password():
    staff = make_staff("new.colleague@example.com", verified=False)
    register(email=staff.email, password=OTHER)
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)
    assert kinds() == [("verify_email", staff.email)]


def test_closed_account_stays_closed():
    user = make_user("dara@example.com", is_active=False, verified=False)
    register(email=user.email, password=OTHER)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not user.is_active
    assert kinds() == [("already_registered", user.email)]


def test_each_kind_of_registration_costs_one_hash_and_one_letter(monkeypatch):
    make_user("verified@example.com")
    make_user("waiting@example.com", verified=False)
    costs = []
    real = registration.make_password
    monkeypatch.setattr(registration, "make_password", lambda password: costs.append("hash") or real(password))
    counts = {}
    for who in ("new", "verified", "waiting"):
        with CaptureQueriesContext(connection) as queries:
            assert register(email=f"{who}@example.com", password=OTHER) is None
        counts[who] = [query["sql"].split()[0] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert costs == ["hash"] * 3
    assert counts == {
        "new": ["SELECT", "INSERT", "SELECT", "SELECT", "INSERT"],
        "verified": ["SELECT", "SELECT", "SELECT", "INSERT"],
        "waiting": ["SELECT", "UPDATE", "SELECT", "SELECT", "INSERT"],
    }


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "x" * 10_000 + "@example.com"}, "invalid_values"),
        ({"email": "dara\n@example.com"}, "invalid_values"),
        ({"email": "da\x00ra@example.com"}, "invalid_values"),
        ({"email": ""}, "invalid_values"),
        ({"first_name": "x" * 81}, "invalid_values"),
        ({"last_name": "a\nBcc: b"}, "invalid_values"),
        ({"password": "password"}, "password_refused"),
        ({"password": "x7 " * 10_000}, "password_refused"),
        ({"password": "dara@example"}, "password_refused"),
    ],
)
def test_bad_input_is_refused_the_same_way_whoever_it_is(known, values, code):
    if known:
        make_user("dara@example.com")
    with pytest.raises(Refusal) as refused:
        register(**{"email": "dara@example.com", "password": PASSWORD, **values})
    assert refused.value.code == code
    assert User.objects.count() == known
    assert kinds() == []


@pytest.mark.django_db(transaction=True)
def test_same_email_registered_at_the_same_moment(monkeypatch):
    """The account appears between our look and our insert."""
    rival = make_user("dara@example.com", verified=False)
    real = User.objects.select_for_update

    class Blind:
        def filter(self, **by):
            return self

        def first(self):
            monkeypatch.setattr(User.objects, "select_for_update", real)

    monkeypatch.setattr(User.objects, "select_for_update", Blind)
    register(email="dara@example.com", password=OTHER)
    assert User.objects.get() == rival
    assert User.objects.get().check_password(OTHER)
    assert kinds() == [("verify_email", "dara@example.com")]


def test_resend_writes_to_those_who_wait_only():
    make_user("verified@example.com")
    make_user("waiting@example.com", verified=False)
    make_user("closed@example.com", verified=False, is_active=False)
    for who in ("verified", "WAITING", "closed", "unknown"):
        assert resend_verification(f"{who}@example.com") is None
    assert kinds() == [("verify_email", "waiting@example.com")]


def test_resend_is_quiet_for_two_minutes():
    make_user("waiting@example.com", verified=False)
    with time_machine.travel(datetime(2026, 11, 21, 9, 0, tzinfo=UTC), tick=False) as clock:
        resend_verification("waiting@example.com")
        clock.shift(119)
        resend_verification("waiting@example.com")
        assert len(kinds()) == 1
        clock.shift(1)
        resend_verification("waiting@example.com")
        assert len(kinds()) == 2


def test_link_works_for_a_day():
    user = make_user(verified=False)
    with time_machine.travel(datetime(2026, 11, 21, 9, 0, tzinfo=UTC), tick=False) as clock:
        token = links.verification_token(user)
        clock.shift(timedelta(hours=24, seconds=1))
        with pytest.raises(Refusal):
            verify_email(token)
        clock.shift(-1)
        assert verify_email(token) == user


@pytest.mark.parametrize("change", [{"password": "md5$new$hash"}, {"email": "new@example.com"}, {"is_active": False}])
def test_link_dies_with_a_change_of_the_account(change):
    user = make_user(verified=False)
    token = links.verification_token(user)
    User.objects.update(**change)
    with pytest.raises(Refusal) as refused:
        verify_email(token)
    assert refused.value.code == "link_invalid"
    assert User.objects.get().email_verified_at is None


def test_links_are_for_one_purpose_and_one_person():
    user, other = make_user(verified=False), make_user(verified=False)
    signature = links.verification_token(user).partition(".")[2]
    for token in (
        f"{links.uid_of(user)}.{links.reset_token(user)}",
        f"{links.uid_of(other)}.{signature}",
        signature,
        f"{links.uid_of(user)}.",
        "",
        ".",
        "a" * 10_000,
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA." + signature,
        "x\x00y." + signature,
        "é." + signature,
        "LTE." + signature,
    ):
        with pytest.raises(Refusal) as refused:
            verify_email(token)
        assert refused.value.code == "link_invalid"
    assert not User.objects.exclude(email_verified_at=None).exists()
