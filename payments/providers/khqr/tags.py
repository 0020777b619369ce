"""What encoder and decoder share: tags, limits and the check sum.

Source: KHQR Guideline 1.2 and EMVCo Merchant-Presented QR 1.1; where both leave a choice, NBC's own SDK 1.0.20.
Lengths count characters, not bytes. Characters beyond U+FFFF are refused: the SDK counts them twice.
"""

import re
from decimal import Decimal

CRC_START = "6304"
CURRENCIES = {"KHR": "116", "USD": "840"}
DECIMALS = {"KHR": 0, "USD": 2}
LONGEST_AMOUNT = 13
LONGEST_TEMPLATE = 99
ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+")
CATEGORY = re.compile(r"[0-9]{4}", re.ASCII)
LANGUAGE = re.compile(r"[A-Za-z]{2}", re.ASCII)
MILLISECONDS_DIGITS = 13
# Field of a code: the greatest number of characters.
LIMITS = {
    "account_id": 32,
    "account_information": 32,
    "merchant_id": 32,
    "acquiring_bank": 32,
    "unionpay_account": 31,
    "merchant_name": 25,
    "merchant_city": 15,
    "bill_number": 25,
    "mobile_number": 25,
    "store_label": 25,
    "terminal_label": 25,
    "purpose": 25,
    "alt_name": 25,
    "alt_city": 15,
}
ADDITIONAL = {
    "bill_number": "01",
    "mobile_number": "02",
    "store_label": "03",
    "terminal_label": "07",
    "purpose": "08",
}


class KhqrError(ValueError):
    """A code that must not be made, or one that does not follow the rules. The text says which field and why."""


def crc16(text: str) -> str:
    """Return CRC-16/CCITT-FALSE over the UTF-8 bytes of `text`, as 4 upper-case hexadecimal digits."""
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return f"{crc:04X}"


def check_text(name: str, value: str) -> None:
    """Raise KhqrError unless `value` may stand in the field `name`."""
    most = LIMITS[name]
    if not 1 <= len(value) <= most or value != value.strip():
        raise KhqrError(f"{name}: 1..{most} characters, no outer blanks")
    if any(ord(letter) < ord(" ") or ord(letter) == 0x7F or ord(letter) > 0xFFFF for letter in value):  # noqa: PLR2004
        raise KhqrError(f"{name}: no control characters and none beyond U+FFFF")


def check_account(account_id: str) -> None:
    """Raise KhqrError unless it is a Bakong account: name@bank."""
    check_text("account_id", account_id)
    if not ACCOUNT.fullmatch(account_id):
        raise KhqrError("account_id must be name@bank")


def check_times(created_ms: int | None, expires_ms: int | None) -> None:
    """Raise KhqrError unless a code's life is told: milliseconds since 1970 (UTC), 13 digits each."""
    told = created_ms is not None and expires_ms is not None
    if not told or created_ms >= expires_ms or {len(str(created_ms)), len(str(expires_ms))} != {MILLISECONDS_DIGITS}:
        raise KhqrError("a dynamic code needs created_ms < expires_ms, 13 digits each")


def amount_text(amount: Decimal, currency: str) -> str:
    """Write an amount as the code holds it: riel whole, dollars with two decimals. Never rounds; refuses instead."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount <= 0:
        raise KhqrError("amount must be a positive finite Decimal")
    places = DECIMALS[currency]
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -places:
        raise KhqrError("amount has more decimals than the currency allows")
    text = f"{amount:.{places}f}"
    if len(text) > LONGEST_AMOUNT:
        raise KhqrError(f"amount longer than {LONGEST_AMOUNT} characters")
    return text
