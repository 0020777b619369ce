"""Orders and parcels in the admin: buttons do what they say, and bad input changes nothing."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from carts.tests.factories import make_pickup
from catalog.models import Unit
from catalog.tests.factories import make_units, make_variant
from notifications.models import Email
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.fulfilment import dispatch, start_packing
from orders.models import Order, Shipment
from orders.tests.factories import make_order, make_paid_order
from payments.models import Break, Refund

CHANGELIST = "admin:orders_order_changelist"


@pytest.fixture
def boss(db, client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def url(order, deed=""):
    return reverse(f"admin:orders_order_{deed or 'change'}", args=[order.pk])


def laptop_order(*serials, spare=()):
    """Return a paid order of one variant whose units have these serials, and the variant."""
    variant = make_variant()
    make_units(variant, serials=serials, bin="B-14")
    order = make_paid_order((variant, len(serials)))
    make_units(variant, serials=spare)
    return order, variant


def scans(order, *serials, **extra):
    line = order.lines.get()
    return {f"serial-{line.pk}-{n}": serial for n, serial in enumerate(serials, start=1)} | extra


def text(response):
    return response.content.decode()


def test_the_page_says_what_to_do_next_and_shows_everything(boss, client):
    variant = make_variant()
    make_units(variant, serials=["PF3X6ETK"], bin="B-14")
    order = make_order((variant, 1), note="Ring twice")
    bill = order.order_bills.get().bill
    page = text(client.get(url(order)))
    assert f"wait for $102.50 by bank transfer with reference {bill.code} until" in page
    for fact in ("dara@example.com", "+855 12 345 678", "12 Street 240", "Ring twice", "PF3X6ETK", "(B-14)", "Placed"):
        assert fact in page, fact
    assert "<select" not in page.split('id="order_form"')[1]


def test_the_next_action_follows_the_order_through_its_life(boss, client):
    order, _ = laptop_order("A1")
    pickup = make_order((make_variant(units=1), 1), payment_method="pay_at_pickup", shipping_method=make_pickup())

    def next_action(which):
        return client.get(url(which)).context["next_action"]

    assert next_action(order) == "fetch the items (pick list) and start packing."
    client.post(url(order, "start_packing"))
    assert next_action(order) == "scan the serial numbers and send it."
    client.post(url(order, "dispatch"), scans(order, "A1"))
    assert next_action(order) == "it is on its way; confirm the delivery when the customer has it."
    client.post(url(order, "confirm_delivery"))
    assert next_action(order) == "nothing, the order is delivered."
    client.post(url(pickup, "dispatch"), {})
    assert next_action(pickup) == (
        "it lies at the counter; confirm the delivery when the customer has it and $100.00 is paid."
    )
    client.post(url(pickup, "take_back"), {"reason": "never came"})
    assert next_action(pickup) == "nothing, the order is off: delivery refused."


def test_marking_as_paid_confirms_the_order(boss, client):
    order = make_order()
    answer = client.post(url(order, "mark_paid"), {"amount": "102.50", "reference": " ABA 1 "}, follow=True)
    assert "$102.50 recorded. The order is confirmed." in text(answer)
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert order.events.get(kind="confirmed").order_id == order.pk
    assert list(order.order_bills.get().bill.payments.values_list("captured_amount", "reference")) == [
        (Decimal("102.50"), "ABA 1")
    ]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"amount": "", "reference": "x"}, "This field is required."),
        ({"amount": "102.50", "reference": " "}, "Enter the bank&#x27;s reference or the receipt number."),
        ({"amount": "-5", "reference": "x", "differs": "on"}, "greater than or equal to 0.01"),
        ({"amount": "0", "reference": "x", "differs": "on"}, "greater than or equal to 0.01"),
        ({"amount": "99999999999999", "reference": "x", "differs": "on"}, "no more than 12 digits"),
        ({"amount": "1.005", "reference": "x", "differs": "on"}, "no more than 2 decimal places"),
        ({"amount": "NaN", "reference": "x"}, "Enter a number."),
        ({"amount": "1025.00", "reference": "x"}, "$102.50 is owed, not $1,025.00."),
        ({"amount": "102.50", "reference": "x" * 101}, "at most 100 characters"),
    ],
)
def test_impossible_or_doubtful_money_is_not_recorded(boss, client, told, words):
    order = make_order()
    answer = client.post(url(order, "mark_paid"), told)
    assert answer.status_code == 400
    assert words in text(answer)
    order.refresh_from_db()
    assert order.state == "pending"
    assert order.order_bills.get().bill.payments.get().captured_amount == 0


def test_another_amount_is_taken_when_it_is_meant(boss, client):
    order = make_order()
    answer = client.post(
        url(order, "mark_paid"), {"amount": "110.00", "reference": "ABA 2", "differs": "on"}, follow=True
    )
    assert "it stands on the list of open breaks" in text(answer)
    assert Break.objects.get().amount == Decimal("7.50")


def test_dispatch_by_scanned_serials(boss, client):
    order, variant = laptop_order("A1", "A2", spare=["A3"])
    page = text(client.get(url(order, "dispatch")))
    assert page.count("data-scan") == 2
    assert page.count("autofocus") == 1
    answer = client.post(
        url(order, "dispatch"),
        scans(order, "a1 ", "A3", carrier="J&T", tracking_number="KH1", tracking_url="https://jt.example/KH1"),
        follow=True,
    )
    shipment = Shipment.objects.get()
    assert f"Sent as {shipment.code}." in text(answer)
    assert sorted(shipment.allocations.values_list("unit__serial", flat=True)) == ["A1", "A3"]
    assert (shipment.carrier, shipment.tracking_number) == ("J&T", "KH1")
    assert dict(Unit.objects.filter(variant=variant).values_list("serial", "state")) == {
        "A1": "sold",
        "A2": "available",
        "A3": "sold",
    }


@pytest.mark.parametrize(
    ("serials", "extra", "words"),
    [
        (("A1", "A1"), {}, "Serial number A1 was scanned twice. Nothing was changed."),
        (("A1", "NOPE"), {}, "No item with serial number NOPE is in stock records. Nothing was changed."),
        (("A1", "OTHER"), {}, "Serial number OTHER is a different article"),
        (("A1", "THEIRS"), {}, "Serial number THEIRS is not free: held for an order. Nothing was changed."),
        (("A1", ""), {}, "Scan the serial number of this item."),
        (("A1", "x" * 81), {}, "at most 80 characters"),
        (("A1", "A2"), {"tracking_url": "javascript:alert(1)"}, "Enter a valid URL."),
        (("A1", "A2"), {"tracking_number": "9" * 81}, "at most 80 characters"),
    ],
)
def test_a_wrong_scan_changes_nothing_and_keeps_what_was_typed(boss, client, serials, extra, words):
    order, variant = laptop_order("A1", "A2")
    make_units(variant, serials=["THEIRS"])
    make_paid_order((variant, 1))
    make_units(make_variant(), serials=["OTHER"])
    before = list(Unit.objects.order_by("pk").values_list("serial", "state", "hold_id"))
    letters = Email.objects.count()
    answer = client.post(url(order, "dispatch"), scans(order, *serials, carrier="J&amp;T", **extra))
    assert answer.status_code == 400
    assert words in text(answer)
    assert 'value="A1"' in text(answer)
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert list(Unit.objects.order_by("pk").values_list("serial", "state", "hold_id")) == before
    assert (Shipment.objects.count(), Email.objects.count()) == (0, letters)


def test_a_refusal_stands_at_the_field_it_is_about(boss, client):
    order, _ = laptop_order("A1", "A2")
    form = client.post(url(order, "dispatch"), scans(order, "A1", "NOPE")).context["form"]
    assert list(form.errors) == [f"serial-{order.lines.get().pk}-2"]


def test_a_page_that_has_grown_old_says_so_and_changes_nothing(boss, client):
    order, _ = laptop_order("A1")
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    for deed, told in (("dispatch", scans(order, "A1")), ("start_packing", {}), ("cancel", {"reason": "x"})):
        answer = client.post(url(order, deed), told, follow=True)
        assert "is not possible any more: this order is cancelled now. Nothing was changed." in text(answer)
        assert answer.redirect_chain == [(url(order), 302)]
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert Unit.objects.get(serial="A1").state == "available"


def test_a_state_that_changes_between_look_and_deed_is_refused_by_the_deed(boss, client, monkeypatch):
    order = make_paid_order()
    stale = Order.objects.get(pk=order.pk)
    cancel_order(order, by=None, reason=CancelReason.STAFF)
    monkeypatch.setattr("orders.admin.order.OrderAdmin.get_object", lambda *args: stale)
    answer = client.post(url(order, "start_packing"), follow=False)
    assert answer.status_code == 302
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_cancelling_needs_a_reason_and_gives_the_units_back(boss, client):
    order, _ = laptop_order("A1")
    assert client.post(url(order, "cancel"), {"reason": "  "}).status_code == 400
    answer = client.post(url(order, "cancel"), {"reason": "customer rang"}, follow=True)
    assert "The units are back on the shelf" in text(answer)
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "staff")
    assert order.events.get(kind="cancelled").reason == "customer rang"
    assert Refund.objects.get().amount == order.total


def test_a_deed_needs_a_post_a_token_and_an_order_that_exists(boss, client):
    order = make_paid_order()
    assert client.get(url(order, "start_packing")).status_code == 200
    assert client.delete(url(order, "start_packing")).status_code == 405
    order.refresh_from_db()
    assert order.state == "confirmed"
    client.handler.enforce_csrf_checks = True
    assert client.post(url(order, "start_packing")).status_code == 403
    client.handler.enforce_csrf_checks = False
    for pk in (10**6, 10**30):
        answer = client.post(reverse("admin:orders_order_start_packing", args=[pk]))
        assert (answer.status_code, answer.url) == (302, reverse("admin:index"))


def test_the_history_names_who_pressed_what(boss, client):
    order = make_paid_order()
    client.post(url(order, "start_packing"))
    page = text(client.get(reverse("admin:orders_order_history", args=[order.pk])))
    assert "Start packing" in page
    assert order.events.get(kind="packing").actor == boss


def test_bulk_deeds_ask_first_then_report_each_row(boss, client):
    ready = [make_paid_order(), make_paid_order()]
    pending = make_order()
    chosen = [order.pk for order in (*ready, pending)]
    asked = client.post(reverse(CHANGELIST), {"action": "start_packing", "index": 0, "_selected_action": chosen})
    assert "<strong>2</strong> of 3 chosen orders are ready for this: $205.00 together." in text(asked)
    assert f"{pending}</a> (waiting for payment)" in text(asked)
    assert Order.objects.filter(state="packing").count() == 0
    cancel_order(ready[1], by=None, reason=CancelReason.STAFF)
    done = client.post(
        reverse(CHANGELIST), {"action": "start_packing", "confirmed": "yes", "_selected_action": chosen[:2]}
    )
    assert [(result.row.pk, result.done) for result in done.context["results"]] == [
        (ready[0].pk, True),
        (ready[1].pk, False),
    ]
    assert "this order is cancelled now" in done.context["results"][1].words
    assert list(Order.objects.filter(state="packing")) == [ready[0]]


def test_a_bulk_form_without_its_answer_is_asked_again(boss, client):
    order = make_paid_order()
    answer = client.post(
        reverse(CHANGELIST), {"action": "cancel", "confirmed": "yes", "_selected_action": [order.pk], "reason": ""}
    )
    assert "Say in a few words why." in text(answer)
    order.refresh_from_db()
    assert order.state == "confirmed"


def test_too_many_rows_at_once_are_refused(boss, client, monkeypatch):
    monkeypatch.setattr("core.admin_deeds.MOST_AT_ONCE", 1)
    chosen = [make_paid_order().pk, make_paid_order().pk]
    answer = client.post(
        reverse(CHANGELIST),
        {"action": "start_packing", "confirmed": "yes", "_selected_action": chosen},
        follow=True,
    )
    assert "Choose at most 1; nothing was changed." in text(answer)
    assert not Order.objects.filter(state="packing").exists()


def test_the_pick_list_follows_the_shelves_and_leaves_out_what_is_not_to_be_packed(boss, client):
    far, near = make_variant(), make_variant()
    make_units(far, serials=["Z1"], bin="Z-01")
    make_units(near, serials=["A1"], bin="A-01")
    order = make_paid_order((far, 1), (near, 1))
    pending = make_order()
    answer = client.post(
        reverse(CHANGELIST),
        {"action": "print_pick_list", "index": 0, "_selected_action": [order.pk, pending.pk]},
    )
    assert [pick.bin for pick in answer.context["picks"]] == ["A-01", "Z-01"]
    assert f"{pending} (waiting for payment)" in text(answer)
    single = client.get(reverse("admin:orders_order_pick_list", args=[order.pk]))
    assert [pick.serial for pick in single.context["picks"]] == ["A1", "Z1"]


def test_a_parcels_facts_may_be_corrected_until_it_has_arrived(boss, client):
    order = make_paid_order()
    shipment = dispatch(order, by=boss, serials={}, carrier="J&T")
    page = reverse("admin:orders_shipment_change", args=[shipment.pk])
    inline = {"allocations-TOTAL_FORMS": 0, "allocations-INITIAL_FORMS": 0}
    client.post(page, {"carrier": "DHL", "tracking_number": "D1", "tracking_url": "", **inline})
    shipment.refresh_from_db()
    assert (shipment.carrier, shipment.tracking_number, shipment.state) == ("DHL", "D1", "dispatched")
    assert order.events.get(kind="shipment_corrected").facts["carrier"] == "DHL"
    client.post(reverse("admin:orders_shipment_confirm_delivery", args=[shipment.pk]))
    client.post(page, {"carrier": "UPS", "tracking_number": "", "tracking_url": "", **inline})
    shipment.refresh_from_db()
    assert (shipment.carrier, shipment.state) == ("DHL", "delivered")


def test_the_order_page_asks_the_database_as_often_for_one_line_as_for_three(boss, client, django_assert_num_queries):
    counts = []
    for lines in (1, 3):
        variants = [make_variant() for _ in range(lines)]
        for variant in variants:
            make_units(variant, quantity=2)
        order = make_paid_order(*((variant, 2) for variant in variants))
        start_packing([order], by=boss)
        with django_assert_num_queries(17) as asked:
            assert client.get(url(order)).status_code == 200
        counts.append(len(asked))
    assert counts == [17, 17]


def test_a_note_cannot_carry_markup_into_the_page(boss, client):
    order = make_order(note="<script>alert(1)</script>")
    assert "<script>alert(1)" not in text(client.get(url(order)))
