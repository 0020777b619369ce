"""Rounding, splitting and sharing: exact to the quantum, always."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import money

amounts = st.decimals(min_value=0, max_value=999_999, places=2)
currencies = st.sampled_from(["USD", "KHR"])


@pytest.mark.parametrize(
    ("amount", "code", "half_up", "down", "up"),
    [
        ("1.005", "USD", "1.01", "1.00", "1.01"),
        ("1.004", "USD", "1.00", "1.00", "1.01"),
        ("-1.005", "USD", "-1.01", "-1.00", "-1.01"),
        ("149", "KHR", "100", "100", "200"),
        ("150", "KHR", "200", "100", "200"),
        ("4100", "KHR", "4100", "4100", "4100"),
    ],
)
def test_rounding_to_the_quantum(amount, code, half_up, down, up):
    assert money.round_half_up(D(amount), code) == D(half_up)
    assert money.round_down(D(amount), code) == D(down)
    assert money.round_up(D(amount), code) == D(up)


def test_tax_inside_a_price():
    assert money.tax_inside(D("110.00"), D(10), "USD") == D("10.00")
    assert money.tax_inside(D("99.99"), D("7.25"), "USD") == D("6.76")
    assert money.tax_inside(D("99.99"), D(0), "USD") == D("0.00")


def test_split_keeps_the_remainder_for_the_last_part():
    assert money.split(D("100.00"), 3, "USD") == [D("33.33"), D("33.33"), D("33.34")]
    assert money.split(D("41000"), 3, "KHR") == [D("13600"), D("13600"), D("13800")]


@given(amounts, st.integers(min_value=1, max_value=36), currencies)
def test_split_adds_up_and_the_last_part_is_largest(total, parts, code):
    total = money.round_down(total, code)
    shares = money.split(total, parts, code)
    assert sum(shares) == total
    assert len(shares) == parts
    assert all(share == shares[0] for share in shares[:-1])
    assert D(0) <= shares[-1] - shares[0] < parts * money.CURRENCIES[code].quantum
    assert all(money.is_exact(share, code) for share in shares)


@given(amounts, st.lists(amounts, min_size=1, max_size=12), currencies)
def test_shares_add_up_and_none_is_negative(total, weights, code):
    total = money.round_down(total, code)
    shares = money.share(total, weights, code)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    assert all(share >= 0 and money.is_exact(share, code) for share in shares)


def test_share_of_nothing():
    assert money.share(D("10.00"), [], "USD") == []
    assert money.share(D("10.00"), [D(0), D(0)], "USD") == [D(0), D("10.00")]


@pytest.mark.parametrize(
    ("amount", "code", "text"),
    [("1234.5", "USD", "$1,234.50"), ("41000", "KHR", "៛41,000"), ("-3", "USD", "-$3.00")],
)
def test_amounts_in_words(amount, code, text):
    assert money.amount_text(D(amount), code) == text


@pytest.mark.parametrize(
    ("amount", "code", "exact"),
    [
        ("1.00", "USD", True),
        ("1.001", "USD", False),
        ("150", "KHR", False),
        ("NaN", "USD", False),
        ("Infinity", "USD", False),
    ],
)
def test_exactness(amount, code, exact):
    assert money.is_exact(D(amount), code) is exact
