"""A way of paying shows only when everything it needs is there: every combination of what a shop may have."""

import itertools
from decimal import Decimal as D

import pytest

from carts.tests.factories import make_pickup, make_shipping_method
from orders.guest_access import order_token
from orders.paying import payment_methods_for
from orders.paying_online import ways_to_pay_now
from orders.tests.factories import make_order
from payments.providers.khqr.rates import enter_riel_rate

pytestmark = pytest.mark.django_db
PARTS = ("key", "webhook_secret", "token", "account", "rate", "bank")
EVERY_SHOP = list(itertools.product((False, True), repeat=len(PARTS)))


def configure(settings, **has):
    """Give the shop what it `has`, and nothing else."""
    settings.SHOP_CURRENCY = "USD"
    settings.STRIPE_SECRET_KEY = "sk_test_1" if has["key"] else ""
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_1"] if has["webhook_secret"] else []
    settings.BAKONG_TOKEN = "a token" if has["token"] else ""
    settings.KHQR_ACCOUNT = "commercia@aclb" if has["account"] else ""
    settings.BANK_TRANSFER_INSTRUCTIONS = "ABA 000 111" if has["bank"] else ""
    if has["rate"]:
        enter_riel_rate(D(4100), source="NBC", by=None)


def expected(**has):
    """Return what such a shop offers, in the order of the page."""
    card = has["key"] and has["webhook_secret"]
    khqr = has["token"] and has["account"]
    offers = {"card": card, "khqr": khqr, "khqr_riel": khqr and has["rate"], "bank_transfer": has["bank"]}
    return [name for name, is_offered in offers.items() if is_offered]


@pytest.mark.parametrize("chosen", EVERY_SHOP, ids=lambda chosen: "".join("10"[not has] for has in chosen))
def test_only_what_is_configured_is_offered(settings, chosen):
    has = dict(zip(PARTS, chosen, strict=True))
    courier = make_shipping_method(allows_cash_on_delivery=True)
    configure(settings, **has)
    assert payment_methods_for(courier, has_rent=False) == [*expected(**has), "cash_on_delivery"]
    assert payment_methods_for(make_pickup(), has_rent=False) == [*expected(**has), "pay_at_pickup"]


@pytest.mark.parametrize("chosen", EVERY_SHOP[:: len(EVERY_SHOP) // 9])
def test_the_page_to_pay_an_order_shows_the_same(settings, client, chosen):
    settings.BANK_TRANSFER_INSTRUCTIONS = "ABA 000 111"
    order = make_order()
    has = dict(zip(PARTS, chosen, strict=True))
    configure(settings, **has)
    assert ways_to_pay_now(order) == expected(**has)
    page = client.get(f"/orders/view/{order_token(order)}/pay/").content.decode()
    for way in ("card", "khqr", "khqr_riel", "bank_transfer"):
        assert (f'value="{way}"' in page) == (way in expected(**has)), way


def test_a_token_that_has_ended_or_an_account_no_code_can_name_offers_no_khqr(settings):
    configure(settings, **dict.fromkeys(PARTS, True))
    settings.KHQR_ACCOUNT = "no account"
    assert "khqr" not in payment_methods_for(make_shipping_method(), has_rent=False)


def test_a_shop_in_euro_takes_no_khqr(settings):
    configure(settings, **dict.fromkeys(PARTS, True))
    settings.SHOP_CURRENCY = "EUR"
    offered = payment_methods_for(make_shipping_method(), has_rent=False)
    assert [way for way in offered if "khqr" in way] == []
