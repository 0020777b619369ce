"""What staff do about a difference: take it, book it, send it back. Whatever makes no sense changes nothing."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from backoffice.roles import sync_roles
from core import clock
from core.refusals import Conflict, Refusal
from payments.billing import start_payment
from payments.collecting import check, collect
from payments.models import BillEvent, Break, Payment, Refund
from payments.resolving import book_break, can_be_booked, can_be_sent_back, send_back, take_break
from payments.settling import open_break, settle
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = pytest.mark.django_db
ALL_OF_IT = Claim(D("100.00"), D(0))


@pytest.fixture
def boss(client):
    sync_roles()
    staff = make_staff("boss@example.com", groups=["Finance"])
    client.force_login(staff)
    return staff


@pytest.fixture
def stray():
    """Money that the provider's books have and that no payment of ours knows."""
    return Break.objects.create(
        key="stripe:missing_here:pi_stray",
        kind=Break.Kind.MISSING_HERE,
        provider="stripe",
        provider_id="pi_stray",
        amount=D("100.00"),
        currency="USD",
        reason="pi_stray is not on record here: $100.00",
        due_at=clock.now(),
    )


@pytest.fixture
def unpaid(sandbox):
    return start_payment(make_bill(), method="card", by=None, **WHERE)


@pytest.fixture
def surplus(sandbox):
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment)
    with listening(Claim(D("0"), D("100.00"), "paid twice")):
        payment = check(payment)
    return payment.breaks.get()


def press(client, difference, deed, **form):
    url = reverse(f"admin:payments_break_{deed}", args=[difference.pk])
    return client.post(url, form, follow=True).content.decode()


def test_taking_a_difference_names_its_owner(boss, client, surplus):
    assert "It is yours now." in press(client, surplus, "take")
    surplus.refresh_from_db()
    assert (surplus.owner, surplus.resolved_at) == (boss, None)
    assert BillEvent.objects.filter(kind="payment_break_taken", actor=boss).count() == 1


def test_stray_money_is_booked_for_the_payment_it_was_for(boss, client, stray, unpaid):
    assert can_be_booked(stray)
    with listening(ALL_OF_IT):
        page = press(client, stray, "book", payment_key=f" {unpaid.key.lower()} ")
    assert f"Booked for {unpaid.key}; $100.00 of it is used." in page
    unpaid.refresh_from_db()
    assert (unpaid.state, unpaid.capture_id, unpaid.applied_amount) == ("captured", "pi_stray", D("100.00"))
    assert unpaid.bill.state == "settled"
    stray.refresh_from_db()
    assert (stray.owner, stray.resolution) == (boss, f"Booked for payment {unpaid.key}.")
    assert not can_be_booked(stray)


def test_a_wrong_sum_by_khqr_is_booked_in_part_and_the_bill_stays_open(sandbox, settings, boss):
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    payment = collect(make_bill(), method="khqr", by=None, **WHERE)
    sandbox.control("POST", "bakong/pay", {"qr": payment.data["qr"], "way": "short"})
    payment = check(payment)
    difference = Break.objects.get()
    assert (payment.state, difference.kind, can_be_booked(difference)) == ("failed", "mismatch", True)
    part = difference.amount
    with listening(Claim(min(part, D("100.00")), max(part - D("100.00"), D(0)), "another sum")):
        payment = book_break(difference, payment=payment, by=boss)
    assert (payment.state, payment.captured_amount) == ("captured", part)
    difference.refresh_from_db()
    assert difference.resolved_at is not None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "KHR"}, "other_currency"),
        ({"provider": "khqr"}, "other_provider"),
        ({"kind": "surplus"}, "not_bookable"),
        ({"provider_id": ""}, "not_bookable"),
        ({"resolved_at": clock.now()}, "already_resolved"),
    ],
)
def test_what_cannot_be_booked_changes_nothing(boss, stray, unpaid, change, code):
    Break.objects.filter(pk=stray.pk).update(**change)
    stray.refresh_from_db()
    with pytest.raises(Refusal) as refused:
        book_break(stray, payment=unpaid, by=boss)
    assert refused.value.code == code
    unpaid.refresh_from_db()
    assert (unpaid.state, unpaid.captured_amount) == ("pending", 0)


def test_money_is_not_booked_on_top_of_other_money(boss, client, stray, surplus):
    page = press(client, stray, "book", payment_key=surplus.payment.key)
    assert "Money for this payment is on record already." in page
    stray.refresh_from_db()
    assert stray.resolved_at is None


@pytest.mark.parametrize("key", ["", "NOBODY:1", "7", "' OR 1=1"])
def test_a_payment_that_does_not_exist_is_refused_in_words(boss, client, stray, key):
    page = press(client, stray, "book", payment_key=key)
    assert "There is no payment of this name." in page or "This field is required." in page
    stray.refresh_from_db()
    assert stray.resolved_at is None


def test_a_surplus_goes_back_once(boss, client, sandbox, surplus):
    assert can_be_sent_back(surplus)
    assert "done" in press(client, surplus, "send_back")
    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.difference, refund.requested_by) == (
        "done",
        D("100.00"),
        surplus,
        boss,
    )
    assert refund.from_surplus
    surplus.refresh_from_db()
    assert surplus.resolved_at is not None
    with pytest.raises(Refusal) as refused:
        send_back(surplus, by=boss)
    assert refused.value.code == "not_refundable"
    assert Refund.objects.count() == 1


def test_money_that_went_back_is_never_booked_afterwards(boss, sandbox):
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment)
    check(payment)
    Payment.objects.filter(pk=payment.pk).update(claimed_at=None, applied_amount=0)
    payment.breaks.all().delete()
    payment.refresh_from_db()
    failed = open_break(payment, kind="claim_failed", amount=payment.captured_amount, reason="an error")
    assert send_back(failed, by=boss).state == "done"
    with listening(Claim(D("100.00"), D(0))):
        payment = settle(Payment.objects.get(pk=payment.pk), by=None)
    assert (payment.applied_amount, payment.bill.state) == (D(0), "open")


def test_stray_money_cannot_be_sent_back_here(boss, stray):
    with pytest.raises(Refusal) as refused:
        send_back(stray, by=boss)
    assert refused.value.code == "not_refundable"


def test_what_is_resolved_is_not_taken(boss, surplus):
    Break.objects.update(resolved_at=clock.now())
    with pytest.raises(Conflict) as refused:
        take_break(surplus, by=boss)
    assert refused.value.code == "already_resolved"


def test_without_the_permission_nothing_is_offered_nor_done(client, surplus, stray):
    sync_roles()
    client.force_login(make_staff("auditor@example.com", groups=["Auditor"]))
    page = client.get(reverse("admin:payments_break_change", args=[surplus.pk])).content.decode()
    assert "Take it on" not in page
    for deed in ("take", "book", "send_back", "resolve"):
        assert client.post(reverse(f"admin:payments_break_{deed}", args=[surplus.pk])).status_code == 403
    assert Refund.objects.count() == 0


def test_the_lists_show_money_that_belongs_to_no_payment(boss, client, surplus, stray):
    page = client.get(reverse("admin:payments_break_changelist")).content.decode()
    assert "pi_stray" in page
    assert surplus.payment.key in page
    assert "none of ours" in client.get(reverse("admin:payments_break_change", args=[stray.pk])).content.decode()
    press(client, stray, "resolve", resolution="another program of ours")
    stray.refresh_from_db()
    assert stray.resolution == "another program of ours"


def test_staff_find_a_payment_by_every_name_it_has(boss, client, sandbox, settings):
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    payment = collect(make_bill(), method="khqr", by=None, **WHERE)
    [made] = sandbox.control("POST", "bakong/pay", {"qr": payment.data["qr"], "way": "right"})
    with listening(ALL_OF_IT):
        payment = check(payment)
    for name in (payment.provider_id, made["hash"], made["hash"].upper(), payment.key):
        found = client.get(reverse("admin:payments_payment_changelist"), {"q": name})
        assert payment.key in found.content.decode(), name
        assert client.get(reverse("admin:find"), {"q": name}).status_code in {200, 302}
