"""The contract: what the customer reads and signs. Its bytes follow from the frozen terms alone."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from core.money import amount_text
from rentals.disclosing import TEXT_VERSION, Disclosure, day_words, disclosure_of
from rentals.documents.typesetting import typeset
from rentals.models import Agreement
from rentals.rules.policy import policy_from
from rentals.rules.schedule import local_day

# English for now; a Khmer text becomes a version of its own.
LANGUAGE = "en"


@dataclass(frozen=True)
class Contract:
    """A contract as a file, and the hash by which it is known."""

    content: bytes
    sha256: str


def draw_up(agreement: Agreement) -> Contract:
    """Return the contract of an agreement (its line and order come along). Drawn up twice, it is the same file."""
    with translation.override(LANGUAGE):
        disclosure = disclosure_of(agreement)
        content = typeset("contract", _data(agreement, disclosure), on=ordered_on(agreement))
    return Contract(content, sha256(content).hexdigest())


def ordered_on(agreement: Agreement) -> date:
    """Return the shop's calendar day on which the agreement's order was placed."""
    return local_day(agreement.line.order.placed_at, policy_from(agreement.numbers).zone)


def _data(agreement: Agreement, disclosure: Disclosure) -> dict[str, Any]:
    offer, code = disclosure.offer, agreement.currency
    order, on = agreement.line.order, ordered_on(agreement)
    shop = settings.SHOP_NAME
    customer = order.shipping_address.get("full_name", "")
    return {
        "language": LANGUAGE,
        "shop": shop,
        "title": _("Rental-purchase agreement %(code)s") % {"code": agreement.code},
        "footer": _("Agreement %(code)s, text %(version)s") % {"code": agreement.code, "version": TEXT_VERSION},
        "intro": _(
            "You rent one machine month by month. Every payment renews the agreement; you are free to stop, and you "
            "may become the owner."
        ),
        "words": {
            "parties": _("Who agrees"),
            "disclosure": _("What you should know"),
            "schedule": _("Payments, month by month"),
            "closing": _("Signature and copies"),
            "item": _("What"),
            "value": _("As agreed"),
        },
        "parties": [
            [_("Owner"), shop],
            [_("Customer"), f"{customer}, {order.email}" if customer else order.email],
            [_("Order"), _("%(order)s of %(day)s") % {"order": order.code, "day": day_words(on)}],
            [
                _("Numbers of the house"),
                _("Version %s. Later versions do not touch this agreement.") % disclosure.policy_version,
            ],
        ],
        "items": [{"title": item.title, "text": item.text} for item in disclosure.items],
        "schedule_note": _(
            "When every payment is made on its day. “Own it for” is the price of buying it the day after the payment."
        ),
        "schedule_head": [_("No."), _("Due"), _("Payment"), _("Paid so far"), _("Own it for"), _("Left to pay")],
        "schedule": [
            [
                str(month.number),
                day_words(month.due),
                *(amount_text(sum_, code) for sum_ in (month.payment, month.paid, month.to_own, month.to_finish)),
            ]
            for month in offer.months
        ],
        "closing": [
            _(
                "You sign by ticking that you have read this agreement and typing your name. The shop keeps the name, "
                "the time, the internet address and browser it came from, and the SHA-256 hash of this file."
            ),
            _("This file never changes. You find it with your rental under “Your rentals” as long as the shop exists."),
        ],
    }
