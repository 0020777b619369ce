"""Make the text of a KHQR code. Checked byte for byte against what NBC's SDK generates (payments/tests/goldens)."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from payments.providers.khqr.tags import (
    ADDITIONAL,
    CATEGORY,
    CRC_START,
    CURRENCIES,
    LANGUAGE,
    LONGEST_TEMPLATE,
    KhqrError,
    amount_text,
    check_account,
    check_text,
    check_times,
    crc16,
)

DEFAULT_CATEGORY = "5999"


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a KHQR code says. With an amount it is dynamic: paid once, for a while. Without one it is static.

    `account_type` is "individual" or "merchant"; times are milliseconds since 1970 (UTC).
    """

    account_type: str
    account_id: str
    currency: str
    merchant_name: str
    merchant_city: str = "Phnom Penh"
    amount: Decimal | None = None
    created_ms: int | None = None
    expires_ms: int | None = None
    account_information: str | None = None
    merchant_id: str | None = None
    acquiring_bank: str | None = None
    unionpay_account: str | None = None
    mcc: str = DEFAULT_CATEGORY
    bill_number: str | None = None
    mobile_number: str | None = None
    store_label: str | None = None
    terminal_label: str | None = None
    purpose: str | None = None
    lang: str | None = None
    alt_name: str | None = None
    alt_city: str | None = None


def encode(code: Code) -> str:
    """Return the text of the QR code, check sum included. Raises KhqrError, never alters a value."""
    if code.currency not in CURRENCIES:
        raise KhqrError("currency must be KHR or USD")
    if not CATEGORY.fullmatch(code.mcc):
        raise KhqrError("mcc must be four digits")
    for name in ("merchant_name", "merchant_city"):
        check_text(name, getattr(code, name))
    parts = [
        _field("00", "01"),
        _field("01", "11" if code.amount is None else "12"),
        _unionpay(code),
        _account(code),
        _field("52", code.mcc),
        _field("53", CURRENCIES[code.currency]),
        _field("54", amount_text(code.amount, code.currency)) if code.amount is not None else "",
        _field("58", "KH"),
        _field("59", code.merchant_name),
        _field("60", code.merchant_city),
        _template("62", {tag: getattr(code, name) for name, tag in ADDITIONAL.items()}, code, ADDITIONAL),
        _language(code),
        _life(code),
        CRC_START,
    ]
    text = "".join(parts)
    return text + crc16(text)


def transaction_key(text: str) -> str:
    """Return the MD5 (hex) of a code's text: the name under which Bakong knows its payment. Not for security."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _field(tag: str, value: str) -> str:
    if not 1 <= len(value) <= LONGEST_TEMPLATE:
        raise KhqrError(f"tag {tag}: length {len(value)} outside 1..{LONGEST_TEMPLATE}")
    return f"{tag}{len(value):02d}{value}"


def _unionpay(code: Code) -> str:
    if code.unionpay_account is None:
        return ""
    check_text("unionpay_account", code.unionpay_account)
    if code.currency != "KHR":
        raise KhqrError("a UnionPay account takes KHR only")
    return _field("15", code.unionpay_account)


def _account(code: Code) -> str:
    """Return tag 29 (a person) or 30 (a merchant)."""
    check_account(code.account_id)
    if code.account_type == "individual":
        tag, second = "29", "account_information"
        if code.merchant_id is not None:
            raise KhqrError("merchant_id belongs to a merchant QR")
    elif code.account_type == "merchant":
        tag, second = "30", "merchant_id"
        if code.merchant_id is None or code.acquiring_bank is None:
            raise KhqrError("merchant QR needs merchant_id and acquiring_bank")
    else:
        raise KhqrError("account_type must be individual or merchant")
    names = {"account_id": "00", second: "01", "acquiring_bank": "02"}
    return _template(tag, {subtag: getattr(code, name) for name, subtag in names.items()}, code, names)


def _template(tag: str, values: dict[str, str | None], code: Code, names: dict[str, str]) -> str:
    for name in names:
        if getattr(code, name) is not None:
            check_text(name, getattr(code, name))
    inside = "".join(_field(subtag, value) for subtag, value in values.items() if value is not None)
    return _field(tag, inside) if inside else ""


def _language(code: Code) -> str:
    if code.lang is None and code.alt_name is None and code.alt_city is None:
        return ""
    if code.lang is None or code.alt_name is None or not LANGUAGE.fullmatch(code.lang):
        raise KhqrError("language template needs lang (2 letters) and alt_name")
    names = {"alt_name": "01", "alt_city": "02"}
    values = {"00": code.lang, "01": code.alt_name, "02": code.alt_city}
    return _template("64", values, code, names)


def _life(code: Code) -> str:
    if code.amount is None:
        if code.created_ms is not None or code.expires_ms is not None:
            raise KhqrError("a static code has no times")
        return ""
    check_times(code.created_ms, code.expires_ms)
    return _field("99", _field("00", str(code.created_ms)) + _field("01", str(code.expires_ms)))
