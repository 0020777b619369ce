"""Log in and out."""

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import RequestFactory

from accounts.signals import signed_in
from accounts.signing_in import log_in, log_out
from accounts.tests.factories import PASSWORD, make_user
from core.refusals import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit():
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.session["seen"] = "before"
    request.session.save()
    return request


@pytest.fixture
def heard():
    calls = []

    def hear(sender, user, request_cart_code, **kwargs):
        calls.append((user, request_cart_code))

    signed_in.connect(hear)
    yield calls
    signed_in.disconnect(hear)


def test_log_in_and_out(visit, heard, django_capture_on_commit_callbacks):
    user = make_user("dara@example.com")
    old_key = visit.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        assert log_in(visit, email="Dara@example.com", password=PASSWORD, cart_code="guest-cart") == user
        assert heard == [], "the news waits for the commit"
    assert heard == [(user, "guest-cart")]
    assert get_user(visit) == user
    assert visit.session.session_key != old_key
    log_out(visit)
    assert not get_user(visit).is_authenticated
    assert "seen" not in visit.session
    log_out(visit)


@pytest.mark.django_db(transaction=True)
def test_rolled_back_log_in_is_no_news(visit, heard):
    make_user("dara@example.com")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        log_in(visit, email="dara@example.com", password=PASSWORD)
        raise ZeroDivisionError
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_failing_listener_never_fails_the_log_in(visit, heard, caplog):
    user = make_user("dara@example.com")

    def fail(sender, **kwargs):
        raise ZeroDivisionError("a merge that failed")

    signed_in.connect(fail)
    try:
        assert log_in(visit, email="dara@example.com", password=PASSWORD) == user
    finally:
        signed_in.disconnect(fail)
    assert heard == [(user, None)]
    assert "test_failing_listener" in caplog.text


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("dara@example.com", "wrong"),
        ("dara@example.com", ""),
        ("dara@example.com", "x" * 10_000),
        ("unknown@example.com", PASSWORD),
        ("waiting@example.com", PASSWORD),
        ("closed@example.com", PASSWORD),
        ("\x00", PASSWORD),
        ("x" * 10_000, PASSWORD),
    ],
)
def test_every_failure_has_the_same_words(visit, heard, email, password):
    make_user("dara@example.com")
    make_user("waiting@example.com", verified=False)
    make_user("closed@example.com", is_active=False)
    with pytest.raises(Refusal) as refused:
        log_in(visit, email=email, password=password)
    assert (refused.value.code, refused.value.message, refused.value.facts) == (
        "login_failed",
        "This e-mail and password do not fit together. Check both. "
        "If you have just registered, follow the link in our letter first.",
        {},
    )
    assert visit.session["seen"] == "before"
    assert heard == []
