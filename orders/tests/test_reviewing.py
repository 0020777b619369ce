"""Only who was delivered a product reviews it."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser

from accounts.tests.factories import make_staff, make_user
from catalog.models import Review
from catalog.tests.factories import make_product, make_units, make_variant
from core.refusals import Refusal
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.fulfilment import confirm_delivery, dispatch, return_refused_shipment
from orders.reviewing import delivered_on, review_purchase
from orders.tests.factories import make_delivered_order, make_order, make_paid_order

pytestmark = pytest.mark.django_db
# 23:30 in UTC is the next day in Phnom Penh.
LATE = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
WORDS = {"rating": 4, "title": "Solid", "body": "Quiet.", "author_name": "Dara"}


def refused(product, by):
    with pytest.raises(Refusal) as caught:
        review_purchase(product, by=by, **WORDS)
    assert not Review.objects.exists()
    return caught.value.code


def test_a_buyer_reviews_what_was_delivered():
    dara, variant = make_user(), make_variant(units=2)
    other_grade = make_variant(variant.product, grade="A")
    with time_machine.travel(LATE, tick=False):
        make_delivered_order((variant, 1), user=dara)
    review = review_purchase(other_grade.product, by=dara, **WORDS)
    assert (review.state, review.author, review.bought_on) == ("waiting", dara, date(2026, 11, 1))
    with time_machine.travel(LATE.replace(month=12), tick=False):
        make_delivered_order((variant, 1), user=dara)
    again = review_purchase(variant.product, by=dara, **{**WORDS, "rating": 5})
    assert (again.pk, again.bought_on) == (review.pk, date(2027, 1, 1))


def test_who_never_bought_it_is_refused():
    variant = make_variant(units=5)
    dara = make_user()
    make_delivered_order((variant, 1), user=dara)
    assert refused(variant.product, make_user()) == "not_bought"
    assert refused(make_product(), dara) == "not_bought"
    for nobody in (None, AnonymousUser()):
        assert refused(variant.product, nobody) == "not_bought"
    assert refused(variant.product, make_staff(is_superuser=True)) == "not_bought"


def test_an_order_that_has_not_arrived_does_not_count():
    variant, dara = make_variant(units=9), make_user()
    make_order((variant, 1), user=dara)
    make_paid_order((variant, 1), user=dara)
    shipped = dispatch(make_paid_order((variant, 1), user=dara), by=None, serials={})
    cancel_order(make_order((variant, 1), user=dara), by=dara, reason=CancelReason.CUSTOMER)
    assert refused(variant.product, dara) == "not_bought"
    return_refused_shipment(shipped, by=None, reason="refused at the door")
    assert refused(variant.product, dara) == "not_bought"
    confirm_delivery(dispatch(make_paid_order((variant, 1), user=dara), by=None, serials={}), by=None)
    assert review_purchase(variant.product, by=dara, **WORDS).state == "waiting"


def test_a_guests_order_gives_nobody_else_the_right():
    variant, dara = make_variant(units=2), make_user("dara@example.com")
    make_delivered_order((variant, 1), email="dara@example.com")
    assert refused(variant.product, dara) == "not_bought"


def test_only_the_delivered_products_of_an_order_count():
    one, two, dara = make_variant(units=1), make_variant(units=1), make_user()
    make_delivered_order((one, 1), user=dara)
    assert delivered_on(one.product, to=dara) is not None
    assert delivered_on(two.product, to=dara) is None


def test_wrong_values_are_named_before_anything_is_kept():
    variant, dara = make_variant(units=1), make_user()
    make_delivered_order((variant, 1), user=dara)
    with pytest.raises(Refusal) as caught:
        review_purchase(variant.product, by=dara, **{**WORDS, "rating": 6})
    assert (caught.value.code, list(caught.value.facts["fields"])) == ("invalid_values", ["rating"])
    assert not Review.objects.exists()


@pytest.mark.parametrize("orders", [1, 3])
def test_the_question_costs_one_query_and_none_for_a_guest(orders, django_assert_num_queries):
    variant, dara = make_variant(), make_user()
    make_units(variant, quantity=orders)
    for _ in range(orders):
        make_delivered_order((variant, 1), user=dara)
    with django_assert_num_queries(1):
        assert delivered_on(variant.product, to=dara) is not None
    with django_assert_num_queries(0):
        assert delivered_on(variant.product, to=AnonymousUser()) is None
