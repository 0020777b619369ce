"""Money in the admin: looked at by many, resolved in words by few."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from core import clock
from payments.billing import open_bill
from payments.models import Bill, Break
from payments.settling import record_capture, resolve_break


@pytest.fixture
def boss(db, client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def difference(db):
    bill = open_bill(
        amount=Decimal("10.00"),
        currency="USD",
        payer=None,
        payer_email="dara@example.com",
        due_at=clock.now(),
        method="bank_transfer",
    )
    payment = record_capture(bill.payments.get(), amount=Decimal("12.00"), reference="ABA 1", by=None)
    return Break.objects.create(
        key="a",
        payment=payment,
        kind="surplus",
        amount=Decimal("2.00"),
        currency="USD",
        reason="too much",
        due_at=clock.now(),
    )


def url(difference, deed="resolve"):
    return reverse(f"admin:payments_break_{deed}", args=[difference.pk])


def test_a_break_is_resolved_in_words(boss, client, difference):
    client.post(url(difference), {"resolution": "sent back, ABA 2"})
    difference.refresh_from_db()
    assert (difference.owner, difference.resolution) == (boss, "sent back, ABA 2")
    assert difference.resolved_at is not None
    assert difference.payment.bill.events.get(kind="payment_break_resolved").actor == boss


@pytest.mark.parametrize("words", ["", "   ", "x" * 301])
def test_it_needs_a_few_words(boss, client, difference, words):
    assert client.post(url(difference), {"resolution": words}).status_code == 400
    difference.refresh_from_db()
    assert difference.resolved_at is None


def test_it_is_resolved_once(boss, client, difference):
    resolve_break(difference, by=boss, resolution="first")
    answer = client.post(url(difference), {"resolution": "second"}, follow=True)
    assert "is not possible any more" in answer.content.decode()
    difference.refresh_from_db()
    assert difference.resolution == "first"


def test_bills_show_their_payments_and_nobody_types_into_them(boss, client, difference):
    bill = Bill.objects.get()
    page = client.get(reverse("admin:payments_bill_change", args=[bill.pk])).content.decode()
    for fact in ("$10.00", "$12.00", "ABA 1", "Bank transfer", "dara@example.com"):
        assert fact in page, fact
    for name in ("bill", "payment", "break"):
        row = {"bill": bill, "payment": difference.payment, "break": difference}[name]
        assert client.post(reverse(f"admin:payments_{name}_change", args=[row.pk]), {"amount": "1"}).status_code == 403
        assert client.get(reverse(f"admin:payments_{name}_add")).status_code == 403
        assert client.post(reverse(f"admin:payments_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("standing", "count"), [("open", 1), ("late", 1), ("resolved", 0)])
def test_breaks_by_standing(boss, client, difference, standing, count):
    answer = client.get(reverse("admin:payments_break_changelist"), {"standing": standing})
    assert answer.context["cl"].result_count == count
