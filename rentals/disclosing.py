"""What a customer must know before they sign: twelve items, the same on the page, in the contract and over the API.

The list is the union of what rental-purchase laws ask for (see docs/explanation/rentals.md). Texts are English for now
and go through gettext; the contract is always in the language of its text version.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Variant
from core.money import HUNDRED, amount_text
from orders.models import OrderLine
from rentals.bookkeeping import read_lease
from rentals.models import Agreement
from rentals.rules.offering import Offer, offer_of
from rentals.rules.policy import BuyoutMethod, FeeCombination, Policy
from rentals.rules.schedule import local_day
from rentals.rules.terms import RentalTerms

# Which texts were read; raised with every change of a sentence below or of the contract's form.
TEXT_VERSION = "en-1"


GRADES = dict(Variant.Grade.choices)


@dataclass(frozen=True)
class Item:
    """One thing to be disclosed: a key for programs, a title and a sentence for people."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """Everything that is disclosed of one agreement. `offer` holds the numbers of which the sentences are made."""

    items: tuple[Item, ...]
    offer: Offer
    policy_version: int
    text_version: str = TEXT_VERSION


def disclosure_of(agreement: Agreement) -> Disclosure:
    """Return what is (or was) disclosed of an agreement before its signature. Two queries beside its line and order.

    It is made of frozen terms, so it stays the same for the agreement's whole life; dates are those of the day of
    ordering, which delivery moves.
    """
    terms = read_lease(agreement).account.terms
    line = agreement.line
    on = local_day(line.order.placed_at, terms.policy.zone)
    offer = offer_of(terms, on)
    items = disclose(terms, offer, machine=machine_words(line), shipping=line.order.shipping_total)
    return Disclosure(items=items, offer=offer, policy_version=agreement.policy.version)


def machine_words(line: OrderLine) -> str:
    """Say what is rented: name, configuration, used or new, grade. The serial number joins when it is sent."""
    what = ", ".join(part for part in (line.name, line.options) if part)
    used = _("new") if line.grade == Variant.Grade.NEW else _("refurbished (used)")
    return _("%(what)s; %(used)s, grade %(grade)s. Its serial number joins this agreement when it is sent.") % {
        "what": what,
        "used": used,
        "grade": GRADES[line.grade],
    }


def disclose(terms: RentalTerms, offer: Offer, *, machine: str, shipping: Decimal) -> tuple[Item, ...]:
    """Return the twelve items for `terms`, with the dates and prices of `offer`; pure, all money in its currency."""
    code, policy = terms.currency, terms.policy
    money = {
        "cash": amount_text(terms.cash_price, code),
        "total": amount_text(terms.total, code),
        "cost": amount_text(terms.cost_of_rental, code),
        "n": terms.months,
    }
    return (
        Item("machine", _("The machine"), machine),
        Item("cash_price", _("Cash price"), _("%(cash)s if you buy it today instead of renting it.") % money),
        Item("payments", _("Payments"), _payments(offer, shipping)),
        Item("total_to_own", _("Total to own"), _("%(total)s: the sum of all %(n)s payments.") % money),
        Item("cost_of_rental", _("Cost of renting"), _("%(cost)s: the total to own less the cash price.") % money),
        Item("ownership", _("When it is yours"), _ownership(terms)),
        Item("early_ownership", _("Own it early"), _early(terms, offer)),
        Item("late_fee", _("Late fee"), _late_fee(policy, code)),
        Item("stopping", _("Stop any day"), _stopping(policy)),
        Item("reinstatement", _("Catch up"), _reinstatement(policy)),
        Item("repairs", _("Repairs and warranty"), _repairs()),
        Item("loss", _("Loss or damage"), _loss()),
    )


def payments_words(offer: Offer) -> str:
    """Say the payments: "12 × $65.00", or "11 × $94.58 and 1 × $94.62"."""
    first, last = amount_text(offer.first_payment, offer.currency), amount_text(offer.last_payment, offer.currency)
    if offer.is_even:
        return f"{offer.payments} × {first}"
    return _("%(n)s × %(first)s and 1 × %(last)s") % {"n": offer.payments - 1, "first": first, "last": last}


def day_words(day: date) -> str:
    """Say a day: "24 November 2026"."""
    return format_date(day, "j F Y")


def _payments(offer: Offer, shipping: Decimal) -> str:
    told = {
        "payments": payments_words(offer),
        "first": amount_text(offer.first_payment, offer.currency),
        "second": day_words(offer.months[1].due) if offer.payments > 1 else "",
        "last": day_words(offer.months[-1].due),
        "shipping": amount_text(shipping, offer.currency),
    }
    parts = [
        _("%(payments)s, one a month. %(first)s is due with the order.") % told,
        _("The next falls due on %(second)s, the last on %(last)s.") % told,
        _("These dates count from the day of ordering; the day of delivery takes its place. Amounts never change."),
    ]
    if shipping:
        parts.append(_("Delivery of the whole order costs %(shipping)s, once, with the order.") % told)
    return " ".join(parts)


def _ownership(terms: RentalTerms) -> str:
    return _(
        "You do not own it until the last of the %(n)s payments and any late fee is paid, or until you buy it out."
    ) % {"n": terms.months}


def _early(terms: RentalTerms, offer: Offer) -> str:
    code, rule = terms.currency, terms.policy.buyout
    told = {
        "cash": amount_text(terms.buyout_cash_price, code),
        "total": amount_text(terms.total, code),
        "days": offer.same_as_cash_days,
        "pct": _percent(rule.pct if rule.method is BuyoutMethod.PCT_REMAINING else rule.credit_pct),
        "price": amount_text(offer.step_up.to_own, code) if offer.step_up else "",
        "before": amount_text(offer.step_up.before, code) if offer.step_up else "",
        "day": day_words(offer.step_up.day) if offer.step_up else "",
    }
    formula = {
        BuyoutMethod.CASH_FRACTION: _("%(cash)s × rent left ÷ %(total)s, and rent that is overdue") % told,
        BuyoutMethod.PCT_REMAINING: _("%(pct)s of the rent left, and rent that is overdue") % told,
        BuyoutMethod.CASH_MINUS_CREDIT: _("%(cash)s less %(pct)s of the rent paid") % told,
    }[rule.method]
    parts = [_("You may buy it on any day.")]
    if offer.same_as_cash_days is None:
        parts.append(_("It then costs: %s.") % formula)
    else:
        parts.append(_("In the first %(days)s days after delivery it costs %(cash)s less all rent paid.") % told)
        parts.append(_("Later: %s.") % formula)
    parts.append(_("Unpaid fees come on top; the rest of the rent is waived."))
    if offer.step_up:
        parts.append(_("When the first days are over the price goes up: from %(before)s to %(price)s.") % told)
    return " ".join(parts)


def _late_fee(policy: Policy, code: str) -> str:
    fee = policy.late_fee
    told = {
        "day": fee.grace_days + 1,
        "pct": _percent(fee.pct),
        "floor": amount_text(fee.floor[code], code),
        "cap": amount_text(fee.cap[code], code),
    }
    if fee.combine is FeeCombination.MIN_CAP:
        amount = (
            _("%(pct)s of what is unpaid, at least %(floor)s, at most %(cap)s and never more than is unpaid") % told
        )
    else:
        amount = _("%(pct)s of what is unpaid or %(floor)s, whichever is more, and never more than is unpaid") % told
    return _("From day %(day)s after the due date: %(amount)s; once for each payment.") % {**told, "amount": amount}


def _stopping(policy: Policy) -> str:
    parts = [_("Until it is sent you can cancel free of charge.")]
    if policy.cooling_off_days:
        days = _days(policy.cooling_off_days)
        parts.append(_("Hand it back within %s of delivery and all rent goes back to you.") % days)
    if policy.prorate_on_return:
        parts.append(_("Later you can hand it back on any day: you owe the days until then and no more rent after."))
    else:
        parts.append(
            _("Later you can hand it back on any day: a month that has begun is owed, all later ones are not.")
        )
    return " ".join(parts)


def _reinstatement(policy: Policy) -> str:
    told = {
        "default": _days(policy.default_after_days),
        "kept": _days(policy.reinstate_retained_days),
        "returned": _days(policy.reinstate_returned_days),
        "longer": _days(policy.reinstate_returned_days_two_thirds),
    }
    return (
        _(
            "If a payment is more than %(default)s late, you have %(kept)s to pay what is due and go on; nothing you "
            "paid is lost. After handing it back you have %(returned)s (%(longer)s when two thirds are paid) to take "
            "it up again with a comparable machine."
        )
        % told
    )


def _repairs() -> str:
    return _(
        "We repair or replace it free of charge for the whole term, except damage by drops, liquid or opening it. Our "
        "warranty on the machine goes on beside this."
    )


def _loss() -> str:
    return _(
        "You look after it. If it is lost, stolen or damaged beyond normal wear, you owe at most the lower of its "
        "market value and that day’s price of owning it. No insurance is needed."
    )


def _percent(fraction: Decimal) -> str:
    return f"{(fraction * HUNDRED).normalize():f} %"


def _days(n: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}
