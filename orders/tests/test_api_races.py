"""One Idempotency-Key from many connections at once, on MariaDB."""

import pytest
from django.db import connection

from catalog.models import Unit
from catalog.tests.factories import make_variant
from core.tests.api import client_of
from core.tests.racing import run_together
from orders.models import Order
from orders.tests.test_api import guest_with, order_of, post

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_sixteen_equal_requests_place_one_order():
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    variant = make_variant(units=20)
    code = guest_with(variant).get("/api/v1/cart/").wsgi_request.headers["X-Cart-Code"]
    body = order_of()

    def order():
        return post(client_of(**{"X-Cart-Code": code}), body, "the-same-key")

    answers = run_together([order] * 16, at_once=16)
    placed = [answer.json() for answer in answers if answer.status_code == 201]
    waiting = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    assert placed
    assert all(answer == placed[0] for answer in placed)
    assert set(waiting) <= {"request_in_progress"}
    assert Order.objects.count() == 1
    assert Unit.objects.filter(state="held").count() == 1
    assert order().json() == placed[0]
