"""Units are held for an order all or nothing, and come back."""

from datetime import UTC, datetime

import pytest

from catalog.holding import hold_again, hold_units, keep_hold, release_hold
from catalog.models import Hold, ListingDirty, Unit, UnitEvent
from catalog.signals import stock_changed
from catalog.tests.factories import make_units, make_variant
from core.refusals import Conflict

pytestmark = pytest.mark.django_db
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def states(variant):
    return sorted(Unit.objects.filter(variant=variant).values_list("state", flat=True))


def test_holding_takes_the_oldest_units_and_writes_the_ledger():
    variant = make_variant()
    first, second, third = make_units(variant, serials=["S1", "S2", "S3"])
    hold, _ = hold_units({variant.pk: 2}, expires_at=LATER, by=None, reason="order ABC")
    assert set(hold.units.all()) == {first, second}
    assert hold.expires_at == LATER
    assert Unit.objects.get(pk=third.pk).state == "available"
    assert list(UnitEvent.objects.order_by("unit_id").values_list("unit", "kind", "reason")) == [
        (first.pk, "held", "order ABC"),
        (second.pk, "held", "order ABC"),
    ]


def test_one_line_too_many_holds_nothing():
    plenty, scarce = make_variant(units=5), make_variant(units=1)
    with pytest.raises(Conflict) as refused:
        hold_units({plenty.pk: 5, scarce.pk: 2}, expires_at=LATER, by=None, reason="order")
    assert (refused.value.code, refused.value.facts) == ("sold_out", {"variant": scarce.pk, "available": 1})
    assert refused.value.message == "Only 1 left of these."
    assert states(plenty) == ["available"] * 5
    assert Hold.objects.count() == 0
    assert UnitEvent.objects.count() == 0


def test_units_that_are_not_on_the_shelf_cannot_be_held():
    variant = make_variant()
    for state in ("intake", "testing", "sold", "on_rent", "returned", "repair", "scrapped", "lost"):
        make_units(variant, quantity=1, state=state)
    with pytest.raises(Conflict) as refused:
        hold_units({variant.pk: 1}, expires_at=LATER, by=None, reason="order")
    assert refused.value.facts["available"] == 0


def test_releasing_puts_back_what_is_still_held():
    variant = make_variant(units=2)
    hold, _ = hold_units({variant.pk: 2}, expires_at=LATER, by=None, reason="order")
    sold = hold.units.first()
    Unit.objects.filter(pk=sold.pk).update(state="sold", hold=None)
    release_hold(hold, by=None, reason="cancelled")
    assert states(variant) == ["available", "sold"]
    release_hold(hold, by=None, reason="cancelled again")
    assert UnitEvent.objects.filter(kind="available").count() == 1


def test_a_released_hold_can_be_filled_again_for_good():
    variant = make_variant(units=2)
    hold, _ = hold_units({variant.pk: 2}, expires_at=LATER, by=None, reason="order")
    release_hold(hold, by=None, reason="expired")
    hold_again(hold, {variant.pk: 2}, by=None, reason="late money")
    hold.refresh_from_db()
    assert hold.expires_at is None
    assert states(variant) == ["held", "held"]


def test_keeping_a_hold_ends_its_expiry():
    variant = make_variant(units=1)
    hold, _ = hold_units({variant.pk: 1}, expires_at=LATER, by=None, reason="order")
    keep_hold(hold)
    hold.refresh_from_db()
    assert hold.expires_at is None


def test_lists_and_listeners_hear_of_it(django_capture_on_commit_callbacks):
    variant = make_variant(units=1)
    heard = []

    def listen(sender, variant_ids, **kwargs):
        heard.append(variant_ids)

    stock_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=False) as callbacks:
            hold_units({variant.pk: 1}, expires_at=LATER, by=None, reason="order")
        assert ListingDirty.objects.filter(product=variant.product).exists()
        assert heard == []
        for callback in callbacks:
            callback()
        assert heard == [[variant.pk]]
    finally:
        stock_changed.disconnect(listen)
