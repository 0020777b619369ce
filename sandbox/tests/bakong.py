"""KHQR codes for tests, put together without any check."""

import time
from typing import Any

from sandbox.bakong_api.khqr import Code, crc16, read_code

CURRENCIES = {"KHR": "116", "USD": "840", "EUR": "978"}
EXTRAS = {"bill_number": "01", "mobile_number": "02", "store_label": "03", "terminal_label": "07", "purpose": "08"}
SHOP = {"account_id": "commercia@aclb", "merchant_name": "Commercia", "merchant_city": "Phnom Penh", "currency": "USD"}


def part(tag: str, value: str) -> str:
    """Return one field; empty without a value."""
    return f"{tag}{len(value):02d}{value}" if value else ""


def sealed(text: str) -> str:
    """Return a code with its checksum."""
    return f"{text}6304{crc16(f'{text}6304'.encode()):04X}"


def put_together(facts: dict[str, Any]) -> str:
    """Return the code that a careless encoder would make of these facts."""
    merchant = facts.get("account_type") == "merchant"
    account = part("00", facts["account_id"])
    if merchant:
        account += part("01", facts.get("merchant_id", "")) + part("02", facts.get("acquiring_bank", ""))
    else:
        account += part("01", facts.get("account_information", "")) + part("02", facts.get("acquiring_bank", ""))
    amount = facts.get("amount", "")
    if amount and facts["currency"] == "USD" and "." not in amount:
        amount += ".00"
    times = "".join(part(tag, str(facts.get(name, ""))) for tag, name in (("00", "created_ms"), ("01", "expires_ms")))
    return sealed(
        part("00", "01")
        + part("01", "12" if amount else "11")
        + part("30" if merchant else "29", account)
        + part("52", facts.get("mcc", "5999"))
        + part("53", CURRENCIES[facts["currency"]])
        + part("54", amount)
        + part("58", "KH")
        + part("59", facts["merchant_name"])
        + part("60", facts["merchant_city"])
        + part("62", "".join(part(tag, facts.get(name, "")) for name, tag in EXTRAS.items()))
        + part("64", part("00", facts.get("lang", "")) + part("01", facts.get("alt_name", "")))
        + (part("99", times) if "." in amount or amount else "")
    )


def a_code(*, life: float = 600, **facts: Any) -> Code:
    """Return a code of the shop that lives for `life` seconds from now."""
    now = int(time.time() * 1000)
    times = {"created_ms": now, "expires_ms": now + int(life * 1000)} if facts.get("amount") else {}
    return read_code(put_together({**SHOP, **times, **facts}))
