"""The first payment keeps the card, with its owner's consent; later ones are charged while the owner is away."""

from datetime import date
from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_user
from core.refusals import Conflict, Refusal
from payments.collecting import charge_saved, check, collect
from payments.models import Payment, SavedMethod
from payments.saved_cards import forget_cards, make_default, remove_card
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


def make_card(owner, name, **values):
    facts = {"provider": "stripe", "customer_id": "cus_1", "brand": "visa", "last4": "4242", **values}
    return SavedMethod.objects.create(user=owner, method_id=name, **facts)


def kept(owner):
    """Return the owner's cards as they are listed, the default one in capitals."""
    return [card.method_id.upper() if card.is_default else card.method_id for card in SavedMethod.objects.of(owner)]


def test_the_first_card_is_the_default_until_its_owner_says_otherwise(sandbox, owner):
    pay_and_keep(sandbox, owner)
    pay_and_keep(sandbox, owner)
    first, second = SavedMethod.objects.order_by("pk")
    assert (first.is_default, second.is_default) == (True, False)
    make_default(second, by=owner)
    make_default(second, by=owner)
    assert kept(owner) == [second.method_id.upper(), first.method_id]


def test_a_guests_card_is_not_kept(sandbox):
    pay_and_keep(sandbox, None)
    assert SavedMethod.objects.count() == 0


def test_a_removed_card_is_gone_at_stripe_and_the_newest_left_becomes_the_default(sandbox, owner):
    pay_and_keep(sandbox, owner)
    make_card(owner, "pm_2")
    make_card(owner, "pm_3")
    first = SavedMethod.objects.order_by("pk").first()
    remove_card(first, by=owner)
    remove_card(SavedMethod.objects.get(pk=first.pk), by=owner)
    assert kept(owner) == ["PM_3", "pm_2"]
    assert len(own_calls(sandbox, f"/v1/payment_methods/{first.method_id}/detach")) == 1
    with pytest.raises(Refusal) as refused:
        make_default(first, by=owner)
    assert (refused.value.code, kept(owner)) == ("card_removed", ["PM_3", "pm_2"])


def test_a_card_that_stripe_does_not_know_is_forgotten_all_the_same(sandbox, owner):
    remove_card(make_card(owner, "pm_unknown", default_of=owner), by=owner)
    assert kept(owner) == []


def test_a_card_stays_while_stripe_is_silent(sandbox, owner):
    card = make_card(owner, "pm_1", default_of=owner)
    sandbox.fault(provider="stripe", path="/v1/payment_methods/*", kind="status", status=500)
    with pytest.raises(Refusal) as refused:
        remove_card(card, by=owner)
    assert (refused.value.code, kept(owner)) == ("card_not_removed", ["PM_1"])


def test_a_card_detached_at_stripe_is_struck_out_once(owner):
    make_card(owner, "pm_1", default_of=owner)
    make_card(owner, "pm_2")
    forget_cards(["pm_1"])
    struck = SavedMethod.objects.get(method_id="pm_1").detached_at
    forget_cards(["pm_1", "pm_nobody"])
    assert SavedMethod.objects.get(method_id="pm_1").detached_at == struck
    assert kept(owner) == ["PM_2"]


@pytest.mark.parametrize(
    ("month", "year", "over", "soon"),
    [
        (10, 2026, True, False),
        (11, 2026, False, True),
        (1, 2027, False, True),
        (2, 2027, False, False),
        (None, None, False, False),
    ],
)
def test_a_card_is_good_until_its_month_is_over(month, year, over, soon):
    card = SavedMethod(expires_month=month, expires_year=year)
    day = date(2026, 11, 30)
    assert (card.is_over(day), card.ends_soon(day)) == (over, soon)


def test_another_answer_to_whether_the_card_is_kept_opens_another_page(sandbox, owner):
    bill = make_bill(payer=owner)
    unasked = collect(bill, method="card", by=owner, **WHERE)
    agreed = collect(bill, method="card", by=owner, saves_method=True, **WHERE)
    assert agreed.data["url"] != unasked.data["url"]
    assert collect(bill, method="card", by=owner, saves_method=True, **WHERE).pk == agreed.pk
    withdrawn = collect(bill, method="card", by=owner, **WHERE)
    unasked.refresh_from_db()
    agreed.refresh_from_db()
    assert (unasked.state, agreed.state, withdrawn.state, withdrawn.saves_method) == (
        "closed",
        "closed",
        "pending",
        False,
    )
    pay(sandbox, withdrawn)
    with listening(Claim(D("100.00"), D(0))):
        check(withdrawn)
    assert SavedMethod.objects.count() == 0
