"""Money goes to the oldest rent first, whatever bill it came for; what is not booked yet is not asked for again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from unittest import mock

import pytest
import time_machine

from core.refusals import Conflict
from payments import settling
from payments.billing import start_payment
from payments.models import Payment
from payments.settling import record_capture
from rentals.asking import live_attempts
from rentals.collecting import bill_rentals
from rentals.models import CollectionPart
from rentals.paying import open_collection
from rentals.tests.factories import make_agreement
from rentals.tests.journeys import keep_card, pay_bill

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 2, 15, 3, tzinfo=UTC)


def test_rent_whose_bill_paid_an_older_month_is_asked_for_again():
    agreement = make_agreement()
    with time_machine.travel(DUE, tick=False):
        assert bill_rentals() == {"links": 1}
    with time_machine.travel(DUE + timedelta(days=28), tick=False):
        bill_rentals()
        newer = CollectionPart.objects.get(instalment__number=3, once_key__isnull=False)
        pay_bill(newer.collection.bill)
    agreement.refresh_from_db()
    assert [row.settled for row in agreement.instalments.all()][:3] == [True, True, False]
    with time_machine.travel(DUE + timedelta(days=30), tick=False):
        bill_rentals()
        again = CollectionPart.objects.get(instalment__number=3, once_key__isnull=False)
        assert (again.collection.bill.state, again.amount) == ("open", D(65))
        assert again.pk != newer.pk
        pay_bill(again.collection.bill)
    assert [row.settled for row in agreement.instalments.all()][:4] == [True, True, True, False]


@time_machine.travel(DUE, tick=False)
def test_money_that_has_come_and_is_not_booked_keeps_the_card_alone(sandbox):
    agreement = make_agreement()
    keep_card(sandbox, agreement)
    bill = open_collection([agreement], amount=D("65.00"), by=agreement.customer).bill
    arrived = record_capture(
        start_payment(bill, method="card", by=None), amount=D("65.00"), reference="pi_9", by=None, capture_id="pi_9"
    )
    assert live_attempts([agreement]) == [arrived]
    assert "charged" not in bill_rentals()
    assert sandbox.captures() == []
    with pytest.raises(Conflict) as refused:
        open_collection([agreement], amount=D("65.00"), by=agreement.customer)
    assert refused.value.code == "payment_is_checked"
    with mock.patch.object(settling, "log"):
        settling.settle(arrived, by=None)
    assert "charged" not in bill_rentals()
    assert Payment.objects.filter(state="captured").count() == 1
