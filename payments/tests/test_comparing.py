"""The night's comparison with the providers' books: each difference once, both ways, and a missed day is told."""

from datetime import date, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.utils import timezone

from core import clock
from core.refusals import Refusal
from payments.billing import start_payment
from payments.collecting import check, collect
from payments.comparing import alarms, compare_day, compare_missing_days
from payments.finalising import finalise
from payments.models import Break, ComparedDay, Dispute, Payment, Refund
from payments.providers.port import Captured
from payments.refunding import request_refund, send_refund
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening
from sandbox.tests.running import KEY
from sandbox.tests.selling import FAILING_REFUND, PENDING_REFUND, paid_intent

pytestmark = pytest.mark.django_db
ALL_OF_IT = Claim(D("100.00"), D(0))


@pytest.fixture
def pass_days(sandbox):
    """Let days pass in the shop and at the providers alike."""
    with time_machine.travel(timezone.now()) as traveller:

        def pass_days(days=1, **told):
            span = timedelta(days=days, **told)
            traveller.shift(span)
            sandbox.pass_time(int(span.total_seconds()))

        yield pass_days


@pytest.fixture
def day(sandbox):
    """The day that the test begins on."""
    return clock.today()


@pytest.fixture
def payment(sandbox, day, pass_days):
    """A payment that the shop knows, captured today."""
    return paid(sandbox)


def paid(sandbox, number="4242424242424242", heard=True):
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment, number)
    if heard:
        with listening(ALL_OF_IT):
            payment = check(payment)
    return payment


def refund_of(payment, amount="40.00"):
    return send_refund(
        request_refund(payment, amount=D(amount), expected_remaining=D("100.00"), by=None, reason="a scratch")
    )


def listed():
    return list(Break.objects.values_list("kind", "amount", "currency", "provider_id"))


def test_a_day_on_which_all_is_well(sandbox, payment, day, pass_days):
    refund_of(payment)
    pass_days()
    row = compare_day("stripe", day)
    assert (row.movements, row.differences, listed()) == (2, 0, [])


def test_a_day_can_be_compared_when_it_is_over(sandbox, payment, day):
    with pytest.raises(Refusal) as refused:
        compare_day("stripe", day)
    assert refused.value.code == "day_not_over"
    assert not ComparedDay.objects.exists()


def test_money_of_which_nobody_told_us_is_found_and_booked(sandbox, day, pass_days):
    payment = paid(sandbox, heard=False)
    pass_days()
    with listening(ALL_OF_IT):
        assert compare_day("stripe", day).differences == 0
    payment.refresh_from_db()
    assert (payment.state, payment.applied_amount, listed()) == ("captured", D("100.00"), [])


def test_money_that_belongs_to_no_payment_is_listed_once(sandbox, payment, day, pass_days):
    stray = paid_intent(sandbox.client(key=KEY), amount=7700)
    pass_days()
    assert [compare_day("stripe", day).differences for _ in range(2)] == [1, 1]
    assert listed() == [("missing_here", D("77.00"), "USD", stray.id)]
    difference = Break.objects.get()
    assert (difference.payment, difference.provider) == (None, "stripe")
    assert difference.due_at - difference.opened_at > timedelta(hours=23, minutes=59)
    assert str(difference) == f"Money at the provider that is not on record here: {stray.id}"


def test_what_was_resolved_is_not_found_again(sandbox, payment, day, pass_days):
    paid_intent(sandbox.client(key=KEY))
    pass_days()
    compare_day("stripe", day)
    Break.objects.update(resolved_at=clock.now(), resolution="another program's")
    assert compare_day("stripe", day).differences == 0
    assert Break.objects.count() == 1


def test_another_amount_here_than_there(sandbox, payment, day, pass_days):
    Payment.objects.update(captured_amount=D("90.00"), applied_amount=D("90.00"))
    pass_days()
    assert compare_day("stripe", day).differences == 1
    assert listed() == [("amount_differs", D("100.00"), "USD", payment.capture_id)]


def test_money_that_only_we_believe_in(sandbox, payment, day, pass_days):
    invented = collect(make_bill(), method="card", by=None, **WHERE)
    with listening(ALL_OF_IT):
        finalise(invented, Captured(capture_id="pi_invented", amount=D("100.00"), currency="USD"))
    pass_days()
    assert compare_day("stripe", day).differences == 1
    assert listed() == [("missing_there", D("100.00"), "USD", "pi_invented")]


def test_a_payment_noted_days_after_it_was_made_is_no_difference(sandbox, pass_days):
    late = paid(sandbox, heard=False)
    pass_days(2)
    with listening(ALL_OF_IT):
        check(late)
    noted = clock.today()
    pass_days()
    assert compare_day("stripe", noted).differences == 0


def test_a_refund_made_in_the_providers_own_pages(sandbox, payment, day, pass_days):
    made = sandbox.client(key=KEY).v1.refunds.create({"payment_intent": payment.capture_id, "amount": 1500})
    pass_days()
    assert compare_day("stripe", day).differences == 1
    assert listed() == [("reversed", D("15.00"), "USD", made.id)]
    assert Break.objects.get().payment == payment


def test_a_refund_that_only_we_believe_in(sandbox, payment, day, pass_days):
    refund = refund_of(payment)
    Refund.objects.filter(pk=refund.pk).update(provider_id="re_invented", key="other")
    pass_days()
    assert compare_day("stripe", day).differences == 2  # ours is not there, and theirs is not here
    assert sorted(kind for kind, *_ in listed()) == ["missing_there", "reversed"]


def test_another_amount_of_a_refund(sandbox, payment, day, pass_days):
    refund = refund_of(payment)
    Refund.objects.filter(pk=refund.pk).update(amount=D("30.00"), charge_amount=D("30.00"))
    pass_days()
    assert compare_day("stripe", day).differences == 1
    assert listed() == [("amount_differs", D("40.00"), "USD", refund.provider_id)]


@pytest.mark.parametrize(("number", "state"), [(PENDING_REFUND, "done"), (FAILING_REFUND, "failed")])
def test_what_became_of_a_refund_is_asked(sandbox, day, pass_days, number, state):
    refund = refund_of(paid(sandbox, number))
    pass_days()
    assert compare_day("stripe", day).differences == 0
    refund.refresh_from_db()
    if number == FAILING_REFUND:
        assert (refund.state, [kind for kind, *_ in listed()]) == (state, ["refund_failed"])
    else:
        # Stripe books a refund when it leaves: that is a later day than the one it was asked for.
        assert refund.state in {"pending", state}


def test_a_dispute_of_which_nobody_told_us(sandbox, payment, day, pass_days):
    sandbox.control("POST", "stripe/disputes", {"payment_intent": payment.capture_id})
    pass_days()
    assert compare_day("stripe", day).differences == 0
    assert Dispute.objects.get().payment == payment
    assert [kind for kind, *_ in listed()] == ["disputed"]


def test_books_that_are_not_shown_leave_the_day_open(sandbox, payment, day, pass_days):
    pass_days()
    sandbox.fault(provider="stripe", path="/v1/balance_transactions", kind="status", status=500)
    with pytest.raises(Refusal) as refused:
        compare_day("stripe", day)
    assert refused.value.code == "provider_silent"
    assert compare_missing_days() == 0
    assert not ComparedDay.objects.exists()
    sandbox.control("DELETE", "faults")
    assert compare_missing_days() == 1


def test_every_missed_day_is_caught_up_and_told_meanwhile(sandbox, payment, day, pass_days, caplog):
    assert (compare_missing_days(), alarms(clock.now())) == (0, [])
    pass_days(1)
    assert alarms(clock.now()) == []  # the night's run has a day for it
    pass_days(3)
    words = alarms(clock.now())
    assert (len(words), words[0]) == (3, f"{day:%-d %B %Y} was not compared with stripe.")
    sandbox.fault(provider="stripe", path="/v1/balance_transactions", kind="status", status=500)
    assert compare_missing_days() == 0
    assert "payments_need_staff" in caplog.text
    sandbox.control("DELETE", "faults")
    assert compare_missing_days() == 4
    assert list(ComparedDay.objects.order_by("day").values_list("day", flat=True)) == [
        day + timedelta(days=n) for n in range(4)
    ]
    assert alarms(clock.now()) == []


def test_a_shop_that_never_sold_has_nothing_to_compare(sandbox):
    assert compare_missing_days() == 0
    assert alarms(clock.now()) == []


# --- Bakong, which shows no books -----------------------------------------------------------------------------------


@pytest.fixture
def bakong(sandbox, settings):
    settings.STRIPE_SECRET_KEY = ""
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return sandbox


def test_ended_codes_are_asked_about_together_for_a_week(bakong, day, pass_days):
    codes = [collect(make_bill(), method="khqr", by=None, **WHERE) for _ in range(60)]
    pass_days(0, minutes=11)
    for code in codes:
        check(code)
    pass_days(5)
    Payment.objects.update(next_poll_at=None)  # the poller has given them up
    bakong.control("POST", "bakong/pay", {"qr": codes[7].data["qr"], "way": "late"})
    before = len(bakong.control("GET", "calls"))
    with listening(ALL_OF_IT):
        row = compare_day("khqr", clock.today() - timedelta(days=1))
    calls = [call["path"] for call in bakong.control("GET", "calls")[before:]]
    assert calls == ["/v1/check_transaction_by_md5_list"] * 2
    assert (row.asked_again, row.differences) == (60, 1)
    codes[7].refresh_from_db()
    assert codes[7].state == "captured"


def test_a_token_that_is_refused_leaves_the_day_open(bakong, settings, day, pass_days):
    code = collect(make_bill(), method="khqr", by=None, **WHERE)
    pass_days(0, minutes=11)
    check(code)
    settings.BAKONG_TOKEN = "refused"
    pass_days()
    with pytest.raises(Refusal) as refused:
        compare_day("khqr", day)
    assert refused.value.code == "provider_silent"
    assert (Payment.objects.get().state, ComparedDay.objects.count()) == ("closed", 0)


def test_a_token_that_ends_soon_is_an_alarm_and_never_an_unpaid_bill(bakong, pass_days):
    assert alarms(clock.now()) == []
    pass_days(76)
    [words] = alarms(clock.now())
    assert words.startswith("The Bakong token ends on ")
    pass_days(15)
    [words] = alarms(clock.now())  # KHQR is not offered any more, which must not make it silent
    assert words.startswith("The Bakong token has ended on ")


def test_days_are_the_shops_own(sandbox):
    """Half past eleven at night in Phnom Penh is a day of its own, whatever UTC says."""
    payment = start_payment(make_bill(), method="card", by=None, **WHERE)
    night = timezone.make_aware(datetime(2026, 11, 30, 23, 30))
    Payment.objects.filter(pk=payment.pk).update(started_at=night)
    with time_machine.travel(timezone.make_aware(datetime(2026, 12, 1, 0, 30))):
        assert compare_missing_days() == 1
    assert ComparedDay.objects.get().day == date(2026, 11, 30)


def test_a_payment_that_stripe_does_not_know_is_an_alarm_and_not_unpaid(sandbox, payment, caplog):
    lost = collect(make_bill(), method="card", by=None, **WHERE)
    Payment.objects.filter(pk=lost.pk).update(provider_id="cs_test_nobody")
    lost = check(Payment.objects.get(pk=lost.pk))
    assert (lost.state, lost.live_bill) == ("checking", lost.bill)
    assert "provider_needs_staff" in caplog.text
