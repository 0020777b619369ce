"""The rebuild beside other workers and writers, on a server that has them."""

import threading
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from catalog.facets import ALL_CODE
from catalog.listings import mark_dirty, rebuild_dirty
from catalog.models import FacetCount, Listing, ListingDirty, Variant
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from core.tests.racing import run_together
from core.versions import EVERY_LIST, current_versions, list_of

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
PATIENCE = 20


@pytest.fixture(autouse=True)
def _server_without_hints(monkeypatch):
    if connection.vendor != "mysql":
        pytest.fail("These tests need MariaDB or MySQL: set DATABASE_URL.")
    monkeypatch.setattr("catalog.listings.nudge", lambda name: None)


def in_thread(work):
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_mark_waits_for_no_rebuild_and_a_rebuild_for_no_mark():
    variant = make_variant(units=1)
    mark_dirty([variant.product_id])
    marked, go_on = threading.Event(), threading.Event()

    def change_slowly():
        with transaction.atomic():
            Variant.objects.filter(pk=variant.pk).update(price=Decimal("55.00"))
            mark_dirty([variant.product_id])
            marked.set()
            go_on.wait(PATIENCE)

    thread = in_thread(change_slowly)
    assert marked.wait(PATIENCE)
    # The other transaction is open: its price is not seen yet, and its note must survive.
    assert rebuild_dirty(10) == 1
    assert Listing.objects.get().price == Decimal("100.00")
    go_on.set()
    thread.join(PATIENCE)
    assert rebuild_dirty(10) == 1
    assert Listing.objects.get().price == Decimal("55.00")
    assert not ListingDirty.objects.exists()


def test_a_product_that_somebody_holds_is_left_for_the_next_run():
    held, free = make_variant(units=1), make_variant(units=1)
    mark_dirty([held.product_id, free.product_id])
    locked, go_on = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            held.product.save()
            locked.set()
            go_on.wait(PATIENCE)

    thread = in_thread(hold)
    assert locked.wait(PATIENCE)
    assert rebuild_dirty(10) == 1
    assert Listing.objects.get().variant == free
    assert ListingDirty.objects.get().product_id == held.product_id
    go_on.set()
    thread.join(PATIENCE)
    assert rebuild_dirty(10) == 1
    assert Listing.objects.count() == 2


def test_two_workers_and_changing_stock_end_at_the_truth():
    variants = [make_variant(make_product(), units=1) for _ in range(40)]
    changes_done = threading.Event()

    def work():
        while not (changes_done.is_set() and not ListingDirty.objects.exists()):
            rebuild_dirty(50)

    workers = [in_thread(work) for _ in range(2)]
    for step in range(3):
        for variant in variants:
            with transaction.atomic():
                make_units(variant, quantity=1)
                Variant.objects.filter(pk=variant.pk).update(price=Decimal(step + 1))
                mark_dirty([variant.product_id])
    changes_done.set()
    for worker in workers:
        worker.join(PATIENCE * 3)
        assert not worker.is_alive()
    assert set(Listing.objects.values_list("available", "price", "lead")) == {(4, Decimal("3.00"), True)}
    assert Listing.objects.count() == 40
    assert dict(FacetCount.objects.values_list("name", "products")) == {
        "": 40,
        "brand": 40,
        "grade": 40,
        "in_stock": 40,
    }


def test_workers_that_rebuild_side_by_side_raise_every_version_and_lose_no_count(bounded):
    """They all raise the version of the whole, one after the other; none may wait for another in a circle."""
    for _ in range(bounded(ci=1, prove=10)):
        categories = [make_category() for _ in range(4)]
        variants = [
            make_variant(make_product(category=category), units=1) for category in categories for _ in range(60)
        ]
        names = [list_of(category.slug) for category in categories]
        before = current_versions([EVERY_LIST])[EVERY_LIST]
        mark_dirty(variant.product_id for variant in variants)
        built = run_together([partial(rebuild_dirty, 1000)] * 4, at_once=4)
        rebuild_dirty(1000)  # what was locked while all looked
        assert [one for one in built if not isinstance(one, int)] == []
        assert not ListingDirty.objects.exists()
        counts = FacetCount.objects.filter(category__in=categories, code=ALL_CODE)
        assert list(counts.values_list("products", flat=True)) == [60] * 4
        assert min(current_versions(names).values()) >= 1
        assert current_versions([EVERY_LIST])[EVERY_LIST] > before
