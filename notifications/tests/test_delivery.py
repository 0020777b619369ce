"""Claim, send, mark; and what happens when one of the three fails."""

import logging
import smtplib
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction

from core.refusals import Conflict
from notifications import delivery
from notifications.models import Email
from notifications.sending import error_code, error_text, is_permanent, message_of
from notifications.tasks import deliver_due_emails, deliver_email

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Server(EmailBackend):
    """A mail server whose answers a test writes: what it raises, by recipient ("connect" for the connection)."""

    answers: dict[str, BaseException] = {}
    seen: list[str] = []
    opened = 0

    def open(self):
        Server.opened += 1
        self._answer("connect")

    def send_messages(self, messages):
        for message in messages:
            assert not any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
            Server.seen.append(message.to[0])
            self._answer(message.to[0])
        return super().send_messages(messages)

    def _answer(self, name):
        if name in Server.answers:
            raise Server.answers[name]


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    Server.answers, Server.seen, Server.opened = {}, [], 0
    return Server


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


class WorkerKilled(BaseException):
    """As kill -9: nothing after it runs in this worker."""


def refused(to: str, code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({to: (code, f"{code} no <{to}>".encode())})


def test_letter_is_sent_with_its_headers_and_both_parts(queue, clock):
    email = queue()
    assert deliver_due_emails() == 1
    [message] = mail.outbox
    assert message.to == ["dara@example.com"]
    assert message.from_email == "Commercia <shop@localhost>"
    raw = message.message()
    assert raw["Message-ID"] == email.message_id
    assert raw["Date"] == "Sat, 21 Nov 2026 09:00:00 +0000"
    assert raw["Auto-Submitted"] == "auto-generated"
    assert raw.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in raw.get_payload()] == ["text/plain", "text/html"]
    email.refresh_from_db()
    assert (email.state, email.tries, email.sent_at, email.last_error) == ("sent", 1, START, "")


def test_each_try_gives_the_same_message_apart_from_the_mime_boundary(queue):
    email = queue()
    one, two = (message_of(email, sender="Shop <shop@localhost>").message() for _ in range(2))
    for message in (one, two):
        message.set_boundary("b")
    assert one.as_bytes() == two.as_bytes()


def test_nothing_is_sent_twice(queue):
    email = queue()
    assert deliver_due_emails() == 1
    assert deliver_due_emails() == 0
    assert deliver_email(email.pk) is False
    assert len(mail.outbox) == 1


def test_batch_keeps_the_order_and_uses_one_connection(queue, server):
    for n in (3, 1, 2):
        queue(f"k{n}", to=f"p{n}@example.com")
    assert deliver_due_emails() == 3
    assert server.seen == ["p3@example.com", "p1@example.com", "p2@example.com"]
    assert server.opened == 1


def test_limit_leaves_the_rest_for_the_next_sweep(queue, server):
    for n in range(3):
        queue(f"k{n}", to=f"p{n}@example.com")
    assert delivery.deliver_due(limit=2) == 2
    assert Email.objects.filter(state="queued", tries=0).count() == 1


def test_batch_stops_before_the_worker_is_killed_for_its_time(queue, server, clock, monkeypatch):
    for n in range(3):
        queue(f"k{n}", to=f"p{n}@example.com")
    monkeypatch.setattr(Server, "_answer", lambda self, name: clock.shift(70) if "@" in name else None)
    assert delivery.deliver_due() == 2


def test_back_off_and_giving_up(queue, server, clock):
    email = queue()
    server.answers = {email.to: smtplib.SMTPServerDisconnected("gone")}
    waits = []
    for tries in range(1, 8):
        assert deliver_due_emails() == 0
        email.refresh_from_db()
        assert (email.state, email.tries) == ("queued", tries)
        assert email.last_error == "SMTPServerDisconnected: gone"
        waits.append(email.due_at - START)
        clock.shift(email.due_at - START - timedelta(seconds=1))
        assert deliver_due_emails() == 0
        assert len(server.seen) == tries, "tried before it was due"
        clock.move_to(START)
        Email.objects.update(due_at=START)
    minute = timedelta(minutes=1)
    assert waits == [minute / 2, 2 * minute, 10 * minute, 60 * minute, 360 * minute, 360 * minute, 360 * minute]
    deliver_due_emails()
    email.refresh_from_db()
    assert (email.state, email.tries) == ("failed", 8)
    assert list(Email.objects.given_up()) == [email]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (refused("dara@example.com", 550), "failed"),
        (refused("dara@example.com", 451), "queued"),
        (smtplib.SMTPDataError(554, b"5.7.1 rejected"), "failed"),
        (smtplib.SMTPDataError(452, b"4.3.1 full"), "queued"),
        (smtplib.SMTPSenderRefused(550, b"5.7.1 not you", "shop@localhost"), "queued"),
        (ValueError("no header"), "failed"),
        (TimeoutError("slow"), "queued"),
        (RuntimeError("a mail service's own error"), "queued"),
    ],
)
def test_which_errors_are_final(queue, server, error, state):
    email = queue()
    server.answers = {email.to: error}
    deliver_due_emails()
    email.refresh_from_db()
    assert (email.state, email.tries) == (state, 1)
    assert is_permanent(error) is (state == "failed")


def test_one_bad_letter_does_not_stop_the_ones_behind_it(queue, server):
    for n in range(3):
        queue(f"k{n}", to=f"p{n}@example.com")
    server.answers = {"p0@example.com": refused("p0@example.com", 550), "p1@example.com": RuntimeError("odd")}
    assert deliver_due_emails() == 1
    assert server.seen == ["p0@example.com", "p1@example.com", "p2@example.com"]
    assert list(Email.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "queued", "sent"]


def test_dead_server_costs_one_letter_one_try(queue, server, clock):
    for n in range(3):
        queue(f"k{n}", to=f"p{n}@example.com")
    server.answers = {"connect": ConnectionRefusedError(111, "Connection refused")}
    assert deliver_due_emails() == 0
    assert list(Email.objects.order_by("pk").values_list("tries", flat=True)) == [1, 0, 0]
    assert Email.objects.order_by("pk").first().last_error == "ConnectionRefusedError: [Errno 111] Connection refused"
    server.answers = {}
    clock.shift(30)
    assert deliver_due_emails() == 3


def test_dead_server_does_not_reach_the_one_who_queues(queue, server, django_capture_on_commit_callbacks):
    server.answers = {"connect": ConnectionRefusedError(111, "Connection refused")}
    with django_capture_on_commit_callbacks(execute=True):
        email = queue()
    email.refresh_from_db()
    assert (email.state, email.tries) == ("queued", 1)


def test_worker_killed_before_the_server_answers_gives_the_letter_back_within_a_minute(queue, server, clock):
    email = queue()
    server.answers = {email.to: WorkerKilled()}
    with pytest.raises(WorkerKilled):
        deliver_due_emails()
    email.refresh_from_db()
    assert (email.state, email.tries, email.due_at) == ("queued", 1, START + timedelta(seconds=25))
    server.answers = {}
    assert deliver_due_emails() == 0, "the lease still holds"
    clock.shift(30)
    assert deliver_due_emails() == 1
    email.refresh_from_db()
    assert (email.state, email.tries) == ("sent", 2)


def test_worker_killed_between_the_servers_yes_and_our_mark_sends_again_with_the_same_id(
    queue, server, clock, monkeypatch
):
    queue()
    with monkeypatch.context() as patch, pytest.raises(WorkerKilled):
        patch.setattr(delivery, "_mark_sent", lambda email: (_ for _ in ()).throw(WorkerKilled()))
        deliver_due_emails()
    clock.shift(30)
    assert deliver_due_emails() == 1
    first, second = mail.outbox
    assert first.message()["Message-ID"] == second.message()["Message-ID"]
    assert deliver_due_emails() == 0


def test_letter_that_kills_every_worker_is_given_up(queue, server):
    email = queue()
    Email.objects.update(tries=8)
    later = queue("k2", to="next@example.com")
    assert deliver_due_emails() == 1
    assert server.seen == [later.to]
    email.refresh_from_db()
    assert (email.state, email.last_error) == ("failed", "The worker stopped during every try.")


def test_late_failure_does_not_undo_what_another_worker_sent(queue):
    email = queue()
    claimed = delivery._claim()
    Email.objects.filter(pk=email.pk).update(state="sent")
    delivery._put_back(claimed, TimeoutError("slow"), permanent=False)
    email.refresh_from_db()
    assert (email.state, email.last_error) == ("sent", "")


def test_late_failure_does_not_touch_another_workers_lease(queue):
    queue()
    claimed = delivery._claim()
    Email.objects.update(tries=2)
    delivery._put_back(claimed, TimeoutError("slow"), permanent=True)
    assert Email.objects.get().state == "queued"


def test_sending_inside_a_transaction_is_an_error(queue):
    email = queue()
    with pytest.raises(RuntimeError, match="outside any transaction"), transaction.atomic():
        delivery.deliver(email.pk)
    assert mail.outbox == []
    assert Email.objects.get().tries == 0


@pytest.mark.django_db(transaction=True)
def test_lease_is_renewed_while_a_slow_server_thinks(queue, server, monkeypatch, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)
    monkeypatch.setattr(delivery, "RENEW_AFTER_SECONDS", 0.01)
    renewed = threading.Event()
    real_now = delivery.clock.now
    queue()

    def notice(self, name):
        if "@" not in name:
            return
        before = Email.objects.get().due_at
        for _ in range(500):
            if Email.objects.get().due_at > before:
                renewed.set()
                return
            threading.Event().wait(0.01)

    monkeypatch.setattr(Server, "_answer", notice)
    assert delivery.deliver_due() == 1
    assert renewed.is_set()
    assert real_now() - Email.objects.get().sent_at < timedelta(minutes=1)


def test_logs_carry_the_request_id_and_no_address(queue, server, caplog):
    ids = ["request-aaaaaaaa", "request-bbbbbbbb"]
    for n, request_id in enumerate(ids):
        email = queue(f"k{n}", to=f"p{n}@example.com")
        Email.objects.filter(pk=email.pk).update(request_id=request_id)
    server.answers = {"p1@example.com": refused("p1@example.com", 550)}
    with caplog.at_level(logging.INFO):
        deliver_due_emails()
    lines = [record.msg for record in caplog.records if record.name.startswith("notifications")]
    assert [(line["event"], line["request_id"], line["level"]) for line in lines] == [
        ("letter_sent", ids[0], "info"),
        ("letter_failed", ids[1], "warning"),
    ]
    assert lines[1]["error"] == "SMTPRecipientsRefused 550"
    assert "@" not in repr(lines)


def test_error_words_for_staff_and_for_the_log():
    error = smtplib.SMTPDataError(452, b"4.3.1 mailbox full")
    assert (error_text(error), error_code(error)) == ("452 4.3.1 mailbox full", "SMTPDataError 452")
    assert error_text(refused("a@example.com", 550)) == "550 550 no <a@example.com>"


def test_given_up_letter_is_sent_again_by_hand(queue, server, django_capture_on_commit_callbacks):
    email = queue()
    Email.objects.update(state="failed", tries=8, last_error="550 no")
    with django_capture_on_commit_callbacks(execute=True):
        delivery.resend(email, by=None)
    email.refresh_from_db()
    assert (email.state, email.tries, email.last_error) == ("sent", 1, "")


@pytest.mark.parametrize("state", ["queued", "sent"])
def test_other_letters_are_not_sent_again(queue, state):
    email = queue()
    Email.objects.update(state=state)
    with pytest.raises(Conflict) as conflict:
        delivery.resend(email, by=None)
    assert conflict.value.code == "wrong_state"
    assert Email.objects.get().state == state
