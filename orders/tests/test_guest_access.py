"""Guests reach their order by a signed link, and the look-up gives nothing away."""

import pytest
import time_machine
from django.core import signing

from core.refusals import Refusal
from notifications.models import Email
from orders.guest_access import SALT, order_from_token, order_token, send_order_link
from orders.models import Order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_a_link_opens_its_order_for_24_hours():
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        order = make_order()
        token = order_token(order)
        clock.shift(24 * 3600)
        assert order_from_token(token) == order
        clock.shift(1)
        with pytest.raises(Refusal) as refused:
            order_from_token(token)
        assert refused.value.code == "link_expired"


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: "", lambda t: t.upper(), lambda t: "\x00"]
)
def test_a_spoiled_link_opens_nothing(spoil):
    token = order_token(make_order())
    with pytest.raises(Refusal) as refused:
        order_from_token(spoil(token))
    assert refused.value.code == "link_invalid"


def test_a_signature_for_something_else_opens_nothing():
    order = make_order()
    with pytest.raises(Refusal):
        order_from_token(signing.dumps(order.code, salt="something.else"))


def test_an_unknown_order_looks_like_a_spoiled_link():
    token = signing.dumps("NOSUCH00", salt=SALT)
    with pytest.raises(Refusal) as refused:
        order_from_token(token)
    assert refused.value.code == "link_invalid"


def test_only_the_right_pair_gets_a_letter():
    order = make_order(email="dara@example.com")
    Email.objects.all().delete()
    for code, email in [
        (order.code, "other@example.com"),
        ("WRONG123", "dara@example.com"),
        ("", ""),
        (order.code + "\x00", "dara@example.com"),
        ("x" * 10_000, "y" * 10_000),
    ]:
        assert send_order_link(code, email) is None
        assert not Email.objects.exists()
    assert send_order_link(f" {order.code.lower()} ", " DARA@example.com") is None
    assert Email.objects.get().kind == "order_link"
    assert Order.objects.count() == 1
