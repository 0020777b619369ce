"""Letters that somebody asked for say in their headers how to stop them (RFC 8058); all others do not."""

import pytest
from django.core import mail

from notifications.delivery import deliver_due
from notifications.models import Email
from notifications.outbox import queue_email

pytestmark = pytest.mark.django_db
WAY_OUT = "https://shop.example/letters/stop/" + "a" * 32 + "/"


def queue_with(url):
    return queue_email(
        kind="greeting",
        to="dara@example.com",
        context={"name": "Dara"},
        dedupe_key="greeting:1",
        unsubscribe_url=url,
    )


def test_the_headers_name_the_address_and_the_one_click():
    queue_with(WAY_OUT)
    assert deliver_due() == 1
    [message] = mail.outbox
    raw = message.message()
    assert raw["List-Unsubscribe"] == f"<{WAY_OUT}>"
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # The address must stand on one line as it is: programs call it without decoding anything.
    assert f" List-Unsubscribe: <{WAY_OUT}> ".encode() in b" ".join(raw.as_bytes().split())


def test_a_letter_about_an_order_has_no_such_headers(queue):
    queue()
    assert deliver_due() == 1
    raw = mail.outbox[0].message()
    assert "List-Unsubscribe" not in raw
    assert "List-Unsubscribe-Post" not in raw


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/\r\nBcc: all@example.com",
        "https://shop.example/>, <mailto:x@example.com",
        "https://shop.example/a b",
        "https://shop.example/é",
        "javascript:alert(1)",
        "/letters/stop/x/",
        "https://",
    ],
)
def test_an_address_that_no_header_can_hold_is_a_mistake_of_ours(url):
    with pytest.raises(ValueError, match="no address that a header can hold"):
        queue_with(url)
    assert not Email.objects.exists()
