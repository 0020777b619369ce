"""The admin's home: worklists that count right, and a box that finds."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from backoffice.worklists import age_text, worklists_for
from carts.tests.factories import make_pickup
from catalog.tests.factories import make_review, make_units, make_variant
from core import clock
from core.tests.pictures import picture, upload
from notifications.models import Email
from orders.fulfilment import dispatch, start_packing
from orders.models import Allocation, Return, Shipment
from orders.payment_approval import mark_paid
from orders.returning import ask_return, receive_return
from orders.tests.factories import make_delivered_order, make_order, make_paid_order
from orders.transfer_proofs import show_transfer
from payments.models import PaymentProof

HOME_QUERIES = 27  # session, user, the shop's name, two for permissions, 21 tiles that count, recent actions


@pytest.fixture
def boss(db):
    return make_staff(is_superuser=True)


def tiles(user):
    return {tile.title: tile for tile in worklists_for(user)}


def test_a_quiet_shop_shows_nothing_to_do(boss, client):
    assert {(tile.count, tile.level, tile.note) for tile in worklists_for(boss)} == {(0, "zero", "nothing to do")}
    client.force_login(boss)
    assert client.get(reverse("admin:index")).content.decode().count('class="wl-zero"') == 22


def list_refunds_and_disputes(payment):
    """Write refunds in every state that staff act on, and disputes with and without a decision."""
    sums = {"amount": 1, "currency": "USD", "charge_amount": 1, "charge_currency": "USD", "reason": "test"}
    for number, state in enumerate(("proposed", "by_hand", "by_hand", "failed", "done", "withdrawn")):
        payment.refunds.create(
            key=f"r{number}", state=state, requested_at=clock.now() - timedelta(days=number, hours=1), **sums
        )
    payment.refunds.filter(key="r2").update(requested_at=clock.now() - timedelta(days=3, hours=1))
    for number, (status, closed_at) in enumerate((("needs_response", None),) * 2 + (("lost", clock.now()),), start=2):
        payment.disputes.create(
            dispute_id=f"du_{number}",
            amount=1,
            currency="USD",
            status=status,
            closed_at=closed_at,
            evidence_due_at=clock.now() + timedelta(days=number, hours=1),
        )


def a_unit_of(order):
    return Allocation.objects.get(line__order=order)


def test_tiles_count_what_their_lists_show(boss, client):
    variant = make_variant(units=12, price="100.00")
    make_order((variant, 2))
    partly = make_order((variant, 1))
    mark_paid(partly, by=boss, amount=Decimal("40.00"), reference="part")
    make_paid_order((variant, 1))
    packed = make_paid_order((variant, 1))
    start_packing([packed], by=boss)
    dispatch(make_paid_order((variant, 1)), by=boss, serials={})
    waiting = dispatch(
        make_order((variant, 1), payment_method="pay_at_pickup", shipping_method=make_pickup()), by=boss, serials={}
    )
    Shipment.objects.filter(pk=waiting.pk).update(dispatched_at=clock.now() - timedelta(days=3, hours=1))
    sold_out = make_variant()
    make_units(sold_out, quantity=1, state="sold")
    make_units(make_variant(), quantity=2, state="testing")
    extra = make_paid_order((variant, 1))
    extra.order_bills.get().bill.payments.get().breaks.create(
        key="test",
        kind="surplus",
        amount=Decimal("7.50"),
        currency="USD",
        reason="test",
        due_at=clock.now() - timedelta(hours=1),
    )
    list_refunds_and_disputes(extra.order_bills.get().bill.payments.get())
    Email.objects.filter(kind="order_shipped").update(state="failed")
    a_day_ago = clock.now() - timedelta(days=1, hours=1)
    show_transfer(make_order((variant, 1)), upload=upload(picture()), by=None)
    PaymentProof.objects.update(uploaded_at=a_day_ago)
    asked = make_order((variant, 1)).order_bills.get().bill.payments
    asked.update(state="checking", started_at=a_day_ago)
    _coming, here = (ask_return(a_unit_of(make_delivered_order((variant, 1))), by=None) for _ in range(2))
    receive_return(here, by=None)
    Return.objects.filter(pk=here.pk).update(received_at=clock.now() - timedelta(days=2, hours=1))
    make_review(state="waiting", written_at=clock.now() - timedelta(days=4))
    make_review(state="waiting")
    make_review()
    found = tiles(boss)
    counts = {title: (tile.count, tile.level) for title, tile in found.items()}
    assert counts == {
        "Orders to be paid": (4, ""),
        "Orders to pick": (2, ""),
        "Packed, not yet sent": (1, ""),
        "On its way": (1, ""),
        "Not collected for over 2 days": (1, "warn"),
        "Rent due today": (0, "zero"),
        "Rent overdue 1 to 7 days": (0, "zero"),
        "Rent overdue 8 to 30 days": (0, "zero"),
        "Rent overdue over 30 days": (0, "zero"),
        "Returns to inspect": (1, "warn"),
        "Low on stock": (3, "warn"),
        "Units in quality control": (3, ""),
        "Reviews to moderate": (2, "warn"),
        "Transfers shown, to be checked": (1, "warn"),
        "Payments to review": (1, "warn"),
        "Money not compared": (0, "zero"),
        "Open breaks": (1, "err"),
        "Refunds to approve": (1, ""),
        "Refunds to send by hand": (2, "warn"),
        "Refunds that failed": (1, "err"),
        "Disputes to answer": (2, "err"),
        "Letters not delivered": (2, "err"),
    }
    assert found["Orders to be paid"].note == "$470.00"  # 202.50 and three times 102.50, of which 40.00 has arrived
    assert found["Not collected for over 2 days"].note == "oldest 3 days"
    assert found["Low on stock"].note == "3 sold out"
    assert found["Units in quality control"].note == "2 in testing, 1 returned"
    assert found["Reviews to moderate"].note == "oldest 4 days"
    assert found["Returns to inspect"].note == "oldest 2 days"
    assert found["Open breaks"].note == "$7.50, overdue"
    assert found["Refunds to send by hand"].note == "oldest 3 days"
    assert found["Disputes to answer"].note == "next due in 2 days"
    client.force_login(boss)
    for tile in found.values():
        assert client.get(tile.url).context["cl"].result_count == tile.count, tile.title


def test_the_tile_of_disputes_says_when_no_time_is_left(boss):
    payment = make_paid_order().order_bills.get().bill.payments.get()
    dispute = payment.disputes.create(dispute_id="du_1", amount=1, currency="USD", status="needs_response")
    notes = []
    for due in (None, clock.now() + timedelta(days=5, hours=1), clock.now() - timedelta(hours=1)):
        dispute.evidence_due_at = due
        dispute.save()
        tile = tiles(boss)["Disputes to answer"]
        notes.append((tile.note, tile.level))
    assert notes == [("no deadline", "warn"), ("next due in 5 days", "warn"), ("a deadline has passed", "err")]


def test_tiles_are_shown_by_role(roles):
    assert set(tiles(make_staff(groups=["Warehouse"]))) == {
        "Orders to be paid",
        "Orders to pick",
        "Packed, not yet sent",
        "On its way",
        "Not collected for over 2 days",
        "Returns to inspect",
        "Low on stock",
        "Units in quality control",
    }
    assert "Reviews to moderate" in tiles(make_staff(groups=["Support"]))
    assert set(tiles(make_staff(groups=["Catalogue"]))) == {"Low on stock", "Units in quality control"}


@pytest.mark.parametrize("orders", [1, 3])
def test_the_home_asks_the_database_as_often_for_one_order_as_for_three(
    roles, client, django_assert_num_queries, orders
):
    for _ in range(orders):
        make_order()
        make_paid_order()
    client.force_login(make_staff(groups=["Manager"]))
    with django_assert_num_queries(HOME_QUERIES):
        assert client.get(reverse("admin:index")).status_code == 200


def test_the_home_carries_no_inline_script_or_style(boss, client):
    client.force_login(boss)
    answer = client.get(reverse("admin:index"))
    page = answer.content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count("<script src=")
    assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (59, "59 min"), (190, "3 h 10 min"), (24 * 60, "1 day"), (3 * 24 * 60 + 5, "3 days"), (-5, "0 min")],
)
def test_ages_in_words(minutes, words):
    now = clock.now()
    assert age_text(now - timedelta(minutes=minutes), now) == words


def found_at(client, text):
    return client.get(reverse("admin:find"), {"q": text})


def test_one_exact_hit_leads_straight_there(boss, client):
    client.force_login(boss)
    variant = make_variant(sku="LAP-1")
    make_units(variant, serials=["PF3X6ETK"])
    order = make_order((variant, 1), phone="012-345 678", email="sok@example.com")
    unit = order.lines.get().allocations.get().unit
    bill = order.order_bills.get().bill
    mark_paid(order, by=boss, amount=order.total, reference="ABA-77")
    payment = bill.payments.get()
    shipment = dispatch(
        order, by=boss, serials={order.lines.get().pk: ["PF3X6ETK"]}, tracking_number="KH1234", carrier="J&T"
    )
    person = make_user("lina@example.com")
    order_page = reverse("admin:orders_order_change", args=[order.pk])
    expected = {
        order.code: order_page,
        order.code.lower(): order_page,
        " SOK@example.com ": order_page,
        "+855 12 345 678": order_page,
        "012345678": order_page,
        "pf3x 6etk": reverse("admin:catalog_unit_change", args=[unit.pk]),
        "KH1234": reverse("admin:orders_shipment_change", args=[shipment.pk]),
        shipment.code: reverse("admin:orders_shipment_change", args=[shipment.pk]),
        bill.code: reverse("admin:payments_bill_change", args=[bill.pk]),
        payment.key: reverse("admin:payments_payment_change", args=[payment.pk]),
        "ABA-77": reverse("admin:payments_payment_change", args=[payment.pk]),
        "lina@example.com": reverse("admin:accounts_user_change", args=[person.pk]),
        "lap-1": reverse("admin:catalog_variant_change", args=[variant.pk]),
    }
    for text, url in expected.items():
        answer = found_at(client, text)
        assert (text, answer.status_code, answer.headers.get("Location")) == (text, 302, url)


def test_several_hits_are_listed_and_long_lists_say_so(boss, client):
    client.force_login(boss)
    variant = make_variant(units=12)
    orders = [make_order((variant, 1), email="often@example.com") for _ in range(12)]
    page = found_at(client, "often@example.com").content.decode()
    assert sum(order.code in page for order in orders) == 10
    assert "There are more." in page
    assert "Dara" not in found_at(client, "ofte").content.decode()


def test_finding_shows_only_what_the_role_may_see(roles, client):
    order = make_order()
    client.force_login(make_staff(groups=["Catalogue"]))
    answer = found_at(client, order.code)
    assert answer.status_code == 200
    assert "Nothing found" in answer.content.decode()
    assert order.email not in answer.content.decode()


@pytest.mark.parametrize(
    "text", ["zzz", "%", "__", "' OR 1=1 --", "9" * 4000, "\x00", "\u200b", "១២៣", "<script>alert(1)</script>"]
)
def test_odd_words_find_nothing_and_break_nothing(boss, client, text):
    client.force_login(boss)
    make_order()
    answer = found_at(client, text)
    assert answer.status_code == 200
    assert "Nothing found" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_an_empty_search_goes_back_home(boss, client):
    client.force_login(boss)
    answer = found_at(client, "   ")
    assert (answer.status_code, answer.url) == (302, reverse("admin:index"))


def test_the_days_work_stands_first_and_the_tables_of_tokens_nowhere(boss, client):
    client.force_login(boss)
    apps = [app["app_label"] for app in client.get(reverse("admin:index")).context["app_list"]]
    assert apps[:4] == ["orders", "payments", "rentals", "catalog"]
    assert "token_blacklist" not in apps
    assert len(apps) == len(set(apps)) == 10


@pytest.mark.parametrize(
    "page", ["token_blacklist/", "token_blacklist/outstandingtoken/", "otp_totp/", "otp_totp/totpdevice/"]
)
def test_secrets_of_log_ins_have_no_page(boss, client, page):
    client.force_login(boss)
    assert client.get(f"/admin/{page}").status_code == 404
    assert client.get(reverse("admin:app_list", args=["orders"])).status_code == 200
