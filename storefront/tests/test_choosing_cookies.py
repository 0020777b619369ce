"""Ten thousand cookies that nobody of ours has baked."""

import random

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from storefront import compare_cookie, recently_viewed
from storefront.secret_cookies import WISHLIST

SIGNS = [chr(number) for number in range(0x20, 0x100)] + ["|", ".", "%", "%00", "%2", "%e1%9e%a1", "\\", '"'] * 12
MANY = 10_000


def junk():
    chance = random.Random(20261121)
    for number in range(MANY):
        yield "".join(chance.choices(SIGNS, k=chance.choice([1, 5, 40, 400, 2_000 if number % 100 == 0 else 80])))


def asking_with(name, value):
    request = RequestFactory().get("/")
    request.COOKIES = {name: value}
    return request


def test_what_is_compared_is_never_more_than_four_short_printable_names():
    for value in junk():
        skus = compare_cookie.compared_skus(asking_with(compare_cookie.NAME, value))
        assert len(skus) == len(set(skus)) <= 4, value
        assert all(0 < len(sku) <= 40 and sku.isprintable() for sku in skus), value


def test_what_was_looked_at_is_never_more_than_eight_slugs():
    for value in junk():
        slugs = recently_viewed.viewed_slugs(asking_with(recently_viewed.NAME, value))
        assert len(slugs) == len(set(slugs)) <= 8, value
        assert all(recently_viewed.SLUG.fullmatch(slug) for slug in slugs), value


def test_a_secret_is_short_and_plain_or_none():
    for value in junk():
        code = WISHLIST.code(asking_with(WISHLIST.name, value))
        assert code is None or (len(code) <= 64 and code.isascii()), value


@pytest.mark.parametrize("skus", [["A"], ["A|B", "C D", "é", "ឡាន"], ["%7C", "|", '"', ";"], ["x" * 40, "ឡ" * 40]])
def test_what_we_bake_we_read(skus):
    response = HttpResponse()
    compare_cookie.remember_compared(response, RequestFactory().get("/"), skus)
    value = response.cookies[compare_cookie.NAME].value
    assert len(value) <= compare_cookie.LONGEST_COOKIE < 4096
    assert compare_cookie.compared_skus(asking_with(compare_cookie.NAME, value)) == skus
