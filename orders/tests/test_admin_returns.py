"""Machines that come back, as the warehouse sees them."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from backoffice.roles import sync_roles
from catalog.models import Unit
from core import clock
from orders.models import Allocation, Return
from orders.returning import ask_return
from orders.tests.factories import make_delivered_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def warehouse(client):
    sync_roles()
    client.force_login(make_staff("store@example.com", groups=["Warehouse"]))
    return client


@pytest.fixture
def returned():
    allocation = Allocation.objects.get(line__order=make_delivered_order())
    Unit.objects.filter(pk=allocation.unit_id).update(serial="SN-77")
    return ask_return(allocation, by=None, reason="too slow")


def address(returned, deed="change"):
    return reverse(f"admin:orders_return_{deed}", args=[returned.pk])


def test_the_warehouse_receives_and_inspects_a_machine(warehouse, returned):
    page = warehouse.get(address(returned)).content.decode()
    assert "wait for the machine" in page
    assert "SN-77" in page
    assert address(returned, "inspect") not in page
    today = str(clock.today())
    assert warehouse.get(address(returned, "receive")).context["form"]["taken_on"].initial == clock.today()
    answer = warehouse.post(address(returned, "receive"), {"taken_on": today}, follow=True)
    assert "Received. Inspect it next" in answer.content.decode()
    assert address(returned, "receive") not in answer.content.decode()
    answer = warehouse.post(address(returned, "inspect"), {"findings": "complete, normal wear"}, follow=True)
    assert "Inspected." in answer.content.decode()
    returned.refresh_from_db()
    assert (returned.state, returned.findings, returned.damage) == ("inspected", "complete, normal wear", None)
    assert returned.allocation.unit.state == "testing"


def test_a_day_before_it_was_sent_is_refused_at_its_field(warehouse, returned):
    early = str(clock.today() - timedelta(days=400))
    answer = warehouse.post(address(returned, "receive"), {"taken_on": early})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["taken_on"]
    assert Return.objects.get().state == "asked"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"findings": " "}, "findings"),
        ({"findings": "broken", "damage": "-1"}, "damage"),
        ({"findings": "broken", "damage": "10.005"}, "damage"),
        ({"findings": "broken", "damage": "80.00"}, "market_value"),
    ],
)
def test_an_inspection_that_makes_no_sense_changes_nothing(warehouse, returned, told, field):
    warehouse.post(address(returned, "receive"), {"taken_on": str(clock.today())})
    answer = warehouse.post(address(returned, "inspect"), told)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    again = Return.objects.get()
    assert (again.state, again.damage, again.allocation.unit.state) == ("received", None, "returned")


def test_a_damage_is_written_down_with_what_the_machine_was_worth(warehouse, returned):
    warehouse.post(address(returned, "receive"), {"taken_on": str(clock.today())})
    told = {"findings": "the screen is cracked", "damage": "80.00", "market_value": "300.00"}
    assert warehouse.post(address(returned, "inspect"), told).status_code == 302
    again = Return.objects.get()
    assert (again.state, again.damage, again.market_value) == ("inspected", D("80.00"), D("300.00"))
    assert "$80.00" in warehouse.get(address(returned)).content.decode()
