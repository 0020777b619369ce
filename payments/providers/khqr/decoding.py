"""Read a KHQR code strictly: what is not exactly as our encoder would write it is refused."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from payments.providers.khqr.encoding import Code, encode
from payments.providers.khqr.tags import ADDITIONAL, CRC_START, CURRENCIES, KhqrError, crc16

CRC_LENGTH = 4
TEMPLATES = {
    "62": {tag: name for name, tag in ADDITIONAL.items()},
    "64": {"00": "lang", "01": "alt_name", "02": "alt_city"},
    "99": {"00": "created_ms", "01": "expires_ms"},
}
ACCOUNTS = {
    "29": ("individual", {"00": "account_id", "01": "account_information", "02": "acquiring_bank"}),
    "30": ("merchant", {"00": "account_id", "01": "merchant_id", "02": "acquiring_bank"}),
}
PLAIN = {"15": "unionpay_account", "52": "mcc", "59": "merchant_name", "60": "merchant_city"}
CURRENCY_OF = {number: code for code, number in CURRENCIES.items()}


def decode(text: str) -> Code:
    """Return what a code says. Raises KhqrError for a wrong check sum, an unknown tag, any other spelling."""
    body, crc = text[:-CRC_LENGTH], text[-CRC_LENGTH:]
    if not body.endswith(CRC_START) or crc16(body) != crc:
        raise KhqrError("the check sum is wrong")
    fields = _fields(body.removesuffix(CRC_START))
    values: dict[str, object] = {}
    for tag, value in fields.items():
        if tag in ACCOUNTS:
            values["account_type"], names = ACCOUNTS[tag]
            values |= _named(tag, value, names)
        elif tag in TEMPLATES:
            values |= _named(tag, value, TEMPLATES[tag])
        elif tag in PLAIN:
            values[PLAIN[tag]] = value
        elif tag not in {"00", "01", "53", "54", "58"}:
            raise KhqrError(f"tag {tag} is unknown")
    if not {"account_type", "account_id", "merchant_name", "merchant_city", "mcc"} <= values.keys():
        raise KhqrError("account, category, name and city must be told")
    values["currency"] = CURRENCY_OF.get(fields.get("53", ""), "")
    if "54" in fields:
        values["amount"] = _amount(fields["54"])
    code = Code(**{name: _number(value) if name.endswith("_ms") else value for name, value in values.items()})  # type: ignore[arg-type]
    if encode(code) != text:
        raise KhqrError("the code is not written as KHQR demands")
    return code


def _fields(text: str) -> dict[str, str]:
    """Return tag → value. Raises KhqrError for a length that lies, and for a tag that comes twice."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        tag, length = text[at : at + 2], text[at + 2 : at + 4]
        if not (tag.isascii() and tag.isdigit() and length.isascii() and length.isdigit()):
            raise KhqrError("a tag and a length are two digits each")
        value = text[at + 4 : at + 4 + int(length)]
        if len(value) != int(length) or not value:
            raise KhqrError(f"tag {tag}: the length does not fit")
        if tag in found:
            raise KhqrError(f"tag {tag} comes twice")
        found[tag] = value
        at += 4 + int(length)
    return found


def _named(tag: str, value: str, names: Mapping[str, str]) -> dict[str, str]:
    inside = _fields(value)
    unknown = sorted(inside.keys() - names.keys())
    if unknown:
        raise KhqrError(f"tag {tag}-{unknown[0]} is unknown")
    return {names[subtag]: inner for subtag, inner in inside.items()}


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise KhqrError("the amount is no number") from None


def _number(text: object) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit()):
        raise KhqrError("a time is a number of milliseconds")
    return int(text)
