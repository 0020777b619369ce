"""Forgotten and changed passwords."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import links
from accounts.models import User
from accounts.passwords import change_password, request_password_reset, reset_link_works, reset_password
from accounts.sessions import revoke_refresh_tokens, spend_refresh_token
from accounts.signals import email_verified
from accounts.tests.factories import PASSWORD, make_user
from core.refusals import Refusal
from notifications.models import Email

pytestmark = pytest.mark.django_db
NEW = "seven loud herons"


def test_from_forgotten_to_new():
    user = make_user("dara@example.com")
    request_password_reset("Dara@example.com")
    letter = Email.objects.get()
    assert (letter.kind, letter.to) == ("reset_password", "dara@example.com")
    uid, token = re.search(r"http://testserver/account/password/reset/([^/]+)/([^/]+)/\n", letter.text).groups()
    assert reset_link_works(uid, token)
    assert reset_password(uid, token, new_password=NEW) == user
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert Email.objects.order_by("pk").last().kind == "password_changed"
    assert not reset_link_works(uid, token)
    with pytest.raises(Refusal) as refused:
        reset_password(uid, token, new_password="another good one")
    assert refused.value.code == "link_invalid"


def test_request_gives_nothing_away():
    make_user("waiting@example.com", verified=False)
    make_user("closed@example.com", is_active=False)
    for who in ("waiting", "closed", "unknown"):
        assert request_password_reset(f"{who}@example.com") is None
    assert list(Email.objects.values_list("to", flat=True)) == ["waiting@example.com"]


def test_reset_proves_the_mailbox():
    user = make_user(verified=False)
    heard = []

    def hear(sender, user, **kwargs):
        heard.append(user)

    email_verified.connect(hear)
    try:
        reset_password(links.uid_of(user), links.reset_token(user), new_password=NEW)
    finally:
        email_verified.disconnect(hear)
    user.refresh_from_db()
    assert user.has_verified_email
    assert heard == [user]


def test_weak_password_leaves_everything_and_the_link_works_on():
    user = make_user(verified=False)
    uid, token = links.uid_of(user), links.reset_token(user)
    with pytest.raises(Refusal) as refused:
        reset_password(uid, token, new_password="password")
    assert refused.value.code == "password_refused"
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not user.has_verified_email
    assert not Email.objects.exists()
    assert reset_password(uid, token, new_password=NEW) == user


def test_link_works_for_a_day_and_not_for_verifying():
    user = make_user(verified=False)
    with time_machine.travel(datetime(2026, 11, 21, 9, 0, tzinfo=UTC), tick=False) as clock:
        token = links.reset_token(user)
        clock.shift(timedelta(hours=24))
        assert reset_link_works(links.uid_of(user), token)
        clock.shift(1)
        assert not reset_link_works(links.uid_of(user), token)
    verification = links.verification_token(user).partition(".")[2]
    assert not reset_link_works(links.uid_of(user), verification)


@pytest.mark.parametrize("uid", ["", "x", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA", "é", "\x00", "LTE", "a" * 10_000])
def test_strange_uids(uid):
    user = make_user()
    assert not reset_link_works(uid, links.reset_token(user))
    with pytest.raises(Refusal) as refused:
        reset_password(uid, "x", new_password=NEW)
    assert refused.value.code == "link_invalid"


def test_closed_account_cannot_be_reset():
    user = make_user()
    token = links.reset_token(user)
    User.objects.update(is_active=False)
    with pytest.raises(Refusal):
        reset_password(links.uid_of(user), token, new_password=NEW)


@pytest.mark.parametrize("how", ["reset", "change"])
def test_new_password_ends_sessions_and_refresh_tokens(how):
    user, other = make_user(), make_user()
    browser, elsewhere = Client(), Client()
    browser.force_login(user)
    elsewhere.force_login(other)
    token, kept = RefreshToken.for_user(user), RefreshToken.for_user(other)
    if how == "reset":
        reset_password(links.uid_of(user), links.reset_token(user), new_password=NEW)
    else:
        change_password(user, current_password=PASSWORD, new_password=NEW, by=user)
    with pytest.raises(Refusal) as refused:
        spend_refresh_token(token["jti"])
    assert refused.value.code == "token_not_valid"
    spend_refresh_token(kept["jti"])
    request = type("Request", (), {"session": browser.session})()
    assert not get_user(request).is_authenticated
    assert get_user(type("Request", (), {"session": elsewhere.session})()) == other


def test_revoking_counts_what_was_still_good():
    user = make_user()
    first = RefreshToken.for_user(user)
    RefreshToken.for_user(user)
    spend_refresh_token(first["jti"])
    assert revoke_refresh_tokens(user) == 1
    assert revoke_refresh_tokens(user) == 0


def test_change_needs_the_current_password():
    user = make_user()
    with pytest.raises(Refusal) as refused:
        change_password(user, current_password="wrong", new_password=NEW, by=user)
    assert refused.value.code == "wrong_password"
    with pytest.raises(Refusal) as refused:
        change_password(user, current_password=PASSWORD, new_password="12345678", by=user)
    assert refused.value.code == "password_refused"
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not Email.objects.exists()


def test_change_writes_a_letter_with_the_shops_own_time():
    user = make_user("dara@example.com", first_name="Dara")
    with time_machine.travel(datetime(2026, 11, 21, 9, 0, tzinfo=UTC), tick=False):
        change_password(user, current_password=PASSWORD, new_password=NEW, by=user)
    letter = Email.objects.get()
    assert letter.text.startswith(
        "Hello Dara,\n\nthe password of your account at Commercia was changed on 21 November 2026, 16:00."
    )
    assert "http://testserver/account/password/forgotten/\n" in letter.text


def test_refresh_token_that_was_never_given_out_is_refused():
    with pytest.raises(Refusal) as refused:
        spend_refresh_token("0" * 32)
    assert refused.value.code == "token_not_valid"
