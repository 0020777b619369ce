"""Two at once, on a database server with real row locks."""

from functools import partial

import pytest
from django.db import connection
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.addresses import make_default, save_address
from accounts.models import Address, User
from accounts.registration import register
from accounts.sessions import spend_refresh_token
from accounts.tests.factories import PASSWORD, make_user
from core.refusals import Refusal
from core.tests.racing import run_together
from notifications.models import Email

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
THREADS = 8
HOME = {"full_name": "Sok Dara", "line1": "12 Street 240", "city": "Phnom Penh", "country": "KH"}


@pytest.fixture(autouse=True)
def _on_a_server_without_hints(monkeypatch):
    assert connection.vendor == "mysql", "run with DATABASE_URL=mysql://…"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


def together(work):
    """Run `work(n)` in threads that start at the same moment; return what each gave, refusals by their code."""
    answers = run_together([partial(work, n) for n in range(THREADS)], at_once=THREADS)
    return [answer.code if isinstance(answer, Refusal) else answer for answer in answers]


@pytest.mark.parametrize("seed", range(10))
def test_one_account_however_many_register_it(seed):
    email = f"dara{seed}@example.com"
    assert together(lambda n: register(email=email, password=f"{PASSWORD} {n}")) == [None] * THREADS
    user = User.objects.get(email=email)
    winners = [n for n in range(THREADS) if user.check_password(f"{PASSWORD} {n}")]
    assert len(winners) == 1
    assert set(Email.objects.values_list("kind", "to")) == {("verify_email", email)}


@pytest.mark.parametrize("seed", range(10))
def test_refresh_token_is_spent_once(seed):
    token = RefreshToken.for_user(make_user())
    answers = together(lambda n: spend_refresh_token(token["jti"]) or "spent")
    assert sorted(answers) == ["spent"] + ["token_not_valid"] * (THREADS - 1)


def test_one_default_and_never_more_than_fifty():
    user = make_user()
    Address.objects.bulk_create(Address(user=user, code=f"C{n}", full_name="x", country="KH") for n in range(46))

    def work(n):
        return make_default(save_address(user, values=HOME, by=user), by=user).is_default

    answers = together(work)
    assert sorted(map(str, answers)) == ["True"] * 4 + ["too_many_addresses"] * 4
    assert user.addresses.count() == 50
    assert user.addresses.filter(is_default=True).count() == 1
