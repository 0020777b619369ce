"""What staff do with one agreement, by the buttons of its page."""

from datetime import datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.urls import reverse

from accounts.tests.factories import make_staff
from backoffice.roles import sync_roles
from catalog.models import Unit
from notifications.models import Email
from rentals.clockwork import run_clock
from rentals.models import Agreement
from rentals.tests.journeys import make_delivered
from rentals.tests.staff_cases import brought_back, in_default

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-20T10:00:00+07:00")


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def manager(client):
    sync_roles()
    client.force_login(make_staff("manager@example.com", groups=["Manager"]))
    return client


def press(client, agreement, deed, **told):
    return client.post(reverse(f"admin:rentals_agreement_{deed}", args=[agreement.pk]), told)


def shown(client, agreement):
    page = client.get(reverse("admin:rentals_agreement_change", args=[agreement.pk]))
    return [button["deed"].name for button in page.context["deeds"]]


def test_each_state_offers_its_own_buttons(manager):
    (fresh,) = make_delivered(at=NOW)
    assert shown(manager, fresh) == ["note", "lose"]
    late = in_default(at=NOW)
    assert shown(manager, late) == ["waive", "defer", "note", "recall", "lose", "propose_write_off"]
    assert shown(manager, brought_back(at=NOW)) == ["note", "reinstate"]


def test_a_late_fee_is_let_go_with_a_reason(manager):
    agreement = in_default(at=NOW)
    form = manager.get(reverse("admin:rentals_agreement_waive", args=[agreement.pk])).context["form"]
    assert form.fields["target"].choices == [("late_fee:2", "late fee of payment 2: $3.25")]
    refused = press(manager, agreement, "waive", target="late_fee:2", reason=" ")
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["reason"])
    assert press(manager, agreement, "waive", target="late_fee:9", reason="x").status_code == 400
    assert press(manager, agreement, "waive", target="late_fee:2", reason="our courier was late").status_code == 302
    assert agreement.entries.get(kind="waived").amount == D("3.25")
    assert Email.objects.filter(kind="rent_fee_waived").count() == 1


def test_more_time_is_given_until_a_day_that_makes_sense(manager):
    agreement = in_default(at=NOW)
    late = {"number": "2", "reason": "hospital"}
    refused = press(manager, agreement, "defer", to=str((NOW + timedelta(days=90)).date()), **late)
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["to"])
    until = (NOW + timedelta(days=10)).date()
    assert press(manager, agreement, "defer", to=str(until), **late).status_code == 302
    assert agreement.instalments.get(number=2).counts_from == until


def test_a_note_stands_on_the_timeline(manager):
    agreement = in_default(at=NOW)
    assert press(manager, agreement, "note", text="called, will pay on Friday").status_code == 302
    assert agreement.events.get(kind="note").reason == "called, will pay on Friday"


def test_staff_ask_for_a_machine_in_default(manager):
    agreement = in_default(at=NOW)
    assert press(manager, agreement, "recall", reason="no answer for a month").status_code == 302
    assert Agreement.objects.get(pk=agreement.pk).state == "return_pending"


def test_a_lost_machine_is_charged_once(manager):
    agreement = in_default(at=NOW)
    assert press(manager, agreement, "lose", market_value="280.00", reason="stolen").status_code == 302
    assert (Agreement.objects.get(pk=agreement.pk).state, Unit.objects.get().state) == ("lost", "lost")
    assert press(manager, agreement, "lose", market_value="280.00", reason="stolen").status_code == 302
    assert agreement.entries.filter(target="loss:1", kind="charged").count() <= 1


def test_two_people_write_a_debt_off(manager):
    agreement = in_default(at=NOW)
    assert press(manager, agreement, "propose_write_off", reason="bankrupt").status_code == 302
    assert "approve_write_off" in shown(manager, agreement)
    press(manager, agreement, "approve_write_off")
    assert Agreement.objects.get(pk=agreement.pk).state == "defaulted"
    manager.force_login(make_staff("other@example.com", groups=["Manager"]))
    press(manager, agreement, "approve_write_off")
    assert Agreement.objects.get(pk=agreement.pk).state == "written_off"


def test_an_agreement_is_taken_up_again_by_serial_number(manager):
    agreement = brought_back(at=NOW)
    refused = press(manager, agreement, "reinstate", serial="NOWHERE")
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["serial"])
    assert press(manager, agreement, "reinstate", serial="SPARE-1").status_code == 302
    again = Agreement.objects.get(pk=agreement.pk)
    assert (again.state, again.unit.serial) == ("active", "SPARE-1")
    run_clock()
    assert Agreement.objects.get(pk=agreement.pk).state == "active"
