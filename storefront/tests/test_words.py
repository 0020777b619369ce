"""Phrases, dates, page numbers and delivery days."""

from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.utils.translation import override

from carts.models import ShippingMethod
from storefront import words
from storefront.browsing import has_empty_fields
from storefront.delivery import add_working_days, countries_reached, expected_days, usual_method
from storefront.pages import page_number, shown_pages


@pytest.mark.parametrize(
    ("n", "said"), [(0, "sold out"), (1, "1 left"), (2, "2 in stock"), (12_345, "12,345 in stock")]
)
def test_stock_is_said_as_it_is(n, said):
    assert words.stock(n) == said


def test_counts_agree_with_their_noun():
    assert [words.things(n) for n in (0, 1, 2, 1204)] == ["0 items", "1 item", "2 items", "1,204 items"]
    assert [words.results(n) for n in (1, 2)] == ["1 result", "2 results"]
    assert [words.errors(n) for n in (1, 3)] == ["One thing needs a look", "3 things need a look"]
    assert [words.months(n) for n in (1, 12)] == ["1 month", "12 months"]
    assert [words.remain(n) for n in (1, 6)] == ["one remains", "6 remain"]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"a": "pass"}, "1 check passed"),
        ({"a": "pass", "b": "pass"}, "2 checks passed"),
        ({"a": "pass", "b": "fail"}, "1 of 2 checks passed"),
    ],
)
def test_a_report_is_summed_up_honestly(report, said):
    assert words.checks_passed(report) == said


def test_times_are_the_shops_own():
    late = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # already Sunday in Phnom Penh
    assert words.moment(late) == "Sun 22 Nov 2026, 01:30"
    assert words.iso(late) == "2026-11-22T01:30+07:00"
    assert words.day(late) == "22 November 2026"
    assert words.day(date(2026, 11, 21)) == "21 November 2026"


@pytest.mark.parametrize(
    ("serial", "shown"),
    [
        ("PF3AAAA7K2", "PF•••••7K2"),
        ("ABCDEFGH", "AB•••••FGH"),
        ("ABCDEFG", "•••••FG"),
        ("ABCDE", "•••••"),
        ("A", "•••••"),
    ],
)
def test_a_serial_shows_its_ends_only_when_the_middle_hides_something(serial, shown):
    assert words.masked(serial) == shown


def test_an_address_leaves_out_what_is_empty():
    address = {
        "full_name": "Sok Dara",
        "line1": "12 Street 240",
        "city": "Phnom Penh",
        "postal_code": "",
        "country": "KH",
    }
    assert words.address_lines(address) == ["Sok Dara", "12 Street 240", "Phnom Penh", "Cambodia"]
    assert words.address_lines({**address, "region": "Phnom Penh"}) == words.address_lines(address)
    assert words.address_lines({**address, "region": "Kep"})[3] == "Kep"
    assert words.address_lines({**address, "country": "ZZ", "postal_code": "120207", "phone": "012"})[2:] == [
        "Phnom Penh 120207",
        "ZZ",
        "012",
    ]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 11, 19), 1, date(2026, 11, 20)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 2, date(2026, 11, 24)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
        (date(2026, 12, 31), 5, date(2027, 1, 7)),
    ],
)
def test_working_days_leave_out_the_weekend(start, days, end):
    assert add_working_days(start, days) == end


def test_delivery_is_a_first_and_a_last_day_in_words():
    method = ShippingMethod(days_min=1, days_max=3)
    first, last = expected_days(method, ordered_on=date(2026, 11, 20))
    assert words.arrival(first, last) == "Mon 23 to Wed 25 Nov"
    assert words.arrival(first, first) == "Mon 23 Nov"


def test_estimates_assume_the_first_way_to_the_door():
    pickup, courier = ShippingMethod(kind="pickup", code="a"), ShippingMethod(kind="flat", code="b")
    assert usual_method([pickup, courier]) is courier
    assert usual_method([pickup]) is pickup
    assert usual_method([]) is None


def test_a_method_without_countries_reaches_them_all():
    near, far = ShippingMethod(countries=["KH", "TH"]), ShippingMethod(countries=[])
    assert countries_reached([near], home="KH") == [("KH", "Cambodia"), ("TH", "Thailand")]
    assert countries_reached([], home="KH") == [("KH", "Cambodia")]
    assert len(countries_reached([near, far], home="KH")) > 200


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("1", 1), ("0", 1), ("-2", 1), ("x", 1), ("", 1), ("9" * 12, 1), ("٣", 1), ("200000", 100_000)],
)
def test_a_page_number_is_sensible_whatever_the_address_says(text, number):
    assert page_number(RequestFactory().get("/", {"page": text})) == number


@pytest.mark.parametrize(
    ("number", "last", "shown"),
    [
        (1, 1, [1]),
        (1, 4, [1, 2, 3, 4]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (1, 9, [1, 2, 3, None, 9]),
        (6, 20, [1, None, 4, 5, 6, 7, 8, None, 20]),
    ],
)
def test_page_links_leave_out_long_stretches(number, last, shown):
    assert shown_pages(number, last) == shown


@pytest.mark.parametrize(("query", "empty"), [("a=1", False), ("a=1&b=", True), ("a=+&b=2", True), ("", False)])
def test_empty_fields_are_noticed(query, empty):
    assert has_empty_fields(QueryDict(query)) is empty


def test_phrases_work_in_every_language_of_the_shop():
    with override("km"):
        assert words.stock(2)
        assert words.grade_name("A")
        assert words.payment_name("bank_transfer")
