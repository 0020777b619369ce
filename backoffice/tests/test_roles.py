"""Each role reaches what the table grants, and nothing else."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from accounts.tests.signing import ShopClient
from backoffice import roles
from backoffice.roles import ROLES, TABLE, permissions_of, sync_roles
from catalog.flow import PhotoState, UnitState
from catalog.models import Hold, Photo
from catalog.tests.factories import make_review, make_units, make_variant
from catalog.tests.photos import make_photo
from core import clock
from core.admin_deeds import DeedButtons
from core.tests.pictures import picture, upload
from notifications.flow import EmailState
from notifications.models import Email
from orders.fulfilment import dispatch
from orders.models import Allocation
from orders.returning import ask_return, receive_return
from orders.tests.factories import make_delivered_order, make_order, make_paid_order
from orders.transfer_proofs import show_transfer
from payments.models import Break, ComparedDay, ProviderEvent
from rentals.ending import propose_write_off
from rentals.tests.factories import make_plan
from rentals.tests.staff_cases import brought_back, in_default

REFUND_STATES = ("proposed", "by_hand", "failed")
OUR_APPS = {"core", "notifications", "accounts", "catalog", "payments", "carts", "orders", "rentals", "storefront"}


def pages_of_ours():
    """Return the admin pages of our own models."""
    return {
        model._meta.label_lower: page
        for model, page in admin.site._registry.items()
        if model._meta.app_label in OUR_APPS
    }


def client_of(role):
    client = ShopClient()
    client.force_login(make_staff(groups=[role]))
    return client


def test_the_table_covers_every_page_of_the_admin():
    assert set(pages_of_ours()) - set(TABLE) == set()


def test_sync_makes_six_groups_with_exactly_the_tables_permissions(roles):
    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(ROLES)
    for role in ROLES:
        assert make_staff(groups=[role]).get_all_permissions() == permissions_of(role)


def test_sync_takes_away_what_the_table_no_longer_grants_and_leaves_other_groups_alone(roles):
    other = Group.objects.create(name="Friends")
    stray = roles["Manager"].permissions.get(codename="cancel_order")
    other.permissions.add(stray)
    roles["Auditor"].permissions.add(stray)
    call_command("sync_roles", verbosity=0)
    assert not roles["Auditor"].permissions.filter(pk=stray.pk).exists()
    assert list(other.permissions.all()) == [stray]


def test_sync_names_a_permission_that_does_not_exist(db, monkeypatch):
    monkeypatch.setitem(roles.TABLE, "orders.order", ("view fly", "", "", "", "", ""))
    with pytest.raises(LookupError, match=r"orders\.fly_order"):
        sync_roles()
    assert not Group.objects.exists()


def test_an_auditor_may_only_look():
    assert {name.split(".")[1].split("_")[0] for name in permissions_of("Auditor")} == {"view"}


@pytest.mark.parametrize("role", ROLES)
def test_changelists_open_for_those_who_may_look_and_are_hidden_from_the_others(roles, role):
    client = client_of(role)
    home = client.get(reverse("admin:index"))
    listed = {model["model"]._meta.label_lower for app in home.context["app_list"] for model in app["models"]}
    granted = permissions_of(role)
    for label, page in pages_of_ours().items():
        app, model = label.split(".")
        may_look = f"{app}.view_{model}" in granted
        answer = client.get(reverse(f"admin:{app}_{model}_changelist"))
        assert (label, answer.status_code) == (label, 200 if may_look else 403)
        assert (label in listed) == may_look
        may_add = f"{app}.add_{model}" in granted and page.has_add_permission.__func__.__module__.startswith("django")
        if may_add:
            assert client.get(reverse(f"admin:{app}_{model}_add")).status_code == 200
        elif f"{app}.add_{model}" not in granted:
            assert client.get(reverse(f"admin:{app}_{model}_add")).status_code == 403


def returned_machines(variant):
    """Return two returns: one on its way, one that is here."""
    returns = []
    for order in (make_delivered_order((variant, 1)), make_delivered_order((variant, 1))):
        allocation = Allocation.objects.get(line__order=order)
        returns.append(ask_return(allocation, by=None, reason="too slow"))
    return returns[0], receive_return(returns[1], by=None)


def one_row_for_each_deed():
    """Return a row in the right state for every deed button of the admin: {(model label, deed name): row}."""
    variant = make_variant(units=9)
    confirmed = make_paid_order((variant, 1))
    shipped = make_order((variant, 1), payment_method="cash_on_delivery")
    shipment = dispatch(shipped, by=None, serials={})
    asked, received = returned_machines(variant)
    surplus = make_paid_order((variant, 1))
    payment = surplus.order_bills.get().bill.payments.get()
    open_break = payment.breaks.create(
        key="one", kind="surplus", amount=1, currency="USD", reason="test", due_at=payment.started_at
    )
    at_stripe = {"provider": "stripe", "method": "card", "currency": "USD", "amount": 1}
    by_card = payment.bill.payments.create(
        key="card:1", state="captured", captured_amount=9, capture_id="pi_1", **at_stripe
    )
    sums = {"amount": 1, "currency": "USD", "charge_amount": 1, "charge_currency": "USD", "reason": "test"}
    refunds = {state: by_card.refunds.create(key=state, state=state, **sums) for state in REFUND_STATES}
    to_send_back = by_card.breaks.create(
        key="two", kind="surplus", amount=1, currency="USD", reason="test", due_at=payment.started_at
    )
    unknown = Break.objects.create(
        key="three",
        kind="missing_here",
        provider="stripe",
        provider_id="pi_2",
        amount=1,
        currency="USD",
        due_at=payment.started_at,
    )
    proof = show_transfer(make_order((variant, 1)), upload=upload(picture()), by=None)
    unsure = payment.bill.payments.create(key="card:2", state="checking", asked_at=payment.started_at, **at_stripe)
    late, given_up = in_default(at=clock.now()), in_default(at=clock.now())
    propose_write_off(given_up, by=None, reason="test")
    (intake,) = make_units(variant, quantity=1, state=UnitState.INTAKE)
    (testing,) = make_units(variant, quantity=1, state=UnitState.TESTING)
    failed = make_photo(variant.product, ready=False)
    Photo.objects.update(state=PhotoState.FAILED)
    Email.objects.update(state=EmailState.FAILED)
    letter = Email.objects.latest("pk")
    return {
        ("orders.order", "mark_paid"): make_order((variant, 1)),
        ("orders.order", "start_packing"): confirmed,
        ("orders.order", "dispatch"): confirmed,
        ("orders.order", "cancel"): confirmed,
        ("orders.order", "confirm_delivery"): shipped,
        ("orders.order", "take_back"): shipped,
        ("orders.shipment", "confirm_delivery"): shipment,
        ("orders.shipment", "take_back"): shipment,
        ("orders.return", "receive"): asked,
        ("orders.return", "inspect"): received,
        ("payments.break", "resolve"): open_break,
        ("payments.break", "take"): open_break,
        ("payments.break", "book"): unknown,
        ("payments.break", "send_back"): to_send_back,
        ("payments.comparedday", "compare"): ComparedDay.objects.create(provider="stripe", day=clock.today()),
        ("payments.paymentproof", "approve"): proof,
        ("payments.paymentproof", "reject"): proof,
        ("payments.payment", "check"): unsure,
        ("payments.payment", "refund"): by_card,
        ("payments.refund", "approve"): refunds["proposed"],
        ("payments.refund", "confirm_transfer"): refunds["by_hand"],
        ("payments.refund", "send_by_hand"): refunds["failed"],
        ("payments.refund", "withdraw"): refunds["proposed"],
        ("orders.order", "refund"): confirmed,
        ("payments.providerevent", "replay"): ProviderEvent.objects.create(
            provider="stripe", event_id="evt_1", kind="charge.succeeded", body={}
        ),
        ("catalog.unit", "put_on_sale"): testing,
        ("catalog.unit", "send_to_testing"): intake,
        ("catalog.unit", "send_to_repair"): testing,
        ("catalog.unit", "scrap"): testing,
        ("catalog.photo", "try_again"): failed,
        ("catalog.photo", "remove"): make_photo(None, ready=False),
        ("catalog.rentalplan", "publish"): make_plan(variant),
        ("catalog.rentalplan", "unpublish"): make_plan(variant, months=6, is_published=True),
        ("catalog.review", "publish"): make_review(state="waiting"),
        ("catalog.review", "reject"): make_review(),
        **{
            ("rentals.agreement", deed): late
            for deed in ("waive", "defer", "note", "recall", "lose", "propose_write_off")
        },
        ("rentals.agreement", "approve_write_off"): given_up,
        ("rentals.agreement", "reinstate"): brought_back(at=clock.now()),
        ("notifications.email", "send_again"): letter,
        ("accounts.user", "send_verification_letter"): make_user(verified=False),
    }


@pytest.mark.parametrize("role", ROLES)
def test_deeds_open_for_those_who_may_do_them_and_are_hidden_from_the_others(roles, role):
    client, granted = client_of(role), permissions_of(role)
    rows = one_row_for_each_deed()
    for row in rows.values():
        row.refresh_from_db()
    pages = pages_of_ours()
    deeds = {
        (label, deed.name): deed
        for label, page in pages.items()
        if isinstance(page, DeedButtons)
        for deed in page.deeds
    }
    assert set(deeds) == set(rows)
    for (label, name), deed in deeds.items():
        row = rows[label, name]
        app, model = label.split(".")
        url = pages[label].deed_url(row, deed)
        may_look, may_do = f"{app}.view_{model}" in granted, deed.permission in granted
        answer = client.get(url)
        assert (label, name, answer.status_code) == (label, name, 200 if may_look and may_do else 403)
        if not (may_look and may_do):
            assert client.post(url, {"reason": "x"}).status_code == 403
        page = client.get(reverse(f"admin:{app}_{model}_change", args=[row.pk]))
        assert page.status_code == (200 if may_look else 403)
        if may_look:
            assert (url in page.content.decode()) == may_do
    for row in rows.values():
        before = getattr(row, "state", "")
        row.refresh_from_db()
        assert getattr(row, "state", "") == before


@pytest.mark.parametrize("role", ROLES)
def test_bulk_deeds_are_offered_only_to_those_who_may_do_them(roles, role):
    client, granted = client_of(role), permissions_of(role)
    order = make_paid_order()
    if "orders.view_order" not in granted:
        return
    page = client.get(reverse("admin:orders_order_changelist")).content.decode()
    assert ('value="start_packing"' in page) == ("orders.pack_order" in granted)
    assert ('value="cancel"' in page) == ("orders.cancel_order" in granted)
    assert ('value="print_pick_list"' in page) == ("orders.pack_order" in granted)
    client.post(
        reverse("admin:orders_order_changelist"),
        {"action": "cancel", "_selected_action": [order.pk], "confirmed": "yes", "reason": "test"},
    )
    order.refresh_from_db()
    assert order.state == ("cancelled" if "orders.cancel_order" in granted else "confirmed")


@pytest.mark.parametrize("role", ROLES)
def test_only_those_who_receive_stock_see_its_page(roles, role):
    client = client_of(role)
    may = "catalog.receive_unit" in permissions_of(role)
    assert client.get(reverse("admin:catalog_unit_receive")).status_code == (200 if may else 403)
    shown = (
        reverse("admin:catalog_unit_receive") in client.get(reverse("admin:catalog_unit_changelist")).content.decode()
    )
    assert shown == may


@pytest.mark.parametrize("role", ROLES)
def test_nobody_edits_orders_units_states_or_money_by_hand(roles, role):
    client = client_of(role)
    order = make_order()
    unit = order.lines.get().allocations.get().unit
    assert client.post(reverse("admin:orders_order_change", args=[order.pk]), {"state": "delivered"}).status_code == 403
    client.post(
        reverse("admin:catalog_unit_change", args=[unit.pk]),
        {"state": "sold", "serial": "HACK", "hold": "", "test_report": "{}", "bin": "Z-9"},
    )
    unit.refresh_from_db()
    assert (unit.state, unit.serial, unit.hold) == ("held", None, Hold.objects.get())
    for name in ("orders_order", "catalog_unit", "payments_bill", "payments_payment", "catalog_product"):
        assert client.get(reverse(f"admin:{name}_delete", args=[1])).status_code in (302, 403)


def test_customers_and_strangers_are_sent_to_the_login(client, db):
    client.force_login(make_user())
    for page in ("admin:index", "admin:find", "admin:orders_order_changelist", "admin:catalog_unit_receive"):
        answer = client.get(reverse(page))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("admin:login"))
