"""Renting over the API: quotes, the account's own agreements, signatures and papers."""

from datetime import date
from decimal import Decimal as D

import pytest
import time_machine
from django.core.files.storage import storages

from accounts.tests.factories import make_user
from core.tests.api import client_of, problem_of
from payments.models import Bill
from rentals.disclosing import disclosure_of
from rentals.documents.vault import keep_contract
from rentals.drafting import draft_agreements
from rentals.models import Agreement
from rentals.plans import publish_plan
from rentals.policies import current_policy
from rentals.signing import withhold_bills
from rentals.tests.factories import make_agreement, make_draft, make_plan, make_rented_line

pytestmark = pytest.mark.django_db
AGREEMENTS = "/api/v1/agreements/"


def quote_of(sku, **query):
    return client_of().get(f"/api/v1/variants/{sku}/rental-quote/", query)


def test_a_quote_holds_every_number_of_the_calculator():
    plan = publish_plan(make_plan(), by=None)
    answer = quote_of(plan.variant.sku, delivered_on="2026-01-15")
    assert answer.status_code == 200
    (told,) = answer.json()["plans"]
    offer = told["offer"]
    months = offer.pop("months")
    assert (told["months"], told["monthly_price"]) == (12, "65.00")
    assert offer == {
        "currency": "USD",
        "payments": 12,
        "first_payment": "65.00",
        "last_payment": "65.00",
        "total": "780.00",
        "cash_price": "600.00",
        "cost_of_rental": "180.00",
        "counted_from": "2026-01-15",
        "same_as_cash_until": "2026-04-15",
        "step_up": {"day": "2026-04-16", "before": "340.00", "to_own": "400.00"},
    }
    assert [month["to_own"] for month in months] == [
        *("535.00", "470.00", "405.00", "400.00", "350.00", "300.00"),
        *("250.00", "200.00", "150.00", "100.00", "50.00", "0.00"),
    ]
    assert months[1] == {
        "number": 2,
        "due": "2026-02-15",
        "payment": "65.00",
        "paid": "130.00",
        "to_own": "470.00",
        "to_finish": "650.00",
    }


@pytest.mark.parametrize("plans", [1, 3])
def test_a_quote_takes_the_same_queries_for_any_number_of_plans(django_assert_num_queries, plans):
    first = publish_plan(make_plan(), by=None)
    for months in (3, 6)[: plans - 1]:
        publish_plan(make_plan(first.variant, months=months), by=None)
    with django_assert_num_queries(3):  # the variant, the policy, the plans
        assert len(quote_of(first.variant.sku).json()["plans"]) == plans


def test_what_is_not_rented_out_says_so():
    plan = make_plan()
    current_policy()
    assert quote_of(plan.variant.sku).json() == {"sku": plan.variant.sku, "plans": []}
    problem_of(quote_of(plan.variant.sku, months=12), 422, "plan_not_available")
    problem_of(quote_of("NOTHING"), 404, "sku_unknown")
    problem_of(quote_of(plan.variant.sku, months=4), 400, "invalid")


def test_a_cart_takes_machines_to_rent():
    plan = publish_plan(make_plan(), by=None)
    client = client_of()
    body = client.post("/api/v1/cart/items/", {"sku": plan.variant.sku, "months": 12}, format="json").json()
    assert body["items"][0]["rent"] == {"months": 12, "monthly_price": "65.00"}
    assert (body["total"], body["monthly"], body["total_in_the_end"]) == ("65.00", "65.00", "780.00")
    refused = client.post("/api/v1/cart/items/", {"sku": plan.variant.sku, "months": 3}, format="json")
    problem_of(refused, 422, "plan_not_available")


@pytest.fixture
def draft():
    """An agreement of a placed order that waits for its signature, with its bill."""
    line = make_rented_line()
    (agreement,) = draft_agreements(line.order, by=line.order.user)
    withhold_bills(line.order, by=line.order.user)
    return agreement


def signature(client, agreement, **changes):
    told = client.get(f"{AGREEMENTS}{agreement.code}/").json()
    body = {"name": "Sok Dara", "has_read": True, "contract_sha256": told["contract_sha256"], **changes}
    return client.post(f"{AGREEMENTS}{agreement.code}/signature/", body, format="json")


def test_an_agreement_is_read_and_signed(draft):
    client = client_of(draft.customer)
    answer = signature(client, draft)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["state"], body["signed_name"], body["text_version"]) == ("pending_payment", "Sok Dara", "en-1")
    draft.refresh_from_db()
    assert draft.contract_sha256 == body["contract_sha256"]
    assert Bill.objects.get().state == "open"
    problem_of(signature(client, draft), 409, "wrong_state")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"name": " "}, 422, "name_needed"),
        ({"has_read": False}, 422, "not_read"),
        ({"contract_sha256": "0" * 64}, 409, "contract_changed"),
        ({"contract_sha256": None}, 400, "invalid"),
    ],
)
def test_what_is_not_signed_properly_is_not_signed(draft, changes, status, code):
    problem_of(signature(client_of(draft.customer), draft, **changes), status, code)
    draft.refresh_from_db()
    assert (draft.state, draft.signed_at) == ("draft", None)
    assert Bill.objects.get().state == "withheld"


@pytest.mark.parametrize("page", ["", "instalments/", "contract/", "statement/"])
def test_a_strangers_agreement_is_not_found(page):
    agreement = make_agreement()
    problem_of(client_of(make_user()).get(f"{AGREEMENTS}{agreement.code}/{page}"), 404, "not_found")
    problem_of(client_of().get(f"{AGREEMENTS}{agreement.code}/{page}"), 401, "not_authenticated")


def test_a_stranger_signs_nothing(draft):
    body = {"name": "Sok Dara", "has_read": True, "contract_sha256": keep_contract(draft).sha256}
    answer = client_of(make_user()).post(f"{AGREEMENTS}{draft.code}/signature/", body, format="json")
    problem_of(answer, 404, "not_found")
    draft.refresh_from_db()
    assert draft.state == "draft"


@time_machine.travel("2026-01-20T05:00:00+00:00", tick=False)
def test_an_agreement_says_both_numbers_and_its_schedule():
    agreement = make_agreement()
    body = client_of(agreement.customer).get(f"{AGREEMENTS}{agreement.code}/").json()
    assert (body["paid"], body["due_now"], body["cost_to_finish"], body["cost_to_own"]) == (
        *("65.00", "0.00"),
        *("715.00", "535.00"),
    )
    assert (body["next_due_on"], body["same_as_cash_until"]) == ("2026-02-15", "2026-04-15")
    assert body["buyout"] == {
        "basis": "same_as_cash",
        "amount": "535.00",
        "rent_part": "535.00",
        "charges": "0.00",
        "waived": "180.00",
    }
    assert body["instalments"][0] == {
        "number": 1,
        "due_on": "2026-01-15",
        "amount": "65.00",
        "paid": "65.00",
        "outstanding": "0.00",
        "state": "paid",
        "late_fee": "0.00",
        "late_fee_unpaid": "0.00",
    }
    only = client_of(agreement.customer).get(f"{AGREEMENTS}{agreement.code}/instalments/").json()
    assert only == body["instalments"]


def test_the_disclosure_is_that_of_the_contract():
    agreement = make_draft(on=date(2026, 1, 15))
    body = client_of(agreement.customer).get(f"{AGREEMENTS}{agreement.code}/").json()
    items = disclosure_of(agreement).items
    assert body["disclosure"] == [{"key": item.key, "title": item.title, "text": item.text} for item in items]
    assert len(items) == 12
    assert D(body["offer"]["total"]) == agreement.total


def test_papers_are_pdfs(draft):
    client = client_of(draft.customer)
    signature(client, draft)
    for page in ("contract/", "statement/"):
        answer = client.get(f"{AGREEMENTS}{draft.code}/{page}", headers={"Accept": "application/pdf"})
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF")


def test_a_signed_contract_that_is_gone_is_not_made_up(draft):
    client = client_of(draft.customer)
    signature(client, draft)
    digest = Agreement.objects.get().contract_sha256
    storages["originals"].delete(f"contracts/{digest[:2]}/{digest}.pdf")
    problem_of(client.get(f"{AGREEMENTS}{draft.code}/contract/"), 404, "contract_missing")


@pytest.mark.parametrize("agreements", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number(django_assert_num_queries, agreements):
    user = make_user()
    for _ in range(agreements):
        Agreement.objects.filter(pk=make_agreement().pk).update(customer=user)
    client = client_of(user)
    with django_assert_num_queries(5):  # the account, how many, the rows, their instalments and entries
        assert client.get(AGREEMENTS).json()["count"] == agreements


def test_one_agreement_takes_a_fixed_number_of_queries(django_assert_num_queries):
    agreement = make_agreement()
    Agreement.objects.filter(pk=agreement.pk).update(contract_sha256="a" * 64)
    client = client_of(agreement.customer)
    with django_assert_num_queries(6):  # the account, the agreement, twice its instalments and entries
        client.get(f"{AGREEMENTS}{agreement.code}/")


def test_the_list_is_filtered_by_state():
    agreement = make_agreement()
    client = client_of(agreement.customer)
    assert client.get(AGREEMENTS, {"state": "active"}).json()["count"] == 1
    assert client.get(AGREEMENTS, {"state": "draft"}).json()["count"] == 0
    problem_of(client.get(AGREEMENTS, {"state": "asleep"}), 400, "invalid")
