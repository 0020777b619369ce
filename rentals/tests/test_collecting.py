"""Rent is collected on its day: each period once, never early, whoever pays and however the run was interrupted."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
import time_machine

from notifications.models import Email
from payments.models import Bill, Payment, SavedMethod
from rentals.collecting import bill_rentals
from rentals.models import Collection, CollectionPart
from rentals.tests.factories import make_agreement
from sandbox.tests.running import KEY
from sandbox.tests.selling import save_card

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 2, 15, 3, tzinfo=UTC)


def keep_card(sandbox, agreement, number="4242424242424242"):
    customer, method = save_card(sandbox, sandbox.client(key=KEY), number)
    return SavedMethod.objects.create(
        user=agreement.customer, provider="stripe", customer_id=customer, method_id=method, brand="visa", last4="4242"
    )


@time_machine.travel(DUE, tick=False)
def test_a_saved_card_is_charged_on_the_day(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement)
    assert bill_rentals() == {"charged": 1}
    agreement.refresh_from_db()
    payment = Payment.objects.get(bill__collection__isnull=False)
    assert (payment.state, payment.amount, payment.key) == ("captured", D(65), f"{payment.bill.code}:1")
    assert payment.bill.state == "settled"
    assert [row.settled for row in agreement.instalments.all()][:3] == [True, True, False]
    part = CollectionPart.objects.get()
    assert (part.agreement, part.instalment.number, part.amount) == (agreement, 2, D(65))
    assert bill_rentals() == {}
    assert len(sandbox.captures()) == 1
    assert Email.objects.filter(kind="rent_received").count() == 1


@time_machine.travel(DUE, tick=False)
def test_who_has_no_card_gets_a_link(sandbox):
    agreement = make_agreement()
    assert bill_rentals() == {"links": 1}
    letter = Email.objects.get(kind="rent_to_pay")
    collection = Collection.objects.get()
    assert letter.to == agreement.customer.email
    assert f"/rentals/pay/{collection.bill.code}/" in letter.text
    assert bill_rentals() == {}
    assert Bill.objects.filter(collection__isnull=False).count() == 1
