"""Every worked case of goldens/rentals.json, reproduced exactly: one test a case, no case left out."""

from datetime import date, timedelta

import pytest

from core.refusals import Refusal
from rentals.flow import AgreementState
from rentals.rules import arrears, buyout, endings, lease, ledger, pricing
from rentals.rules.ledger import Account, Entry, Kind, new_account
from rentals.rules.policy import DEFAULT_NUMBERS
from rentals.tests.stage import GOLDENS, D, golden_terms, make_policy

CASES = {case["id"]: case for case in GOLDENS["cases"]}


def cases(kind):
    ids = [case_id for case_id, case in CASES.items() if case["kind"] == kind]
    return pytest.mark.parametrize("case", [pytest.param(CASES[case_id], id=case_id) for case_id in ids])


def day(text):
    return date.fromisoformat(text)


def text(amount, *, like="0.00"):
    """Write an amount the way the golden file does: two decimals, and none where the expected text has none."""
    return f"{amount:.2f}" if "." in like else f"{amount:.0f}"


def opened(case):
    return new_account(golden_terms(case), day(case["input"]["anchor"]))


def paid(account, payments):
    for number, (on, amount) in enumerate(payments):
        account = ledger.receive(account, D(amount), payment=f"payment {number}", on=day(on))
    return account


def after(account):
    return {
        "rent_paid": text(account.rent_paid),
        "rent_outstanding": text(account.rent_outstanding),
        "fees_outstanding": text(account.charges_outstanding),
        "waived": text(account.rent_waived),
        "void": text(account.rent_void),
        "credit": text(account.credit),
        "total_of_payments": text(account.terms.total),
    }


def new_entries(before: Account, account: Account) -> list[Entry]:
    return list(account.entries[len(before.entries) :])


def new_fees(before, account, on):
    fees = []
    for entry in new_entries(before, account):
        number = int(entry.target.split(":")[1])
        fees.append(
            {
                "instalment": number,
                "days_late": before.due_of(number).days_late(on),
                "unpaid": text(before.debt_of(number).outstanding),
                "fee": text(entry.amount),
            }
        )
    return fees


def price_row(price):
    return {
        "basis": price.basis,
        "rent_paid": text(price.rent_paid),
        "due_unpaid": text(price.due_unpaid),
        "future_unpaid": text(price.future_unpaid),
        "rent_part": text(price.rent_part),
        "fees": text(price.charges),
        "amount": text(price.amount),
        "waived_if_exercised": text(price.waived),
        "finish_cost": text(price.cost_to_finish),
    }


def test_no_kind_of_case_is_left_out():
    tested = {"schedule", "buyout_table", "buyout", "late_fee", "ledger", "return"}
    tested |= {"cancel", "loss", "calendar", "disclosure"}
    assert {case["kind"] for case in CASES.values()} == tested
    assert len(CASES) == len(GOLDENS["cases"])


def test_the_default_policy_is_ours():
    for name, value in GOLDENS["default_policy"].items():
        ours = DEFAULT_NUMBERS[name]
        assert (
            {key: ours[key] for key in value} if isinstance(value, dict) and name != "quantum" else ours
        ) == value, name


@cases("schedule")
def test_schedule(case):
    expected = case["expected"]
    if "rejected" in expected:
        with pytest.raises(Refusal) as refused:
            golden_terms(case)
        assert refused.value.message.lower().startswith(expected["rejected"])
        return
    account = opened(case)
    like = expected["total_of_payments"]
    rows = [
        {"n": due.number, "due": due.due.isoformat(), "amount": text(account.debt_of(due.number).amount, like=like)}
        for due in account.dues
    ]
    assert {
        "total_of_payments": text(account.terms.total, like=like),
        "cost_of_rental": text(account.terms.cost_of_rental, like=like),
        "schedule": rows,
    } == expected


@cases("buyout_table")
def test_buyout_table(case):
    terms = golden_terms(case)
    rows = [
        {
            "payments_made": point.payments_made,
            "as_of": point.day.isoformat(),
            "basis": point.price.basis,
            "rent_paid": text(point.price.rent_paid),
            "buyout": text(point.price.amount),
            "finish_cost": text(point.price.cost_to_finish),
            "total_if_bought": text(point.total_if_bought),
        }
        for point in buyout.buyout_curve(terms, day(case["input"]["anchor"]))
    ]
    assert {"rows": rows} == case["expected"]


@cases("buyout")
def test_buyout(case):
    given, expected = case["input"], case["expected"]
    account = paid(opened(case), given["payments"])
    before, on = account, day(given["as_of"])
    if "assess_on" in given:
        account = arrears.assess(account, day(given["assess_on"]))
    price = buyout.buyout_price(account, on)
    if "quote" not in expected:
        assert price_row(price) == expected
        return
    noon = buyout.start_of(on, account.terms.policy.zone) + timedelta(hours=12)
    bought = buyout.exercise(account, buyout.make_quote(account, noon), amount=price.amount, payment="buy-out", at=noon)
    assert {
        "fees": new_fees(before, account, day(given["assess_on"])),
        "quote": price_row(price),
        "after_exercise": after(bought),
    } == expected


@cases("late_fee")
def test_late_fee(case):
    given = case["input"]
    account = opened(case)
    assert given["first_paid_in_full"] is True
    first, second = account.dues[:2]
    account = paid(account, [(first.due.isoformat(), given["monthly_rate"])])
    if D(given["second_paid"]):
        account = ledger.receive(account, D(given["second_paid"]), payment="part", on=second.due)
    on = second.due + timedelta(days=given["days_after_second_due"])
    assessed = arrears.assess(account, on)
    fees = new_fees(account, assessed, on)
    tomorrow = new_fees(assessed, arrears.assess(assessed, on + timedelta(days=1)), on + timedelta(days=1))
    if given["days_after_second_due"] == account.terms.policy.late_fee.grace_days:
        # The last day of grace: the next day brings the first fee (as G36 and G63 say), which is not "again".
        assert [(fee["instalment"], fee["days_late"]) for fee in tomorrow] == [(2, 8)]
    charged = {fee["instalment"] for fee in fees}
    assert {
        "fees": fees,
        "again_next_day": [fee for fee in tomorrow if fee["instalment"] in charged],
        "status": str(arrears.standing(assessed, on)),
        "days_past_due": arrears.days_past_due(assessed, on),
    } == case["expected"]


@cases("ledger")
def test_ledger(case):
    account, told = opened(case), []
    for number, event in enumerate(case["input"]["events"]):
        before, on = account, day(event["on"])
        if "pay" in event:
            account = ledger.receive(account, D(event["pay"]), payment=f"payment {number}", on=on)
            told.append({**event, "allocation": allocation(new_entries(before, account), f"payment {number}", account)})
        else:
            account = arrears.assess(account, on)
            told.append({**event, "fees": new_fees(before, account, on)})
    assert {"events": told, "after": after(account)} == case["expected"]


def allocation(entries, payment, account):
    rows = []
    for entry in entries:
        if entry.kind is Kind.PAID:
            name, number = entry.target.split(":")
            to = "fee" if name == ledger.LATE_FEE else name
            rows.append({"to": to, "instalment": int(number), "amount": text(entry.amount)})
    credit = account.purses[payment].credit
    return rows + ([{"to": "credit", "amount": text(credit)}] if credit else [])


@cases("return")
def test_return(case):
    given = case["input"]
    account = paid(opened(case), given["payments"])
    if given["assess_on"]:
        account = arrears.assess(account, day(given["assess_on"]))
    account, settlement = endings.hand_back(account, day(given["returned_on"]))
    assert {
        "refund_gross": text(settlement.refund_gross),
        "arrears_and_fees": text(settlement.arrears_and_fees),
        "refund_net": text(settlement.refund_net),
        "still_owed": text(settlement.still_owed),
        "after": after(account),
    } == case["expected"]
    assert account.refund_due == settlement.refund_net


@cases("cancel")
def test_cancel(case):
    given = case["input"]
    ((first_on, first_amount),) = given["payments"]
    rented = lease.sign(lease.draft(golden_terms(case), day(given["anchor"])))
    rented = lease.first_payment(rented, payment="first", on=day(first_on))
    assert text(rented.account.rent_paid) == first_amount
    if given["shipped"]:
        rented = lease.deliver(lease.ship(rented), on=day(given["anchor"]))
        rented = lease.take_return(lease.ask_return(rented), on=day(given["returned_on"]))
    else:
        rented = lease.cancel(rented, on=day(given["cancelled_on"]))
    assert {
        "refund": text(rented.account.refund_due),
        "state": str(AgreementState(rented.state)),
        "instalments_void": sum(
            rented.account.debt_of(due.number).void == rented.account.debt_of(due.number).amount
            for due in rented.account.dues
        ),
    } == case["expected"]


@cases("loss")
def test_loss(case):
    given = case["input"]
    account = opened(case)
    for due in account.dues[: given["payments_made"]]:
        account = ledger.receive(account, D(given["monthly_rate"]), payment=f"month {due.number}", on=due.due)
    on = day(given["as_of"])
    assert {
        "buyout": text(buyout.buyout_price(account, on).amount),
        "liability": text(endings.liability(account, on, market_value=D(given["market_value"]))),
    } == case["expected"]
    lost = endings.declare_lost(account, on, market_value=D(given["market_value"]))
    assert text(lost.cost_to_finish) == case["expected"]["liability"]


@cases("calendar")
def test_calendar(case):
    dates = arrears.arrears_calendar(day(case["input"]["oldest_unpaid_due"]), golden_terms(case).policy)
    assert {
        "overdue_from": dates.overdue_from.isoformat(),
        "late_fee_on": dates.late_fee_on.isoformat(),
        "default_on": dates.default_on.isoformat(),
        "reinstate_until": dates.reinstate_until.isoformat(),
    } == case["expected"]


@cases("disclosure")
def test_disclosure(case):
    given = case["input"]

    def price(cap):
        return pricing.price_of(
            cash_price=D(given["cash_price"]),
            payment=D(given["payment"]),
            payments=given["payments"],
            policy=make_policy(max_total_to_cash_ratio=cap),
        )

    assert {
        "total_of_payments": text(price("2.00").total),
        "cost_of_rental": text(price("2.00").difference_to_cash),
        "ratio_to_cash": str(price("2.00").ratio),
        "allowed_by_ratio_2_00": price("2.00").is_allowed,
        "allowed_by_ratio_2_25": price("2.25").is_allowed,
    } == case["expected"]
