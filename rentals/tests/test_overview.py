"""What everybody shows of an agreement: the same numbers, in two queries."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
import time_machine

from rentals.buyout import quote_buyout
from rentals.overview import Action, RowState, overview_of, overviews_of
from rentals.rules import lease as rules
from rentals.tests.factories import advance, make_agreement, make_draft

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 2, 24, 5, tzinfo=UTC)


def test_an_overdue_agreement_in_numbers():
    agreement = advance(make_agreement(), rules.tick, on=date(2026, 2, 24))
    stands = overview_of(agreement, at=NOON)
    assert (stands.paid, stands.due_now, stands.charges) == (D(65), D("68.25"), D("3.25"))
    assert (stands.cost_to_finish, stands.buyout.amount, stands.days_past_due) == (D("718.25"), D("538.25"), 9)
    assert [row.state for row in stands.rows][:3] == [RowState.PAID, RowState.OVERDUE, RowState.UPCOMING]
    assert (stands.rows[1].late_fee, stands.rows[1].late_fee_unpaid) == (D("3.25"), D("3.25"))
    assert (stands.next_due.number, stands.months_paid, str(stands.same_as_cash_until)) == (2, 1, "2026-04-15")
    wanted = {"pay", "buy_out", "ask_return", "declare_lost", "waive_fee", "defer", "hold"}
    assert {str(action) for action in stands.actions} == wanted


def test_a_draft_can_be_signed_and_nothing_else():
    assert overview_of(make_draft(), at=NOON).actions == {Action.SIGN}


def test_many_cost_two_queries(django_assert_num_queries):
    agreements = [make_agreement() for _ in range(3)]
    with django_assert_num_queries(2):
        stands = overviews_of(agreements, at=NOON)
    assert [one.agreement for one in stands] == agreements


@time_machine.travel("2026-05-16T03:00:00Z", tick=False)
def test_a_quote_is_todays_price_and_the_same_while_it_holds():
    agreement = make_agreement()
    for number in range(2, 6):
        agreement = advance(agreement, rules.pay, D(65), payment=f"p{number}", on=date(2026, number, 15))
    quote = quote_buyout(agreement, by=agreement.customer)
    assert (quote.amount, quote.rent_part, quote.charges, quote.waived) == (D(350), D(350), D(0), D(105))
    assert (quote.ledger_seq, str(quote.expires_at)) == (agreement.ledger_seq, "2026-05-17 03:00:00+00:00")
    assert quote_buyout(agreement, by=agreement.customer) == quote
    advance(agreement, rules.pay, D(1), payment="p7", on=date(2026, 5, 16))
    agreement.refresh_from_db()
    assert quote_buyout(agreement, by=agreement.customer).pk != quote.pk
