"""KHQR codes, against what NBC's own SDK makes of the same input (goldens/khqr.json)."""

import json
import random
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.providers.khqr.decoding import decode
from payments.providers.khqr.encoding import Code, encode, transaction_key
from payments.providers.khqr.tags import KhqrError, crc16

GOLDENS = json.loads((Path(__file__).parent / "goldens" / "khqr.json").read_text(encoding="utf-8"))
CODE = Code(
    account_type="individual",
    account_id="commercia@aclb",
    currency="USD",
    amount=Decimal("507.50"),
    merchant_name="Commercia",
    bill_number="K4T9QX2M-1",
    created_ms=1_767_225_600_000,
    expires_ms=1_767_226_200_000,
)


def code_of(told):
    amount = told.get("amount")
    return Code(**{**told, "amount": Decimal(str(amount)) if amount is not None else None})


@pytest.mark.parametrize("case", GOLDENS["valid"], ids=lambda case: case["id"])
def test_codes_are_byte_identical_to_the_sdk(case):
    code = code_of(case["input"])
    text = encode(code)
    assert (text, text[-4:], transaction_key(text)) == (case["qr"], case["crc"], case["md5"])
    again = decode(text)
    assert encode(again) == text
    assert {name: value for name, value in asdict(again).items() if name != "amount"} == {
        name: value for name, value in asdict(code).items() if name != "amount"
    }
    assert again.amount == code.amount


@pytest.mark.parametrize("case", GOLDENS["reject"], ids=lambda case: case["id"])
def test_what_must_be_rejected_is(case):
    with pytest.raises(KhqrError):
        encode(code_of(case["input"]))


def test_crc_is_ccitt_false():
    assert crc16("123456789") == "29B1"


# The last is EMVCo's example (Merchant-Presented QR 1.1), with Chinese text; the others stand in the README of NBC's
# iOS SDK (generate individual, generate merchant, "Verify CRC") and in NBC's "KHQR SDK Document" 2.9.
PRINTED = [
    "00020101021229410015john_smith@devb01061231230208Deb bank52045999530384054031005802KH5910John Smith"
    "6010Phnom Penh62510106#1234502090122334550311Coffee Shop0709Cashier_1991700131630652610673630405C6",
    "00020101021230410015john_smith@devb01061234560208Dev Bank5204599953038405405100.05802KH5910John Smith"
    "6010Phnom Penh62510106#1234502090122334550311Coffee Shop0709Cashier_199170013162615786964863048691",
    "00020101021229190015john_smith@devb5204599953038405405100.05802KH5910John Smith"
    "6010Phnom Penh62510106#1234502090122334550311Coffee Shop0709Cashier_19917001316261470667896304E6F6",
    "00020101021229190015john_smith@devb5204599953038405405100.05802KH5910John Smith6010Phnom Penh6304BF30",
    "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT"
    "6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME"
    "91320016A0112233449988770708123456786304A13A",
]


@pytest.mark.parametrize("text", PRINTED, ids=lambda text: text[-4:])
def test_crc_agrees_with_what_nbc_and_emvco_print(text):
    assert crc16(text[:-4]) == text[-4:]


@pytest.mark.parametrize(
    ("text", "md5"),
    [(PRINTED[0], "15ce010e4889d8b4c9debf7a1ab4e979"), (PRINTED[1], "3c010c08548a9953b0bd76f95c2fa4e2")],
)
def test_transaction_key_agrees_with_what_nbc_prints(text, md5):
    assert transaction_key(text) == md5


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal("NaN")},
        {"amount": Decimal("Infinity")},
        {"amount": 507.5},
        {"account_id": "commercia"},
        {"account_id": "@aclb"},
        {"account_id": "a b@aclb"},
        {"merchant_name": ""},
        {"merchant_name": " Commercia"},
        {"merchant_name": "Com\nmercia"},
        {"merchant_name": "Shop \U0001f600"},
        {"bill_number": ""},
        {"lang": "khm", "alt_name": "ហាង"},
        {"mcc": "٥٩٩٩"},
        {"account_type": "both"},
        {"account_type": "merchant", "merchant_id": "1"},
        {"merchant_id": "1"},
        {"unionpay_account": "1" * 31},
        {"amount": None},
        {"created_ms": 1},
        {"expires_ms": None},
    ],
)
def test_impossible_codes_are_refused(change):
    assert encode(CODE)
    with pytest.raises(KhqrError):
        encode(replace(CODE, **change))


def test_every_altered_character_is_noticed():
    text = encode(CODE)
    for place in range(len(text)):
        altered = text[:place] + ("7" if text[place] != "7" else "8") + text[place + 1 :]
        with pytest.raises(KhqrError):
            decode(altered)


def resealed(body):
    return body + crc16(body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "6304",
        encode(CODE).lower(),
        encode(CODE) + " ",
        resealed(encode(CODE)[:-8] + "5802KH6304"),
        resealed(encode(CODE)[:-8] + "7002xx6304"),
        resealed(encode(CODE).replace("5406507.50", "5405507.5")[:-4]),
        resealed(encode(CODE).replace("5406507.50", "540650750.")[:-4]),
        resealed(encode(CODE).replace("5406507.50", "5406abcdef")[:-4]),
        resealed(encode(CODE).replace("5303840", "5303978")[:-4]),
        resealed(encode(CODE).replace("5802KH", "5802TH")[:-4]),
        resealed(encode(CODE).replace("010212", "010211")[:-4]),
        resealed(encode(CODE).replace("5204", "52x4")[:-4]),
        resealed("000201010212" + "99990013" + "6304"),
    ],
)
def test_other_spellings_are_refused(text):
    with pytest.raises(KhqrError):
        decode(text)


letters = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFFFF, blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=25,
).filter(lambda text: text == text.strip())


@given(
    name=letters,
    bill=st.none() | letters,
    purpose=st.none() | letters,
    cents=st.integers(1, 10**12 - 1),
    riel=st.booleans(),
    created=st.integers(10**12, 4 * 10**12),
    life=st.integers(1, 600_000),
)
def test_encode_then_decode_gives_the_same(name, bill, purpose, cents, riel, created, life):
    code = replace(
        CODE,
        merchant_name=name,
        bill_number=bill,
        purpose=purpose,
        currency="KHR" if riel else "USD",
        amount=Decimal(cents) if riel else Decimal(cents).scaleb(-2),
        created_ms=created,
        expires_ms=created + life,
    )
    assert decode(encode(code)) == code


@given(st.binary(max_size=200), st.integers(0, 2**32))
def test_no_garbage_is_read_as_a_code(noise, seed):
    text = encode(CODE)
    place = random.Random(seed).randrange(len(text))
    for garbage in (noise.decode("latin-1"), text[:place] + noise.decode("latin-1") + text[place:]):
        if garbage == text:
            continue
        with pytest.raises(KhqrError):
            decode(garbage)
