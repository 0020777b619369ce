"""States change by the table, under a lock, with a timeline row."""

import pytest
from django.db import transaction

from catalog.flow import UNIT_FLOW, UnitState
from catalog.models import Unit, UnitEvent
from catalog.tests.factories import make_units, make_variant
from core.flows import Flow, flow, move, move_all
from core.refusals import Conflict

pytestmark = pytest.mark.django_db


def test_a_flow_knows_its_steps():
    lights = flow("light", {"red": ["green"], "green": ["red", "dark"]})
    assert lights == Flow("light", {"red": frozenset({"green"}), "green": frozenset({"red", "dark"})})
    assert lights.allows("red", "green")
    assert not lights.allows("red", "dark")
    assert not lights.allows("dark", "red")
    assert lights.is_final("dark")
    assert not lights.is_final("red")


def test_every_state_of_a_unit_can_be_reached_from_intake():
    reached = {"intake"}
    while True:
        more = reached | {after for before in reached for after in UNIT_FLOW.moves.get(before, ())}
        if more == reached:
            break
        reached = more
    assert reached == set(UnitState.values)


def test_a_move_saves_the_state_and_tells_who_and_why(django_user_model):
    staff = django_user_model.objects.create_user("sok@example.com")
    unit = make_units(make_variant(), quantity=1)[0]
    move(unit, UnitState.REPAIR, by=staff, reason="hinge", bench="3")
    unit.refresh_from_db()
    assert unit.state == "repair"
    event = UnitEvent.objects.get(unit=unit)
    assert (event.kind, event.actor, event.actor_label, event.reason) == ("repair", staff, "sok@example.com", "hinge")
    assert event.facts == {"before": "available", "bench": "3"}


def test_a_step_that_is_not_in_the_table_changes_nothing():
    unit = make_units(make_variant(), quantity=1)[0]
    with pytest.raises(Conflict) as refused:
        move(unit, UnitState.SOLD, by=None)
    assert refused.value.code == "wrong_state"
    assert refused.value.message == "This unit is available; it cannot become sold."
    assert Unit.objects.get(pk=unit.pk).state == "available"
    assert UnitEvent.objects.count() == 0


def test_moving_together_is_all_or_nothing():
    variant = make_variant()
    units = make_units(variant, quantity=3)
    Unit.objects.filter(pk=units[1].pk).update(state="repair")
    with pytest.raises(Conflict), transaction.atomic():
        move_all(units, UnitState.SCRAPPED, by=None)
    assert sorted(Unit.objects.values_list("state", flat=True)) == ["available", "available", "repair"]
    assert UnitEvent.objects.count() == 0


def test_moving_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        move_all([], UnitState.SCRAPPED, by=None)


@pytest.mark.django_db(transaction=True)
def test_a_state_changes_only_inside_a_transaction():
    unit = make_units(make_variant(), quantity=1)[0]
    with pytest.raises(RuntimeError, match="inside a transaction"):
        move(unit, UnitState.REPAIR, by=None)
