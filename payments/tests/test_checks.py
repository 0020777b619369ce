"""System checks of the providers' settings."""

import base64
import json

import pytest

from core import clock
from payments.checks import nothing_ends_soon, the_khqr_payee_can_be_named


def test_a_shop_without_khqr_has_nothing_to_check(settings):
    settings.KHQR_ACCOUNT, settings.KHQR_MERCHANT_NAME = "", "x" * 99
    assert the_khqr_payee_can_be_named(None) == []


@pytest.mark.parametrize(
    "told",
    [
        {"KHQR_ACCOUNT": "no account"},
        {"KHQR_ACCOUNT": "commercia@" + "b" * 40},
        {"KHQR_MERCHANT_NAME": "A shop whose name is longer than a code can bear"},
        {"KHQR_MERCHANT_CITY": "A city with far too long a name"},
        {"KHQR_CATEGORY": "computers"},
    ],
)
def test_a_payee_that_no_code_can_name_stops_the_start(settings, told):
    settings.KHQR_ACCOUNT, settings.KHQR_MERCHANT_NAME, settings.KHQR_MERCHANT_CITY = "commercia@aclb", "Shop", ""
    assert the_khqr_payee_can_be_named(None) == []
    for name, value in told.items():
        setattr(settings, name, value)
    [found] = the_khqr_payee_can_be_named(None)
    assert (found.id, found.msg.startswith("No KHQR code can be made for this shop: ")) == ("payments.E001", True)


def token(days):
    claims = json.dumps({"exp": int(clock.now().timestamp()) + days * 86400}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sig"


@pytest.mark.parametrize(("days", "many"), [(90, 0), (16, 0), (14, 1), (-1, 1)])
def test_a_token_that_ends_soon_is_told_before_a_release(settings, days, many):
    settings.BAKONG_TOKEN = token(days)
    assert [one.id for one in nothing_ends_soon(None)] == ["payments.W001"] * many
