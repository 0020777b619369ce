"""docs/explanation/rentals.md tells the truth: every number in its tables is worked out again here."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from core.money import amount_text, split
from rentals.rules import arrears, buyout, endings, lease, ledger, pricing, schedule
from rentals.rules.ledger import Kind, new_account
from rentals.rules.policy import DEFAULT_NUMBERS
from rentals.tests.stage import ANCHOR, D, make_account, make_policy, make_terms

PAGE = Path(settings.BASE_DIR) / "docs/explanation/rentals.md"


def usd(amount):
    return amount_text(amount, "USD")


def paid_months(count, account=None):
    account = account or make_account()
    for due in account.dues[:count]:
        amount = account.debt_of(due.number).amount
        account = ledger.receive(account, amount, payment=f"month {due.number}", on=due.due)
    return account


def what_a_plan_costs():
    for monthly, months in (("65.00", 12), ("115.00", 6), ("215.00", 3), ("100.00", 12), ("100.01", 12)):
        price = pricing.price_of(cash_price=D(600), payment=D(monthly), payments=months, policy=make_policy())
        yield [
            f"{months} × {usd(price.payment)}",
            usd(price.total),
            usd(price.difference_to_cash),
            str(price.ratio),
            "yes" if price.is_allowed else "no",
        ]


def a_total_that_does_not_divide():
    for total, parts, code in (("100.00", 3, "USD"), ("200.00", 3, "USD"), ("1000000", 12, "KHR")):
        amounts = split(D(total), parts, code)
        yield [
            f"{amount_text(D(total), code)} in {parts}",
            f"{parts - 1} × {amount_text(amounts[0], code)}",
            amount_text(amounts[-1], code),
        ]


def due_dates():
    for anchor in (date(2026, 1, 15), date(2026, 1, 31), date(2028, 1, 31), date(2026, 8, 31)):
        yield [str(due.due) for due in schedule.schedule(anchor, range(1, 8), offset_months=0)]


def where_a_payment_goes():
    account = make_account()
    for on, amount in (
        (date(2026, 1, 15), D("65.00")),
        (date(2026, 2, 23), None),
        (date(2026, 2, 24), D("65.00")),
        (date(2026, 3, 15), D("65.00")),
        (date(2026, 3, 26), D("68.25")),
    ):
        before = account
        if amount is None:
            account = arrears.assess(account, on)
            (fee,) = account.entries[len(before.entries) :]
            yield [str(on), "nothing", f"late fee for month 2: {usd(fee.amount)} is owed"]
            continue
        account = ledger.receive(account, amount, payment=str(on), on=on)
        parts = [entry for entry in account.entries[len(before.entries) :] if entry.kind is Kind.PAID]
        yield [
            str(on),
            usd(amount),
            ", ".join(f"{usd(entry.amount)} {in_words(entry.target)}" for entry in parts),
        ]


def in_words(target):
    name, number = target.split(":")
    return f"late fee for month {number}" if name == ledger.LATE_FEE else f"rent of month {number}"


def late_fees():
    policy = make_policy()
    for unpaid in ("65.00", "45.00", "30.00", "120.00", "1.00"):
        yield [usd(D(unpaid)), usd(arrears.late_fee(D(unpaid), currency="USD", policy=policy))]


def when_nobody_pays():
    words = {
        arrears.Step.NOTICE: "a letter",
        arrears.Step.CHARGE: "the saved card is charged, or a payment link sent",
        arrears.Step.OVERDUE: "the agreement is past due",
        arrears.Step.LATE_FEE: "the late fee",
        arrears.Step.DEFAULT: "default: a last letter, and the right to go on",
    }
    (due,) = schedule.schedule(date(2026, 4, 15), [4], offset_months=0)
    for day, step in arrears.steps(due, make_policy()):
        yield [f"{(day - due.due).days:+d}", str(day), words[step]]
    until = arrears.arrears_calendar(due.due, make_policy()).reinstate_until
    yield [f"{(until - due.due).days:+d}", str(until), "last day to pay everything and go on"]


def owning_it_now():
    for point in buyout.buyout_curve(make_terms(), ANCHOR):
        yield [
            str(point.payments_made),
            str(point.day),
            usd(point.price.rent_paid),
            usd(point.price.amount),
            usd(point.price.cost_to_finish),
            usd(point.total_if_bought),
        ]


def how_long_a_quote_holds():
    zone = make_policy().zone
    for day, hour, paid in ((date(2026, 5, 20), 10, 5), (date(2026, 5, 14), 10, 4), (date(2026, 4, 14), 10, 3)):
        made = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
        quote = buyout.make_quote(paid_months(paid), made)
        yield [f"{made:%Y-%m-%d %H:%M}", f"{quote.expires_at.astimezone(zone):%Y-%m-%d %H:%M}"]
    last_day = datetime(2026, 4, 15, 10, tzinfo=zone)
    quote = buyout.make_quote(paid_months(4), last_day)
    yield [f"{last_day:%Y-%m-%d %H:%M}", f"{quote.expires_at.astimezone(zone):%Y-%m-%d %H:%M}"]


def handing_it_back():
    prepaid = ledger.receive(paid_months(1), D(195), payment="ahead", on=ANCHOR)
    for words, account, day in (
        ("two months paid, back on 1 March", paid_months(2), date(2026, 3, 1)),
        ("four months paid on the first day, back on 1 March", prepaid, date(2026, 3, 1)),
        ("one month paid, back on the second due date", paid_months(1), date(2026, 2, 15)),
        ("the same, with a policy that prorates, back on 28 February", prorating(), date(2026, 2, 28)),
    ):
        after, settlement = endings.hand_back(account, day)
        yield [words, usd(settlement.refund_net), usd(settlement.still_owed), usd(after.rent_void)]


def prorating():
    return paid_months(1, make_account(prorate_on_return=True))


def the_first_week():
    rented = lease.first_payment(lease.sign(lease.draft(make_terms(), ANCHOR)), payment="first", on=ANCHOR)
    cancelled = lease.cancel(rented, on=ANCHOR)
    yield ["cancelled before it was sent", usd(cancelled.account.refund_due)]
    delivered = lease.deliver(lease.ship(rented), on=ANCHOR)
    for days in (7, 8):
        back = lease.take_return(lease.ask_return(delivered), on=ANCHOR + timedelta(days=days))
        yield [f"handed back {days} days after delivery", usd(back.account.refund_due)]


def lost_or_broken():
    account, day = paid_months(5), date(2026, 5, 20)
    for value in ("280.00", "500.00"):
        yield [
            usd(D(value)),
            usd(buyout.buyout_price(account, day).amount),
            usd(endings.liability(account, day, market_value=D(value))),
        ]


def swapping_it():
    old = paid_months(4, make_account(swap_credit_pct="0.25"))
    credit = endings.swap_credit(old)
    new = endings.swap_in(cash_price=D(900), monthly=D(100), months=12, credit=credit, like=old.terms)
    fresh = new_account(new, date(2026, 5, 1))
    price = buyout.buyout_price(fresh, date(2026, 5, 1))
    for words, amount in (
        ("rent paid for the old machine", old.rent_paid),
        ("credit: 25 % of it", credit),
        ("total of the new one: 12 × $100.00 less the credit", new.total),
        ("each of the first eleven payments", new.amounts[0]),
        ("the last one", new.amounts[-1]),
        ("owning the new one on its first day: $900.00 less the credit", price.amount),
    ):
        yield [words, usd(amount)]


def taking_it_up_again():
    for months in (7, 8):
        account, _ = endings.hand_back(paid_months(months), schedule.add_months(ANCHOR, months - 1))
        yield [
            f"{months} of 12",
            usd(account.rent_paid),
            f"{endings.reinstate_window(account)} days",
        ]


def numbers_an_owner_may_change():
    for name, value in DEFAULT_NUMBERS.items():
        for below, number in value.items() if isinstance(value, dict) else [("", value)]:
            yield [f"`{name}.{below}`" if below else f"`{name}`", shown(number)]


def shown(number):
    if isinstance(number, dict):
        return ", ".join(f"{code} {amount}" for code, amount in number.items())
    if isinstance(number, list):
        return ", ".join(str(day) for day in number)
    return {True: "yes", False: "no"}[number] if isinstance(number, bool) else str(number)


TABLES = {
    "What a plan costs": what_a_plan_costs,
    "A total that does not divide": a_total_that_does_not_divide,
    "Due dates": due_dates,
    "Where a payment goes": where_a_payment_goes,
    "Late fees": late_fees,
    "When nobody pays": when_nobody_pays,
    "Owning it now": owning_it_now,
    "How long a quote holds": how_long_a_quote_holds,
    "Handing it back": handing_it_back,
    "The first week": the_first_week,
    "Lost or broken": lost_or_broken,
    "Swapping it": swapping_it,
    "Taking it up again": taking_it_up_again,
    "Numbers an owner may change": numbers_an_owner_may_change,
}


def tables_of(page):
    """Return the rows of the table under each heading that has one, without its head."""
    found = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in section.splitlines()
            if line.startswith("|")
        ]
        if rows:
            found[section.splitlines()[0]] = rows[2:]
    return found


def test_every_table_is_worked_out_again():
    assert set(tables_of(PAGE.read_text())) == set(TABLES)


@pytest.mark.parametrize("heading", TABLES)
def test_the_numbers_are_right(heading):
    assert tables_of(PAGE.read_text())[heading] == list(TABLES[heading]())


def test_a_wrong_number_would_be_seen():
    wrong = PAGE.read_text().replace("$780.00", "$781.00", 1)
    assert tables_of(wrong)["What a plan costs"] != list(what_a_plan_costs())
