"""How people are compared, hashed and found."""

import bcrypt
import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import identify_hasher, make_password

from accounts.backends import EmailBackend, may_sign_in
from accounts.hashers import Argon2idHasher
from accounts.models import User, email_key
from accounts.tests.factories import PASSWORD, make_user


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Dara@Example.COM", "dara@example.com"),
        ("  dara@example.com\n", "dara@example.com"),
        ("cafe\u0301@example.com", "caf\u00e9@example.com"),
        # MariaDB's collation holds ä and a for equal: two mailboxes must stay two accounts.
        ("dara@exämple.com", "dara@xn--exmple-cua.com"),
        ("no address", "no address"),
        ("a@" + "x" * 10_000, "a@" + "x" * 10_000),
        ("\x00", "\x00"),
        ("", ""),
    ],
)
def test_email_key(typed, key):
    assert email_key(typed) == key
    assert email_key(key) == key


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["DARA@example.com", " dara@example.com "])
def test_log_in_ignores_case_and_space(typed):
    user = make_user("Dara@Example.com")
    assert user.email == "dara@example.com"
    assert authenticate(None, username=typed, password=PASSWORD) == user
    assert User.objects.get_by_natural_key(typed) == user


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"verified": False}, {"is_active": False}, {"password": None}])
def test_who_may_not_sign_in(fields):
    user = make_user("dara@example.com", **fields)
    assert authenticate(None, username="dara@example.com", password=PASSWORD) is None
    assert may_sign_in(user) is (fields == {"password": None})


def test_nobody_may_not_sign_in():
    assert may_sign_in(None) is False


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email", ["dara@example.com", "waiting@example.com", "closed@example.com", "unknown@example.com"]
)
def test_every_refused_log_in_costs_one_hash_and_one_query(email, monkeypatch, django_assert_num_queries):
    make_user("dara@example.com")
    make_user("waiting@example.com", verified=False)
    make_user("closed@example.com", is_active=False)
    encoded = []
    monkeypatch.setattr(
        "django.contrib.auth.hashers.MD5PasswordHasher.encode",
        lambda self, password, salt: encoded.append(password) or f"md5${salt}$x",
    )
    with django_assert_num_queries(1):
        assert EmailBackend().authenticate(None, username=email, password="wrong password") is None
    assert encoded == ["wrong password"]


def test_passwords_are_hashed_by_argon2id_as_owasp_says(settings):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2idHasher"]
    stored = make_password(PASSWORD)
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert isinstance(identify_hasher(stored), Argon2idHasher)


@pytest.mark.django_db
def test_imported_bcrypt_hash_works_and_is_upgraded_at_the_first_log_in(settings):
    settings.PASSWORD_HASHERS = [
        "accounts.hashers.Argon2idHasher",
        "django.contrib.auth.hashers.BCryptPasswordHasher",
    ]
    user = make_user("dara@example.com")
    user.password = "bcrypt$" + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    user.save()
    assert authenticate(None, username="dara@example.com", password="wrong") is None
    assert authenticate(None, username="dara@example.com", password=PASSWORD) == user
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")


@pytest.mark.django_db
def test_superuser_needs_no_letter():
    chief = User.objects.create_superuser("Chief@Example.com", PASSWORD)
    assert (chief.email, chief.is_staff, chief.is_superuser, chief.has_verified_email) == (
        "chief@example.com",
        True,
        True,
        True,
    )
