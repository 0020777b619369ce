"""Letters enter the outbox with the event they tell of, once."""

import re

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import request_ids
from core.refusals import Refusal
from notifications.models import Email
from notifications.outbox import queue_email

pytestmark = pytest.mark.django_db


def test_row_holds_the_whole_letter(queue, settings):
    settings.SHOP_EMAIL = "hello@shop.example"
    request_ids.bind("request-12345678")
    try:
        email = queue()
    finally:
        request_ids.clear()
    email.refresh_from_db()
    assert (email.kind, email.to, email.subject, email.state, email.tries) == (
        "greeting",
        "dara@example.com",
        "News for Dara",
        "queued",
        0,
    )
    assert email.request_id == "request-12345678"
    assert re.fullmatch(
        r"<[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}@shop\.example>", email.message_id
    )
    assert email.due_at - email.created_at < (email.created_at - email.created_at).resolution * 1_000_000


def test_same_key_is_the_same_letter(queue):
    first = queue("order:1", name="Dara")
    second = queue("order:1", to="other@example.com", name="Other")
    assert second.pk == first.pk
    assert second.to == "dara@example.com"
    assert Email.objects.count() == 1


def test_queueing_asks_no_mail_server_and_costs_five_queries(queue):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        queue()
    kinds = [query["sql"].split()[0] for query in queries]
    assert kinds == ["SAVEPOINT", "SELECT", "SELECT", "SAVEPOINT", "INSERT", "RELEASE", "RELEASE"]
    assert mail.outbox == []


def test_letter_vanishes_with_the_callers_transaction(queue):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue()
        raise ZeroDivisionError
    assert not Email.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_key_written_meanwhile_leaves_the_callers_transaction_usable(queue, monkeypatch):
    """The key appears between our look and our insert, as with two requests at once."""
    first = queue("order:1")
    looks = []

    class BlindFirst:
        def first(self):
            looks.append("blind")

    real_filter = Email.objects.filter
    monkeypatch.setattr(Email.objects, "filter", lambda **by: BlindFirst() if "dedupe_key" in by else real_filter(**by))
    with transaction.atomic():
        second = queue("order:1")
        third = queue("order:2")
    assert looks == ["blind", "blind"]
    assert second.pk == first.pk
    assert set(Email.objects.values_list("pk", flat=True)) == {first.pk, third.pk}


def test_nudge_goes_out_after_the_commit_only(queue, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        queue()
        assert mail.outbox == []
    assert len(callbacks) == 1
    assert [message.subject for message in mail.outbox] == ["News for Dara"]
    assert Email.objects.get().state == "sent"


@pytest.mark.parametrize(
    "to",
    [
        "dara@example.com\nBcc: eve@example.com",
        "dara@example.com\r\n",
        "dara@example.com\x00",
        "a@example.com, b@example.com",
        "Dara <dara@example.com>",
        "dara",
        "",
        "x" * 10_000 + "@example.com",
    ],
)
def test_recipient_that_is_no_address_is_refused(queue, to):
    with pytest.raises(Refusal) as refused:
        queue(to=to)
    assert refused.value.code == "letter_header_refused"
    assert to[:20] not in refused.value.message or to == ""
    assert not Email.objects.exists()


@pytest.mark.parametrize("key", ["", "k" * 121])
def test_key_that_no_column_holds_is_a_programming_error(queue, key):
    with pytest.raises(ValueError, match="1 to 120 characters"):
        queue(key)


def test_unknown_kind_is_an_error_at_once():
    with pytest.raises(Exception, match=r"email/no_such\.subject\.txt"):
        queue_email(kind="no_such", to="a@example.com", context={}, dedupe_key="x")
