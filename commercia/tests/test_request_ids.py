"""One request id goes from the browser through the outbox row and the message to the task's log line."""

import logging

import pytest
import structlog
from celery import current_app
from celery.worker.request import Request
from kombu import Connection

from accounts.models import User
from core import clock, nudge
from notifications.models import Email

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _tasks_are_known():
    """Import the tasks as a worker does at its start. Celery sets Django up again with that, and with it the logs."""
    current_app.loader.import_default_modules()


@pytest.fixture
def published(monkeypatch, settings):
    """Return the messages that nudge hands to the broker: (task name, options of send_task)."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    messages = []
    monkeypatch.setattr(nudge, "_ensure_publisher", lambda: None)
    monkeypatch.setattr(
        nudge._hints,
        "put_nowait",
        lambda hint: messages.append((hint[0], {"args": hint[1], "headers": {"request_id": hint[2]}})),
    )
    return messages


def run_as_a_worker_does(name, options):
    """Send a message through a real (in-memory) queue and run what comes out, without a worker process."""
    with Connection("memory://") as connection:
        current_app.send_task(name, connection=connection, **options)
        queue = connection.SimpleQueue(current_app.amqp.queues[current_app.conf.task_default_queue])
        message = queue.get(timeout=5)
        try:
            Request(message, app=current_app._get_current_object(), decoded=False).execute()
        finally:
            message.ack()
            queue.close()


def test_one_id_from_the_request_to_the_tasks_log_line(client, published, caplog, django_capture_on_commit_callbacks):
    User.objects.create_user("dara@example.com", "a long sentence 42", email_verified_at=clock.now())
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            "/account/password/forgotten/",
            {"email": "dara@example.com"},
            headers={"x-request-id": "browser-0123456789"},
        )
    assert answer["X-Request-ID"] == "browser-0123456789"

    letter = Email.objects.get()
    assert letter.request_id == "browser-0123456789"
    assert [(name, options["args"], options["headers"]) for name, options in published] == [
        ("notifications.deliver_email", (letter.pk,), {"request_id": "browser-0123456789"})
    ]

    with caplog.at_level(logging.INFO):
        run_as_a_worker_does(*published[0])
    letter.refresh_from_db()
    assert letter.state == "sent"
    lines = [record.msg for record in caplog.records if record.name.startswith("notifications")]
    assert [(line["event"], line["request_id"]) for line in lines] == [("letter_sent", "browser-0123456789")]


def test_the_id_of_a_task_does_not_stay_behind(published):
    seen = []

    @current_app.task(name="tests.show_request_id", shared=False)
    def show():
        seen.append(structlog.contextvars.get_contextvars().get("request_id"))

    try:
        run_as_a_worker_does("tests.show_request_id", {"args": (), "headers": {"request_id": "browser-0123456789"}})
        run_as_a_worker_does("tests.show_request_id", {"args": ()})
    finally:
        current_app.tasks.pop("tests.show_request_id")
    assert seen[0] == "browser-0123456789"
    assert seen[1] not in {None, "", "browser-0123456789"}
    assert structlog.contextvars.get_contextvars() == {}


def test_an_id_that_is_no_id_is_replaced(client):
    answer = client.get("/account/password/forgotten/", headers={"x-request-id": "x\r\nSet-Cookie: a=b"})
    assert answer.status_code == 200
    assert len(answer["X-Request-ID"]) == 32
