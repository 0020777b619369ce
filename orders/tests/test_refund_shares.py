"""Shares of refunds: in whatever steps money goes back, every line, its tax and its shipping add up to the cent."""

import random
from decimal import Decimal as D
from fractions import Fraction

import pytest

from core import money
from orders import refund_shares
from orders.refund_shares import Part, Share, after, by_amount, by_quantity, divide, left, spread

CENT = D("0.01")


def part(net, tax="0", shipping="0", quantity=1, key=1):
    return Part(key, Share(D(net), D(tax), D(shipping), quantity))


# --- A history of refunds, checked step by step against whole cents -------------------------------------------------


def cents(amount):
    whole = amount / CENT
    assert whole == int(whole), f"{amount} is no whole number of cents"
    return int(whole)


def random_parts(chance):
    parts = []
    for key in range(1, chance.randint(1, 5) + 1):
        goods = chance.choice([0, 1, 7, 99, 1_000, 20_000, 58_500]) * chance.randint(1, 3)
        tax = chance.choice([0, goods // 11, goods // 3, goods])
        shipping = chance.choice([0, 0, 1, 50, 333])
        quantity = chance.randint(1, 4)
        parts.append(Part(key, Share(D(goods - tax) * CENT, D(tax) * CENT, D(shipping) * CENT, quantity)))
    return parts


def random_wish(chance, parts):
    """Return the shares of one random refund, by one of the ways there are, and the sum it must have (or None)."""
    shipping = chance.random() < 0.5
    way = chance.choice(["amount", "amount", "pieces", "everything"])
    most = left(parts, shipping=shipping or way == "everything")
    if way == "everything":
        return by_amount(parts, most, "USD", shipping=True), most
    if way == "amount" and most > 0:
        amount = D(chance.randint(1, cents(most))) * CENT
        return by_amount(parts, amount, "USD", shipping=shipping), amount
    pieces = {row.key: chance.randint(0, row.quantity_left) for row in parts if chance.random() < 0.6}
    return by_quantity(parts, pieces, "USD", shipping=shipping), None


def check_history(seed):
    """Refund a random order in random steps until nothing is left; some refunds are withdrawn on the way."""
    chance = random.Random(seed)
    start = parts = random_parts(chance)
    made, any_withdrawn = [], False
    for _ in range(chance.randint(1, 8)):
        shares, amount = random_wish(chance, parts)
        whole = sum((share.total for share in shares), D(0))
        assert amount is None or whole == amount
        if whole > 0:
            first = D(chance.randint(0, cents(whole))) * CENT
            rows = divide(parts, shares, [sum_ for sum_ in (first, whole - first) if sum_], "USD")
            check_rows(rows, shares, [sum_ for sum_ in (first, whole - first) if sum_])
            for row in rows:
                parts = [after(line, share) for line, share in zip(parts, row, strict=True)]
                made.append(row)
        if made and chance.random() < 0.2:
            made.pop(chance.randrange(len(made)))
            any_withdrawn = True
            parts = start
            for row in made:
                parts = [after(line, share) for line, share in zip(parts, row, strict=True)]
        check_within(parts, exact=not any_withdrawn)
    rest = by_amount(parts, left(parts), "USD", shipping=True)
    for line, share in zip(parts, rest, strict=True):
        end = after(line, share)
        assert (end.gone.net, end.gone.tax, end.gone.shipping) == (end.paid.net, end.paid.tax, end.paid.shipping)


def check_rows(rows, shares, amounts):
    assert [sum((share.total for share in row), D(0)) for row in rows] == amounts
    for number, share in enumerate(shares):
        assert sum((row[number].goods for row in rows), D(0)) == share.goods
        assert sum((row[number].shipping for row in rows), D(0)) == share.shipping
        assert sum(row[number].quantity for row in rows) == share.quantity


def check_within(parts, *, exact):
    """The oracle: whole cents and integer division, none of the code under test."""
    for line in parts:
        paid, gone = line.paid, line.gone
        for back, came in ((gone.net, paid.net), (gone.tax, paid.tax), (gone.shipping, paid.shipping)):
            assert 0 <= cents(back) <= cents(came)
        assert gone.quantity <= paid.quantity
        if exact and paid.goods:
            assert cents(gone.tax) == cents(paid.tax) * cents(gone.goods) // cents(paid.goods)


def test_whatever_is_refunded_adds_up_to_the_cent(bounded):
    for seed in range(bounded(ci=300, prove=10_000)):
        check_history(seed)


def no_clamp(line, goods, code, *, shipping=D(0), quantity=0):
    upto = line.gone.goods + goods
    tax = money.round_down(line.paid.tax * upto / line.paid.goods, code) - line.gone.tax if line.paid.goods else D(0)
    return Share(goods - tax, tax, shipping, quantity)


def each_by_itself(line, goods, code, *, shipping=D(0), quantity=0):
    tax = money.round_half_up(line.paid.tax * goods / line.paid.goods, code) if line.paid.goods else D(0)
    return Share(goods - tax, tax, shipping, quantity)


def each_share_by_itself(amount, rooms, code):
    whole = sum(rooms, D(0))
    return [money.round_half_up(amount * room / whole, code) if whole else D(0) for room in rooms]


def remainder_in_the_last(amount, rooms, code):
    """The rule that looks right: what is left over may be more than the last line can take."""
    whole = sum(rooms, D(0))
    shares = [money.round_down(amount * room / whole, code) if whole else D(0) for room in rooms]
    return [*shares[:-1], amount - sum(shares[:-1], D(0))] if whole else shares


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("goods_share", no_clamp),
        ("goods_share", each_by_itself),
        ("spread", each_share_by_itself),
        ("spread", remainder_in_the_last),
        ("round_down", money.round_up),
        ("round_down", money.round_half_up),
        ("after", lambda line, share: line),
    ],
)
def test_the_property_catches_wrong_rules(monkeypatch, name, mutant):
    monkeypatch.setattr(refund_shares, name, mutant)
    monkeypatch.setitem(globals(), name, mutant)
    wrong = 0
    for seed in range(300):
        try:
            check_history(seed)
        except AssertionError:
            wrong += 1
    assert wrong > 0


# --- Single rules ---------------------------------------------------------------------------------------------------


def test_seven_refunds_of_62_end_at_52_and_10():
    """Rounding each refund by itself gave back 53 of the 52 net (quality R13)."""
    line = part("52.00", "10.00")
    seen = []
    for amount in ("32", "9", "8", "3", "6", "3", "1"):
        (share,) = by_amount([line], D(amount), "USD", shipping=False)
        line = after(line, share)
        seen.append(share.tax)
    assert (line.gone.net, line.gone.tax) == (D("52.00"), D("10.00"))
    assert seen == [D("5.16"), D("1.45"), D("1.29"), D("0.48"), D("0.97"), D("0.48"), D("0.17")]


@pytest.mark.parametrize("amount", [1, 50, 199, 200])
def test_a_share_is_its_proportion_to_the_cent_and_never_more_than_its_room(amount):
    rooms = [D("1.00"), D("0.99"), D("0.01")]
    shares = spread(D(amount) * CENT, rooms, "USD")
    assert sum(shares) == D(amount) * CENT
    for share, room in zip(shares, rooms, strict=True):
        assert 0 <= share <= room
        assert abs(Fraction(share) - Fraction(D(amount) * CENT) * Fraction(room) / 2) < Fraction(CENT)


def test_riel_go_back_in_notes():
    lines = [part("41000", key=1), part("20500", key=2)]
    shares = by_amount(lines, D("30000"), "KHR", shipping=False)
    assert [share.net for share in shares] == [D("20000.00"), D("10000.00")]
    assert [share.net for share in by_amount(lines, D("100"), "KHR", shipping=False)] == [D(0), D("100.00")]


def test_a_piece_is_its_part_of_the_line_and_the_last_one_the_rest():
    line = part("100.00", quantity=3)
    worth = []
    for _ in range(3):
        (share,) = by_quantity([line], {1: 1}, "USD", shipping=False)
        line = after(line, share)
        worth.append(share.net)
    assert worth == [D("33.33"), D("33.33"), D("33.34")]


def test_a_piece_never_gives_back_what_went_back_as_a_sum_before():
    line = part("100.00", quantity=2)
    line = after(line, by_amount([line], D("70.00"), "USD", shipping=False)[0])
    (first,) = by_quantity([line], {1: 1}, "USD", shipping=False)
    assert first.net == D("30.00")
    (second,) = by_quantity([after(line, first)], {1: 1}, "USD", shipping=False)
    assert (second.net, second.quantity) == (D(0), 1)


def test_shipping_stays_unless_it_is_asked_for():
    lines = [part("100.00", shipping="2.50"), part("50.00", shipping="1.25", key=2)]
    assert [share.shipping for share in by_quantity(lines, {1: 1}, "USD", shipping=False)] == [0, 0]
    shares = by_quantity(lines, {1: 1}, "USD", shipping=True)
    assert [(share.net, share.shipping) for share in shares] == [(D("100.00"), D("2.50")), (D(0), D("1.25"))]
