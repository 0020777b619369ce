"""Two at once, on a database server with real row locks."""

from functools import partial

import pytest
from django.db import connection
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.addresses import make_default, save_address
from accounts.models import Address, User
from accounts.registration import register
from accounts.second_factor import prove, renew_recovery_codes
from accounts.sessions import spend_refresh_token
from accounts.tests.factories import PASSWORD, make_staff, make_user
from accounts.tests.signing import app_code, make_app
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


def test_a_code_of_the_app_opens_once_however_many_send_it():
    device = make_app(make_staff())
    code = app_code(device.key)
    answers = run_together(
        [partial(prove, device.user, code=code, address=f"192.0.2.{n}") for n in range(10)], at_once=10
    )
    assert answers.count(None) == 1
    assert [answer.code for answer in answers if answer is not None] == ["wrong_code"] * 9


def test_the_lock_is_what_makes_it_once(monkeypatch):
    """The negative control: without the row's lock more than one of ten gets in."""
    monkeypatch.setattr("django.db.models.query.QuerySet.select_for_update", lambda self, **options: self)
    device = make_app(make_staff())
    code = app_code(device.key)
    calls = [partial(prove, device.user, code=code, address=f"192.0.2.{n}") for n in range(10)]
    most = 0
    for _ in range(20):
        type(device).objects.update(last_t=-1)
        most = max(most, run_together(calls, at_once=10).count(None))
    assert most > 1


def test_a_recovery_code_opens_once_however_many_send_it():
    device = make_app(make_staff())
    code = renew_recovery_codes(device.user, by=None)[0]
    answers = run_together(
        [partial(prove, device.user, code=code, address=f"192.0.2.{n}") for n in range(10)], at_once=10
    )
    assert answers.count(None) == 1
