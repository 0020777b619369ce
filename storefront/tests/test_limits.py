"""Doors that are knocked at too often close to the knocker, and to nobody else."""

import pytest
from django.test import Client

from accounts.tests.factories import PASSWORD, make_user
from notifications.models import Email
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db
LOGIN, ACCOUNT = "/account/login/", "/account/"
AWAY = "198.51.100.7"


def wrong(client, email="dara@example.com"):
    return client.post(LOGIN, {"email": email, "password": "wrong password"})


@pytest.fixture
def dara():
    return make_user("dara@example.com")


def test_whoever_guesses_is_shut_out_and_the_victim_does_not_feel_it(dara, bounded):
    attacker, victim = Client(REMOTE_ADDR=AWAY), Client()
    answers = [wrong(attacker).status_code for _ in range(bounded(ci=120, prove=1000))]
    assert answers[:11] == [422] * 10 + [429]
    assert set(answers[11:]) == {429}
    closed = attacker.post(LOGIN, {"email": dara.email, "password": PASSWORD})
    assert closed.status_code == 429
    assert 0 < int(closed["Retry-After"]) <= 900
    assert "too many wrong log-ins from here" in closed.content.decode()
    assert attacker.get(ACCOUNT).status_code == 302
    assert victim.post(LOGIN, {"email": dara.email, "password": PASSWORD}).status_code == 302
    assert victim.get(ACCOUNT).status_code == 200


def test_one_address_tries_a_hundred_accounts_and_no_more(dara):
    attacker = Client(REMOTE_ADDR=AWAY)
    answers = [wrong(attacker, f"person{n}@example.com").status_code for n in range(101)]
    assert answers == [422] * 100 + [429]
    assert wrong(Client()).status_code == 422


def test_a_forgetful_person_gets_in_at_the_tenth_try_and_starts_afresh(dara):
    browser = Client()
    for _ in range(2):
        assert [wrong(browser).status_code for _ in range(9)] == [422] * 9
        assert browser.post(LOGIN, {"email": dara.email, "password": PASSWORD}).status_code == 302
        browser.logout()


def test_the_door_opens_again_after_a_quarter_of_an_hour(dara, time_machine):
    time_machine.move_to("2026-11-21 05:00:00+00:00", tick=False)
    browser = Client()
    assert [wrong(browser).status_code for _ in range(11)][-1] == 429
    time_machine.shift(15 * 60 - 1)
    assert wrong(browser).status_code == 429
    time_machine.shift(1)
    assert browser.post(LOGIN, {"email": dara.email, "password": PASSWORD}).status_code == 302


def test_what_a_client_writes_about_its_address_is_not_believed(dara):
    answers = [
        Client(REMOTE_ADDR=AWAY, headers={"X-Forwarded-For": f"203.0.113.{n}"}).post(
            LOGIN, {"email": dara.email, "password": "wrong password"}
        )
        for n in range(11)
    ]
    assert answers[-1].status_code == 429


@pytest.mark.parametrize("email", ["dara@example.com", "unknown@example.com"])
@pytest.mark.parametrize(
    ("door", "more"),
    [
        ("/account/register/", {"password": "seven loud herons"}),
        ("/account/check-mail/", {}),
        ("/account/password/forgotten/", {}),
        ("/orders/find/", {"code": "22222222"}),
    ],
)
def test_letters_are_asked_for_five_times(dara, door, more, email):
    browser = Client(REMOTE_ADDR=AWAY)
    answers = [browser.post(door, {"email": email, **more}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    letters = Email.objects.count()
    assert "You have asked for this several times" in answers[-1].content.decode()
    assert int(answers[-1]["Retry-After"]) > 0
    assert Client().post(door, {"email": email, **more}).status_code == 302
    assert Email.objects.count() - letters <= 1


def test_both_faces_of_the_look_up_count_together():
    order = make_order()
    given = {"code": order.code, "email": order.email}
    for _ in range(3):
        Client().post("/orders/find/", given)
    answers = [
        Client().post("/api/v1/orders/lookup/", given, content_type="application/json").status_code for _ in range(3)
    ]
    assert answers == [202, 202, 429]
