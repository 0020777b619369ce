"""The first payment keeps the card, with its owner's consent; later ones are charged while the owner is away."""

from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_user
from core.refusals import Conflict
from payments.collecting import charge_saved, check, collect
from payments.models import Payment, SavedMethod
from payments.signals import Claim
from payments.tests.paying import WHERE, own_calls, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db):
    return make_user("dara@example.com")


def pay_and_keep(sandbox, owner, number="4242424242424242"):
    payment = collect(make_bill(payer=owner), method="card", by=owner, saves_method=True, **WHERE)
    pay(sandbox, payment, number)
    with listening(Claim(D("100.00"), D(0))):
        return check(payment)


def test_the_first_payment_keeps_the_card(sandbox, owner):
    pay_and_keep(sandbox, owner)
    card = SavedMethod.objects.get()
    assert (card.user, card.provider, card.brand, card.last4) == (owner, "stripe", "visa", "4242")
    assert (card.expires_month, card.expires_year) == (12, 2039)
    assert card.customer_id.startswith("cus_")


def test_a_kept_card_is_charged_later_and_the_customer_stays_the_same(sandbox, owner):
    pay_and_keep(sandbox, owner)
    pay_and_keep(sandbox, owner)
    assert SavedMethod.objects.values("customer_id").distinct().count() == 1
    assert len(own_calls(sandbox, "/v1/customers")) == 1
    card = SavedMethod.objects.usable().first()
    with listening(Claim(D("100.00"), D(0))):
        later = charge_saved(make_bill(payer=owner), card=card, by=None, description="Rent")
    assert later.state == "captured"
    assert len(sandbox.captures()) == 3


def test_a_payment_that_keeps_no_card_saves_none(sandbox, owner):
    payment = collect(make_bill(payer=owner), method="card", by=owner, **WHERE)
    pay(sandbox, payment)
    with listening(Claim(D("100.00"), D(0))):
        check(payment)
    assert SavedMethod.objects.count() == 0
    assert own_calls(sandbox, "/v1/customers") == []


def test_a_lost_customer_is_made_once(sandbox, owner):
    sandbox.fault(provider="stripe", method="POST", path="/v1/customers", kind="drop", when="after", times=3)
    payment = collect(make_bill(payer=owner), method="card", by=owner, saves_method=True, **WHERE)
    assert payment.state == "checking"
    assert check(payment).state == "pending"
    assert len(sandbox.control("GET", "things/customer")) == 1


def test_a_card_is_not_charged_beside_an_open_page(sandbox, owner):
    pay_and_keep(sandbox, owner)
    bill = make_bill(payer=owner)
    collect(bill, method="card", by=owner, **WHERE)
    with pytest.raises(Conflict) as refused:
        charge_saved(bill, card=SavedMethod.objects.get(), by=None, description="Rent")
    assert refused.value.code == "payment_is_checked"
    assert Payment.objects.filter(bill=bill).count() == 1
    assert len(sandbox.captures()) == 1
