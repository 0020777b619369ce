"""What the environment says about the shop's account at Bakong. Without an account or a token nobody pays by KHQR.

BAKONG_TOKEN (90 days), BAKONG_API_BASE (empty means Bakong itself), KHQR_ACCOUNT (name@bank), KHQR_MERCHANT_NAME,
KHQR_MERCHANT_CITY, KHQR_CATEGORY, and for a merchant instead of a person KHQR_MERCHANT_ID with KHQR_ACQUIRING_BANK.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from payments.providers.khqr.client import BakongClient
from payments.providers.khqr.encoding import Code, encode
from payments.providers.khqr.tags import KhqrError

BAKONG = "https://api-bakong.nbc.gov.kh"
# "Computers, peripherals and software" among the merchant categories of ISO 18245.
COMPUTER_SHOP = "5045"
PARTS_OF_A_JWT = 3


@dataclass(frozen=True, kw_only=True)
class Payee:
    """Who is paid, as a code and a banking app name it."""

    account_id: str
    merchant_name: str
    merchant_city: str
    mcc: str
    merchant_id: str | None
    acquiring_bank: str | None

    def code(self) -> Code:
        """Return a static code of this payee in dollars: what every dynamic code is made of."""
        return Code(account_type="merchant" if self.merchant_id else "individual", currency="USD", **vars(self))


def payee() -> Payee | None:
    """Return whom the codes of this shop pay; None without an account, or with one that no code can name."""
    told = _told_payee()
    return None if _complaint(told) else told


def complaint_about_payee() -> str:
    """Return why no code can be made for the payee in the settings, "" when one can."""
    return _complaint(_told_payee())


def _told_payee() -> Payee:
    return Payee(
        account_id=settings.KHQR_ACCOUNT,
        merchant_name=settings.KHQR_MERCHANT_NAME or settings.SHOP_NAME,
        merchant_city=settings.KHQR_MERCHANT_CITY or "Phnom Penh",
        mcc=settings.KHQR_CATEGORY or COMPUTER_SHOP,
        merchant_id=settings.KHQR_MERCHANT_ID or None,
        acquiring_bank=settings.KHQR_ACQUIRING_BANK or None,
    )


def _complaint(told: Payee) -> str:
    try:
        encode(told.code())
    except KhqrError as error:
        return str(error)
    return ""


def has_token() -> bool:
    """Tell whether there is a token to ask Bakong with."""
    return bool(settings.BAKONG_TOKEN)


def client() -> BakongClient:
    """Return a client of Bakong, or of what BAKONG_API_BASE names instead."""
    return BakongClient(settings.BAKONG_API_BASE or BAKONG, settings.BAKONG_TOKEN)


def token_expires_at() -> datetime | None:
    """Return when the token ends, as it says itself; None when it does not say. Only Bakong knows for certain."""
    parts = settings.BAKONG_TOKEN.split(".")
    if len(parts) != PARTS_OF_A_JWT:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None
