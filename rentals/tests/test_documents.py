"""Contract and statement: accessible PDF, the same bytes every time, and the numbers of page and API."""

import io
import subprocess
import sys
from hashlib import sha256

import pikepdf
import pytest
from django.core.files.storage import storages

from core.refusals import Refusal
from rentals.disclosing import TEXT_VERSION, disclosure_of
from rentals.documents.contract import draw_up
from rentals.documents.statement import write_statement
from rentals.documents.typesetting import typeset
from rentals.documents.vault import contract_of, keep_contract
from rentals.models import Agreement
from rentals.overview import overview_of
from rentals.rules.buyout import BuyoutMethod
from rentals.tests.factories import make_agreement, make_draft
from rentals.tests.stage import make_terms

pytestmark = pytest.mark.django_db


def told_of(content):
    """Return (title, language, whether tagged, PDF/UA part, tags) of a PDF."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        root = pdf.Root
        with pdf.open_metadata() as about:
            part = about.get("pdfuaid:part")
            title = about.get("dc:title")
        tags, waiting = set(), [root.StructTreeRoot]
        while waiting:
            node = waiting.pop()
            if isinstance(node, pikepdf.Array):
                waiting += list(node)
            elif isinstance(node, pikepdf.Dictionary):
                if "/S" in node:
                    tags.add(str(node.S))
                if "/K" in node:
                    waiting.append(node.K)
        shows_title = bool(root.ViewerPreferences.DisplayDocTitle)
        return title, str(root.Lang), bool(root.MarkInfo.Marked), part, tags, shows_title


def test_the_contract_is_accessible():
    agreement = make_draft()
    title, language, is_tagged, part, tags, shows_title = told_of(draw_up(agreement).content)
    assert (title, language) == (f"Rental-purchase agreement {agreement.code}", "en")
    assert (is_tagged, part, shows_title) == (True, "1", True)
    assert {"/H1", "/H2", "/Table", "/TR", "/TH", "/TD", "/P"} <= tags


def test_the_statement_is_accessible():
    agreement = make_agreement()
    title, language, is_tagged, part, tags, _ = told_of(write_statement(overview_of(agreement)))
    assert (title, language, is_tagged, part) == (f"Statement of rental {agreement.code}", "en", True, "1")
    assert {"/H1", "/Table", "/TH"} <= tags


def test_the_same_agreement_makes_the_same_bytes_in_every_process():
    data = {
        "language": "en", "shop": "Shop", "title": "T", "footer": "F", "intro": "I", "parties": [["a", "ខ្មែរ"]],
        "words": dict.fromkeys(("parties", "disclosure", "schedule", "closing", "item", "value"), "w"),
        "items": [{"title": "t", "text": "x"}], "schedule_note": "n", "schedule_head": list("abcdef"),
        "schedule": [list("123456")], "closing": ["c"],
    }  # fmt: skip
    code = (
        "import sys, json, datetime, hashlib; from rentals.documents.typesetting import typeset; "
        "print(hashlib.sha256(typeset('contract', json.load(sys.stdin), on=datetime.date(2026, 1, 15))).hexdigest())"
    )
    import datetime
    import json

    here = sha256(typeset("contract", data, on=datetime.date(2026, 1, 15))).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(data), capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here


def test_drawing_up_twice_and_after_signing_changes_nothing():
    agreement = make_draft()
    before = draw_up(agreement)
    Agreement.objects.filter(pk=agreement.pk).update(signed_name="Sok Dara", signed_ip="127.0.0.1")
    assert draw_up(Agreement.objects.get()) == before
    assert before.sha256 == sha256(before.content).hexdigest()


def text_of(disclosure):
    return {item.key: item.text for item in disclosure.items}


def test_twelve_items_with_the_numbers_of_the_agreement():
    disclosure = disclosure_of(make_draft())
    told = text_of(disclosure)
    assert list(told) == [
        *("machine", "cash_price", "payments", "total_to_own", "cost_of_rental", "ownership"),
        *("early_ownership", "late_fee", "stopping", "reinstatement", "repairs", "loss"),
    ]
    assert "refurbished (used), grade Good" in told["machine"]
    assert "$600.00" in told["cash_price"]
    assert "12 × $65.00, one a month. $65.00 is due with the order." in told["payments"]
    assert "$780.00" in told["total_to_own"]
    assert "$180.00" in told["cost_of_rental"]
    assert "the last of the 12 payments" in told["ownership"]
    assert "In the first 90 days after delivery it costs $600.00 less all rent paid." in told["early_ownership"]
    assert "$600.00 × rent left ÷ $780.00" in told["early_ownership"]
    assert "From day 8 after the due date: 5 % of what is unpaid, at least $2.00, at most $5.00" in told["late_fee"]
    assert "within 7 days of delivery" in told["stopping"]
    assert all(days in told["reinstatement"] for days in ("30 days", "21 days", "45 days"))
    assert (disclosure.text_version, disclosure.policy_version) == (TEXT_VERSION, 1)


@pytest.mark.parametrize(
    ("policy", "key", "words"),
    [
        ({"buyout": {"method": "pct_remaining"}}, "early_ownership", "Later: 55 % of the rent left"),
        ({"buyout": {"method": "cash_minus_credit"}}, "early_ownership", "$600.00 less 50 % of the rent paid"),
        ({"buyout": {"sac_days": None}}, "early_ownership", "It then costs: $600.00 × rent left"),
        ({"late_fee": {"combine": "greater"}}, "late_fee", "5 % of what is unpaid or $2.00, whichever is more"),
        ({"prorate_on_return": True}, "stopping", "you owe the days until then"),
        ({"cooling_off_days": 0}, "stopping", "Until it is sent you can cancel free of charge. Later"),
    ],
)
def test_another_policy_reads_otherwise(policy, key, words):
    assert words in text_of(disclosure_of(make_draft(make_terms(**policy))))[key]


def test_every_way_to_own_early_has_its_words():
    assert {str(method) for method in BuyoutMethod} == {"cash_fraction", "pct_remaining", "cash_minus_credit"}


def test_a_contract_is_kept_once_under_its_hash():
    agreement = make_draft()
    contract = keep_contract(agreement)
    keep_contract(agreement)
    folder = f"contracts/{contract.sha256[:2]}"
    assert [name for name in storages["originals"].listdir(folder)[1] if name.startswith(contract.sha256)] == [
        f"{contract.sha256}.pdf"
    ]
    agreement.contract_sha256 = contract.sha256
    assert contract_of(agreement) == contract.content


def test_a_contract_that_was_tampered_with_is_not_shown():
    agreement = make_draft()
    contract = keep_contract(agreement)
    agreement.contract_sha256 = contract.sha256
    name = f"contracts/{contract.sha256[:2]}/{contract.sha256}.pdf"
    with storages["originals"].open(name, "wb") as file:
        file.write(b"%PDF something else")
    with pytest.raises(Refusal) as refused:
        contract_of(agreement)
    assert refused.value.code == "contract_missing"
