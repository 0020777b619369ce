"""A strict reader of KHQR codes, written apart from the shop's own so that neither hides the other's mistakes.

Layout: NBC's KHQR guideline; a tag of two digits, a length of two digits in characters, the value.
"""

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal

CURRENCIES = {"116": "KHR", "840": "USD"}
AMOUNTS = {"KHR": re.compile(r"[1-9][0-9]{0,12}"), "USD": re.compile(r"(?:0|[1-9][0-9]*)\.[0-9]{2}")}
LONGEST_AMOUNT = 13
ACCOUNT = re.compile(r"[^\s@]+@[^\s@]+")
TAIL = "6304"
ORDER = ("00", "01", "15", "29", "30", "52", "53", "54", "58", "59", "60", "62", "64", "99", "63")
EXTRAS = {"01": "bill_number", "02": "mobile_number", "03": "store_label", "07": "terminal_label", "08": "purpose"}
LONGEST_EXTRA, LONGEST_EXTRAS = 25, 99


class BadCode(Exception):
    """The text is no valid KHQR code; the words say why."""


@dataclass(frozen=True)
class Code:
    """What a KHQR code says. `amount` is in whole currency (12.50 USD); times are milliseconds since 1970."""

    text: str
    account: str
    currency: str
    amount: Decimal | None
    merchant_name: str
    merchant_city: str
    bill_number: str
    created_ms: int | None
    expires_ms: int | None

    @property
    def dynamic(self) -> bool:
        """Whether the code is for one payment of one amount."""
        return self.amount is not None

    @property
    def md5(self) -> str:
        """The transaction key: the MD5 of the whole text, in hexadecimal digits."""
        return hashlib.md5(self.text.encode(), usedforsecurity=False).hexdigest()


def crc16(data: bytes) -> int:
    """Return CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, nothing reflected. `123456789` gives 0x29B1."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def fields(text: str) -> list[tuple[str, str]]:
    """Return tags and values in order.

    Raises BadCode for a text that does not divide.
    """
    found = []
    place = 0
    while place < len(text):
        tag, length = text[place : place + 2], text[place + 2 : place + 4]
        if not (re.fullmatch("[0-9]{2}", tag) and re.fullmatch("[0-9]{2}", length)):
            raise BadCode(f"No tag and length at character {place}.")
        value = text[place + 4 : place + 4 + int(length)]
        if not value or len(value) != int(length):
            raise BadCode(f"Tag {tag}: {len(value)} characters where {int(length)} were announced.")
        found.append((tag, value))
        place += 4 + int(length)
    return found


def once(found: list[tuple[str, str]], where: str) -> dict[str, str]:
    """Return values by tag.

    Raises BadCode when a tag comes twice.
    """
    values = dict(found)
    if len(values) != len(found):
        raise BadCode(f"A tag comes twice in {where}.")
    return values


def sized(name: str, value: str, longest: int) -> str:
    """Return a text of 1 to `longest` characters without outer blanks.

    Raises BadCode otherwise.
    """
    if not 1 <= len(value) <= longest or value != value.strip():
        raise BadCode(f"{name}: 1 to {longest} characters, no outer blanks.")
    return value


def read_code(text: str) -> Code:
    """Read a KHQR code.

    Raises BadCode for everything a careful banking app would refuse.
    """
    try:
        signed = text[:-4].encode()
    except UnicodeEncodeError:
        raise BadCode("The code is no text.") from None
    if text[-8:-4] != TAIL or f"{crc16(signed):04X}" != text[-4:]:
        raise BadCode("The checksum does not fit: the code is damaged.")
    found = fields(text)
    values = once(found, "the code")
    places = [ORDER.index(tag) if tag in ORDER else -1 for tag, _ in found]
    if -1 in places or places != sorted(places) or found[0] != ("00", "01"):
        raise BadCode("The code's parts are unknown or out of order.")
    if values.get("58") != "KH" or values.get("53") not in CURRENCIES:
        raise BadCode("The code is not for Cambodia in KHR or USD.")
    if not re.fullmatch("[0-9]{4}", values.get("52", "")):
        raise BadCode("The merchant category is not four digits.")
    currency = CURRENCIES[values["53"]]
    if "15" in values and currency != "KHR":
        raise BadCode("A UnionPay account goes with KHR only.")
    check_language(values)
    amount = read_amount(values, currency)
    created, expires = read_times(values, dynamic=amount is not None)
    return Code(
        text=text,
        account=read_account(values),
        currency=currency,
        amount=amount,
        merchant_name=sized("Merchant name", values.get("59", ""), 25),
        merchant_city=sized("City", values.get("60", ""), 15),
        bill_number=read_extras(values).get("01", ""),
        created_ms=created,
        expires_ms=expires,
    )


def read_account(values: dict[str, str]) -> str:
    """Return the payee's Bakong account `name@bank`.

    Raises BadCode for none, two, or one that cannot be.
    """
    if ("29" in values) == ("30" in values):
        raise BadCode("The code names no payee, or two.")
    parts = once(fields(values.get("29") or values["30"]), "the payee")
    if set(parts) - {"00", "01", "02"} or ("30" in values and set(parts) != {"00", "01", "02"}):
        raise BadCode("A merchant is an account, a number and a bank.")
    for tag, value in parts.items():
        sized(f"Payee part {tag}", value, 32)
    if not ACCOUNT.fullmatch(parts.get("00", "")):
        raise BadCode("The payee's account is not name@bank.")
    return parts["00"]


def read_amount(values: dict[str, str], currency: str) -> Decimal | None:
    """Return the amount of a dynamic code, None for a static one.

    Raises BadCode when the kind, the amount and the times do not go together.
    """
    kind, text = values.get("01"), values.get("54")
    if kind not in {"11", "12"} or (kind == "12") != (text is not None):
        raise BadCode("A dynamic code has an amount, a static one has none.")
    if text is None:
        return None
    # NBC's own SDK writes whole dollars without decimals; a banking app takes both.
    if (currency == "USD" and re.fullmatch(r"[1-9][0-9]*(\.[0-9])?", text)) or AMOUNTS[currency].fullmatch(text):
        whole = Decimal(text)
    else:
        raise BadCode(f"{text} is no amount in {currency}.")
    if len(text) > LONGEST_AMOUNT or whole <= 0:
        raise BadCode("The amount is zero or too long.")
    return whole


def read_times(values: dict[str, str], *, dynamic: bool) -> tuple[int | None, int | None]:
    """Return when the code was made and when it expires.

    Raises BadCode for a dynamic code without both, and for an expiry that is not later.
    """
    if dynamic != ("99" in values):
        raise BadCode("A dynamic code says when it was made and when it expires.")
    if not dynamic:
        return None, None
    parts = once(fields(values["99"]), "the times")
    if set(parts) != {"00", "01"} or not all(re.fullmatch("[0-9]{13}", part) for part in parts.values()):
        raise BadCode("The times are two numbers of 13 digits.")
    if int(parts["00"]) >= int(parts["01"]):
        raise BadCode("The code expires before it was made.")
    return int(parts["00"]), int(parts["01"])


def read_extras(values: dict[str, str]) -> dict[str, str]:
    """Return the additional data by tag.

    Raises BadCode for unknown or too long parts.
    """
    whole = values.get("62")
    if whole is None:
        return {}
    parts = once(fields(sized("Additional data", whole, LONGEST_EXTRAS)), "the additional data")
    if set(parts) - set(EXTRAS):
        raise BadCode("Unknown additional data.")
    return {tag: sized(EXTRAS[tag], value, LONGEST_EXTRA) for tag, value in parts.items()}


def check_language(values: dict[str, str]) -> None:
    """Refuse a second-language part without language and name.

    Raises BadCode.
    """
    if "64" in values:
        parts = once(fields(values["64"]), "the second language")
        if not {"00", "01"} <= set(parts) <= {"00", "01", "02"} or not re.fullmatch("[a-z]{2}", parts["00"]):
            raise BadCode("A second language needs its two letters and a name.")
        sized("Name in the second language", parts["01"], 25)
        sized("City in the second language", parts.get("02", "x"), 15)
