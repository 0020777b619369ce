"""Phrases that hold a number or a date, in the reader's language and the shop's time zone."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop, ngettext

from accounts.addresses import FIELDS as ADDRESS_FIELDS
from accounts.countries import COUNTRIES
from accounts.models import Address
from catalog.promises import grade_meaning
from orders.models import Shipment
from orders.receipts import brand_name
from payments.models import SavedMethod
from payments.providers.khqr.rates import rate_text

GRADE_NAMES = {
    "N": gettext_noop("New"),
    "A": gettext_noop("Excellent"),
    "B": gettext_noop("Good"),
    "C": gettext_noop("Fair"),
}


PAYMENT_NAMES = {
    "card": gettext_noop("Card"),
    "khqr": gettext_noop("KHQR in US dollars"),
    "khqr_riel": gettext_noop("KHQR in riel"),
    "bank_transfer": gettext_noop("Bank transfer"),
    "cash_on_delivery": gettext_noop("Cash on delivery"),
    "pay_at_pickup": gettext_noop("Pay when you pick it up"),
}
PAYMENT_HINTS = {
    "card": gettext_noop("You pay on the page of Stripe, our card processor; we never see the card number"),
    "khqr": gettext_noop("Scan a code with Bakong or your bank’s app"),
    "khqr_riel": gettext_noop("Scan a code with Bakong or your bank’s app, at our rate of the day"),
    "bank_transfer": gettext_noop("We hold your units for 3 days and send them when the money is here"),
    "cash_on_delivery": gettext_noop("You pay the courier in cash"),
    "pay_at_pickup": gettext_noop("Cash at the counter"),
}


PROOF_STATES = {
    "waiting": gettext_noop("Being checked"),
    "approved": gettext_noop("Found"),
    "rejected": gettext_noop("Not found"),
}
ORDER_STATES = {
    "pending": gettext_noop("Waiting for payment"),
    "confirmed": gettext_noop("Confirmed"),
    "packing": gettext_noop("Being packed"),
    "shipped": gettext_noop("Shipped"),
    "delivered": gettext_noop("Delivered"),
    "cancelled": gettext_noop("Cancelled"),
}
RENTAL_STATES = {
    "draft": gettext_noop("To be signed"),
    "pending_payment": gettext_noop("Waiting for the first payment"),
    "confirmed": gettext_noop("Confirmed"),
    "shipped": gettext_noop("On its way"),
    "active": gettext_noop("Up to date"),
    "past_due": gettext_noop("Payment overdue"),
    "defaulted": gettext_noop("In default"),
    "return_pending": gettext_noop("Coming back"),
    "returned": gettext_noop("Handed back"),
    "bought_out": gettext_noop("Yours, bought out"),
    "completed": gettext_noop("Yours, paid to the end"),
    "swapped": gettext_noop("Swapped"),
    "lost": gettext_noop("Lost"),
    "expired": gettext_noop("Not paid in time"),
    "cancelled": gettext_noop("Cancelled"),
    "written_off": gettext_noop("Ended"),
}
RENTAL_STEPS = {
    "pending_payment": gettext_noop("We prepare the machine as soon as the first payment has arrived."),
    "confirmed": gettext_noop("We prepare the machine. The dates are final once it has arrived."),
    "shipped": gettext_noop("The machine is on its way to you. The dates are final once it has arrived."),
    "return_pending": gettext_noop("Nothing is charged while it is on its way back to us."),
    "returned": gettext_noop("The machine is back with us. No more rent falls due."),
    "swapped": gettext_noop("Another machine has taken its place."),
    "lost": gettext_noop("One capped charge has taken the place of all that was unpaid."),
    "expired": gettext_noop("Nothing was sent and nothing is owed."),
    "cancelled": gettext_noop("Nothing more is owed. What you paid goes back to you."),
    "written_off": gettext_noop("We ask for nothing any more."),
}
PARCELS = {
    "dispatched": gettext_noop("The parcel has left."),
    "delivered": gettext_noop("The parcel has arrived."),
    "returned": gettext_noop("The parcel came back to us."),
}
AT_THE_COUNTER = {
    "dispatched": gettext_noop("It lies ready for you at the counter."),
    "delivered": gettext_noop("You have picked it up."),
    "returned": gettext_noop("It was not picked up."),
}


def plural(one: str, many: str, n: int) -> str:
    """Return the sentence for `n`, with %(n)s filled in with separated thousands."""
    return ngettext(one, many, n) % {"n": f"{n:,}"}


def things(n: int) -> str:
    """ "1 item", "4 items"."""
    return plural("%(n)s item", "%(n)s items", n)


def results(n: int) -> str:
    """ "1 result", "1,204 results"."""
    return plural("%(n)s result", "%(n)s results", n)


def suggestions(n: int) -> str:
    """ "1 suggestion", "6 suggestions"."""
    return plural("%(n)s suggestion", "%(n)s suggestions", n)


def remain(n: int) -> str:
    """ "one remains", "6 remain"."""
    return plural("one remains", "%(n)s remain", n)


def filters(n: int) -> str:
    """ "1 on", "4 on": how many filters are set."""
    return plural("%(n)s on", "%(n)s on", n)


def stock(available: int) -> str:
    """What is on the shelf, as it is: "4 in stock", "1 left", "sold out"."""
    if available == 0:
        return gettext("sold out")
    if available == 1:
        return gettext("1 left")
    return gettext("%(n)s in stock") % {"n": f"{available:,}"}


def months(n: int) -> str:
    """ "1 month", "12 months"."""
    return plural("%(n)s month", "%(n)s months", n)


def days(n: int) -> str:
    """ "1 day", "14 days"."""
    return plural("%(n)s day", "%(n)s days", n)


def stars(n: int) -> str:
    """ "1 star", "4 stars"."""
    return plural("%(n)s star", "%(n)s stars", n)


def of_five(rating: Decimal | int) -> str:
    """ "4 of 5", "4.3 of 5"."""
    return gettext("%(rating)s of 5") % {"rating": rating}


def rated(rating: Decimal, count: int) -> str:
    """ "4.3 of 5, 12 reviews"."""
    return f"{of_five(rating)}, {plural('%(n)s review', '%(n)s reviews', count)}"


def errors(n: int) -> str:
    """The heading of an error summary."""
    return plural("One thing needs a look", "%(n)s things need a look", n)


def checks_passed(report: Mapping[str, str]) -> str:
    """How a unit did on the bench: "9 checks passed", "8 of 9 checks passed"."""
    passed = sum(result == "pass" for result in report.values())
    if passed == len(report):
        return plural("%(n)s check passed", "%(n)s checks passed", passed)
    return gettext("%(n)s of %(all)s checks passed") % {"n": passed, "all": len(report)}


def grade_name(grade: str) -> str:
    """The word for a condition grade."""
    return gettext(GRADE_NAMES[grade])


def grade_look(grade: str) -> str:
    """What a thing of this grade looks like."""
    return grade_meaning(grade)


def payment_name(method: str) -> str:
    """The words for a way of paying."""
    return gettext(PAYMENT_NAMES[method])


def payment_hint(method: str) -> str:
    """What choosing a way of paying means."""
    return gettext(PAYMENT_HINTS[method])


def card_name(card: SavedMethod) -> str:
    """ "Visa ending in 4242"."""
    return card_ending(brand_name(card.brand), card.last4)


def card_ending(brand: str, last4: str) -> str:
    """ "Visa ending in 4242"."""
    return gettext("%(brand)s ending in %(last4)s") % {"brand": brand, "last4": last4}


def card_end(card: SavedMethod) -> str:
    """The last month a card is good in: "March 2027"."""
    return month(date(card.expires_year, card.expires_month, 1))


def at_rate(amount: str, rate: Decimal) -> str:
    """ "៛2,080,800 at 4,100 riel for a dollar"."""
    return gettext("%(amount)s at %(rate)s riel for a dollar") % {"amount": amount, "rate": rate_text(rate)}


def order_state(state: str) -> str:
    """The words for where an order is."""
    return gettext(ORDER_STATES[state])


def proof_state(state: str) -> str:
    """The words for what became of the picture of a transfer."""
    return gettext(PROOF_STATES[state])


def rental_state(state: str) -> str:
    """The words for where a rental is."""
    return gettext(RENTAL_STATES[state])


def rental_step(state: str) -> str:
    """What happens next with a rental that is not running; "" when nothing is to be said."""
    return gettext(RENTAL_STEPS[state]) if state in RENTAL_STEPS else ""


def shipment_state(shipment: Shipment, is_pickup: bool) -> str:
    """A sentence about one parcel, or about one pick-up at the counter."""
    return gettext((AT_THE_COUNTER if is_pickup else PARCELS)[shipment.state])


def arrival(first: date, last: date) -> str:
    """ "Tue 24 Nov", "Tue 24 to Thu 26 Nov", "Mon 30 Nov to Tue 1 Dec"."""
    if first == last:
        return weekday(first)
    begin = date_format(first, "D j") if (first.year, first.month) == (last.year, last.month) else weekday(first)
    return gettext("%(first)s to %(last)s") % {"first": begin, "last": weekday(last)}


def day(value: date) -> str:
    """ "21 November 2026"."""
    return date_format(_local_day(value), "j F Y")


def short_day(value: date) -> str:
    """ "24 Nov 2026"."""
    return date_format(_local_day(value), "j M Y")


def month(value: date) -> str:
    """ "November 2026"."""
    return date_format(value, "F Y")


def weekday(value: date) -> str:
    """ "Tue 24 Nov"."""
    return date_format(_local_day(value), "D j M")


def moment(value: datetime) -> str:
    """ "Sat 21 Nov 2026, 14:29" in the shop's time zone."""
    return date_format(timezone.localtime(value), "D j M Y, H:i")


def iso(value: datetime) -> str:
    """The machine's form of an instant, for <time datetime>."""
    return timezone.localtime(value).isoformat(timespec="minutes")


def masked(serial: str) -> str:
    """A serial number that proves itself to its owner and to nobody else: its first two and last three signs, or its
    last two when that would show most of it (Dell's have seven), or nothing of a shorter one.
    """
    if len(serial) > 7:  # noqa: PLR2004
        return f"{serial[:2]}•••••{serial[-3:]}"
    return f"•••••{serial[-2:]}" if len(serial) > 5 else "•••••"  # noqa: PLR2004


def address_parts(address: Address) -> dict[str, str]:
    """The parts of an address of the book, as an order keeps them."""
    return {name: getattr(address, name) for name in ADDRESS_FIELDS}


def address_lines(address: Mapping[str, str]) -> list[str]:
    """The lines of an address as they stand on a parcel; empty parts left out."""
    place = " ".join(filter(None, [address.get("city", ""), address.get("postal_code", "")]))
    parts = [address.get("full_name", ""), address.get("line1", ""), address.get("line2", ""), place]
    region, country = address.get("region", ""), address.get("country", "")
    # Phnom Penh is a city and a province; once is enough.
    parts += [
        region if region != address.get("city", "") else "",
        COUNTRIES.get(country, country),
        address.get("phone", ""),
    ]
    return [part for part in parts if part]


def _local_day(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value
