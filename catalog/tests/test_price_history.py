"""Every change of a price is on record, and a sale price stands beside the lowest one of the 30 days before it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from catalog.editing import save_variant
from catalog.models import PriceChange, Variant
from catalog.price_history import Asked, lowest_before, lowest_price_30_days, lowest_prices_beside_sales
from catalog.tests.factories import make_product, make_variant
from core.refusals import Refusal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def history(variant, *changes):
    """Put (days ago, price) on record; the last one is the variant's price now."""
    PriceChange.objects.bulk_create(
        PriceChange(variant=variant, at=NOW - days * DAY, price=None if price is None else Decimal(price))
        for days, price in changes
    )
    variant.price = None if changes[-1][1] is None else Decimal(changes[-1][1])
    variant.save(update_fields=["price"])
    return variant


def recorded(variant):
    return [(change.at, change.price) for change in PriceChange.objects.filter(variant=variant)]


# --- Recording ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_offer_and_each_change_of_its_price_are_on_record_and_other_changes_are_not():
    product = make_product()
    with time_machine.travel(NOW, tick=False):
        variant = save_variant(None, by=None, values={"product": product, "grade": "A", "price": Decimal("80.00")})
    with time_machine.travel(NOW + DAY, tick=False):
        variant = save_variant(variant, by=None, values={"price": Decimal("80.00"), "list_price": Decimal("99.00")})
        variant = save_variant(variant, by=None, values={"is_offered": False})
    with time_machine.travel(NOW + 2 * DAY, tick=False):
        variant = save_variant(variant, by=None, values={"price": None})
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        save_variant(variant, by=None, values={"price": Decimal("70.00")})
    assert recorded(variant) == [
        (NOW, Decimal("80.00")),
        (NOW + 2 * DAY, None),
        (NOW + 3 * DAY, Decimal("70.00")),
    ]


@pytest.mark.django_db
def test_an_offer_without_a_price_has_no_history_yet():
    save_variant(None, by=None, values={"product": make_product(), "grade": "A", "price": None})
    assert not PriceChange.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("price", [Decimal("0.00"), Decimal("-1.00"), Decimal("10.005")])
def test_a_price_that_cannot_be_leaves_no_trace(price):
    variant = make_variant(price="100.00")
    with pytest.raises(Refusal):
        save_variant(variant, by=None, values={"price": price})
    assert not PriceChange.objects.exists()


@pytest.mark.django_db
def test_prices_from_before_the_history_are_put_on_record_once():
    old = make_variant(price="50.00")
    make_variant(price=None)
    known = history(make_variant(), (3, "100.00"))
    start = import_module("catalog.migrations.0006_finding_and_choosing").start_price_history
    start(apps, None)
    start(apps, None)
    assert recorded(old) == [(old.created_at, Decimal("50.00"))]
    assert PriceChange.objects.filter(variant=known).count() == 1
    assert PriceChange.objects.count() == 2


# --- The rule (Directive 98/6/EC, Art. 6a) --------------------------------------------------------------------------

CASES = {
    "a first price has no prior one": ([(10, "100")], None),
    "one cut": ([(90, "100"), (2, "80")], "100"),
    "the lowest of the 30 days counts, not the last": ([(90, "100"), (20, "70"), (10, "110"), (2, "90")], "70"),
    "a raise before the sale does not help": ([(90, "100"), (3, "150"), (1, "99")], "100"),
    "what ended 30 days before the cut is out": ([(90, "60"), (32, "100"), (2, "80")], "100"),
    "what ended a moment later is in": ([(90, "60"), (31.9999, "100"), (2, "80")], "60"),
    "a price set long ago keeps the prior price of its own cut": ([(400, "100"), (200, "80")], "100"),
    "each further cut has a period of its own": ([(90, "100"), (20, "90"), (2, "80")], "90"),
    "on sale for a shorter time": ([(5, "100"), (1, "80")], "100"),
    "a time without a price does not count": ([(90, "100"), (40, None), (2, "80")], None),
    "a time without a price within": ([(90, "100"), (20, None), (2, "80")], "100"),
    "no price now": ([(90, "100"), (2, None)], None),
    "a slip that was put right at once was never asked": ([(90, "100"), (5, "1"), (5, "100"), (2, "80")], "100"),
    "a change that still lies ahead is not one yet": ([(90, "100"), (2, "80"), (-1, "10")], "100"),
    "a raise has a prior price too": ([(90, "100"), (2, "120")], "100"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", CASES)
def test_the_lowest_price_of_the_30_days_before_the_present_one(name):
    changes, expected = CASES[name]
    variant = history(make_variant(), *changes)
    assert lowest_price_30_days(variant, now=NOW) == (None if expected is None else Decimal(expected))


SHOWN = {
    "cut lately": ([(90, "100"), (2, "80")], None, "100"),
    "cut lately, with a former price": ([(90, "100"), (2, "80")], "120", "100"),
    "raised lately": ([(90, "100"), (2, "120")], None, None),
    "raised, and called a sale": ([(90, "100"), (2, "120")], "150", "100"),
    "cut 30 days ago": ([(90, "100"), (30, "80")], None, None),
    "cut less than 30 days ago": ([(90, "100"), (29.99, "80")], None, "100"),
    "cut long ago, still called a sale": ([(400, "100"), (200, "80")], "120", "100"),
    "a former price that is no higher": ([(90, "80"), (60, "100")], "100", None),
    "new, with a former price": ([(3, "80")], "120", None),
    "no price": ([(90, "80"), (3, None)], "120", None),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", SHOWN)
def test_it_is_shown_beside_sale_prices_only(name):
    changes, list_price, expected = SHOWN[name]
    variant = history(make_variant(list_price=None if list_price is None else Decimal(list_price)), *changes)
    shown = lowest_prices_beside_sales([variant], now=NOW)
    assert shown == ({} if expected is None else {variant.pk: Decimal(expected)})


@pytest.mark.django_db
@pytest.mark.parametrize("offers", [0, 1, 3])
def test_one_query_serves_all_offers_of_a_page(offers, django_assert_num_queries):
    variants = [history(make_variant(), (90, f"{100 + n}"), (2, "80")) for n in range(offers)]
    with django_assert_num_queries(min(offers, 1)):
        shown = lowest_prices_beside_sales(variants, now=NOW)
    assert shown == {variant.pk: Decimal(100 + n) for n, variant in enumerate(variants)}


@pytest.mark.django_db
def test_a_long_history_is_not_fetched(django_assert_num_queries):
    variant = history(make_variant(), *((400 - n, str(200 + n)) for n in range(398)), (1, "80"))
    with django_assert_num_queries(1) as caught:
        assert lowest_price_30_days(variant, now=NOW) == Decimal(569)
    assert "LEAD" in caught[0]["sql"]


# --- The rule against a slow oracle ---------------------------------------------------------------------------------

HOURS = 24 * 30
prices = st.one_of(st.none(), st.sampled_from([Decimal(n) for n in (50, 60, 70, 80, 90)]))
changes_of = st.lists(st.tuples(st.integers(0, 100 * 24), prices), min_size=1, max_size=12)


def oracle(changes, now_hour):
    """Look at every hour of the 30 days before the last change and note what was asked in it."""
    past = [(hour, price) for hour, price in changes if hour <= now_hour]
    if not past or past[-1][1] is None:
        return None
    current = past[-1][0]
    asked = set()
    for hour in range(current - HOURS, current):
        before = [price for at, price in past if at <= hour]
        if before:
            asked.add(before[-1])
    return min(asked - {None}, default=None)


@pytest.mark.django_db
@given(changes=changes_of, later=changes_of, now_hour=st.integers(0, 110 * 24))
def test_the_rule_equals_the_oracle(changes, later, now_hour):
    """Two offers in one query, so that their histories must not mix."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    Variant.objects.all().delete()
    variants = [make_variant(), make_variant()]
    expected = {}
    for variant, told in zip(variants, (changes, later), strict=True):
        told = sorted(told, key=lambda change: change[0])  # noqa: PLW2901
        PriceChange.objects.bulk_create(
            PriceChange(variant=variant, at=start + timedelta(hours=hour), price=price) for hour, price in told
        )
        expected[variant.pk] = oracle(told, now_hour)
    now = start + timedelta(hours=now_hour)
    assert {variant.pk: lowest_price_30_days(variant, now=now) for variant in variants} == expected
    for variant in variants:
        variant.price, variant.list_price = Decimal(1), Decimal(100)
    together = lowest_prices_beside_sales(variants, now=now)
    assert together == {pk: price for pk, price in expected.items() if price is not None}


@given(changes=changes_of)
def test_nothing_from_outside_the_period_changes_the_answer(changes):
    """The database may leave such rows out."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    told = [Asked(start + timedelta(hours=hour), price) for hour, price in sorted(changes, key=lambda one: one[0])]
    current = told[-1].at
    kept = [
        asked
        for asked, following in zip(told, [*told[1:], None], strict=True)
        if following is None or following.at > current - timedelta(days=30)
    ]
    assert lowest_before(kept) == lowest_before(told)
