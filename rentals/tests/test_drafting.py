"""An order with rented machines: one agreement each."""

from decimal import Decimal as D

import pytest

from core.refusals import Refusal
from orders.tests.factories import make_order
from rentals.drafting import draft_agreements
from rentals.models import Agreement, Instalment
from rentals.tests.factories import make_rented_line

pytestmark = pytest.mark.django_db


def test_one_agreement_for_each_machine():
    line = make_rented_line(quantity=2)
    agreements = draft_agreements(line.order, by=line.order.user)
    assert [(row.position, row.total, row.cash_price, row.state) for row in agreements] == [
        (1, D(780), D(600), "draft"),
        (2, D(780), D(600), "draft"),
    ]
    assert all(row.customer == line.order.user and row.policy.version == 1 for row in agreements)
    assert Instalment.objects.count() == 24


def test_drafting_twice_makes_nothing_more():
    line = make_rented_line()
    draft_agreements(line.order, by=None)
    assert draft_agreements(line.order, by=None) == []
    assert Agreement.objects.count() == 1


def test_bought_lines_need_no_agreement():
    assert draft_agreements(make_order(), by=None) == []


def test_what_the_policy_forbids_is_not_drafted():
    line = make_rented_line(monthly="100.01")
    with pytest.raises(Refusal) as refused:
        draft_agreements(line.order, by=None)
    assert refused.value.code == "ratio_above_cap"
    assert not Agreement.objects.exists()
