"""The statement: how an agreement stands, and every movement on its account, as PDF."""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from core.money import amount_text
from rentals.disclosing import day_words
from rentals.documents.contract import LANGUAGE
from rentals.documents.typesetting import typeset
from rentals.overview import Overview
from rentals.wording import entry_words, row_words


def write_statement(overview: Overview) -> bytes:
    """Return the statement of an agreement on the overview's day, as PDF/UA-1. Its line comes along."""
    with translation.override(LANGUAGE):
        return typeset("statement", _data(overview), on=overview.day)


def standing_of(overview: Overview) -> list[tuple[str, str]]:
    """Return how an agreement stands, in words: what, and how much or when."""
    code = overview.agreement.currency
    rows = [
        (_("State"), str(overview.agreement.get_state_display())),
        (_("Paid"), amount_text(overview.paid, code)),
        (_("Due now"), amount_text(overview.due_now, code)),
        (_("Cost to finish"), amount_text(overview.cost_to_finish, code)),
    ]
    if overview.buyout is not None:
        rows.append((_("Cost to own it today"), amount_text(overview.buyout.amount, code)))
    if overview.credit:
        rows.append((_("Credit"), amount_text(overview.credit, code)))
    if overview.refund_due:
        rows.append((_("To be paid back to you"), amount_text(overview.refund_due, code)))
    if overview.next_due is not None:
        rows.append((_("Next payment"), day_words(overview.next_due.due_on)))
    return rows


def _data(overview: Overview) -> dict[str, Any]:
    agreement, code = overview.agreement, overview.agreement.currency
    machine = ", ".join(part for part in (agreement.line.name, agreement.line.options) if part)
    return {
        "language": LANGUAGE,
        "shop": settings.SHOP_NAME,
        "title": _("Statement of rental %(code)s") % {"code": agreement.code},
        "footer": _("Rental %(code)s, as of %(day)s") % {"code": agreement.code, "day": day_words(overview.day)},
        "intro": _("%(machine)s. As of %(day)s.") % {"machine": machine, "day": day_words(overview.day)},
        "words": {
            "standing": _("How it stands"),
            "schedule": _("Payments"),
            "ledger": _("Every movement"),
            "nothing": _("Nothing has been booked yet."),
            "item": _("What"),
            "value": _("Amount or date"),
        },
        "standing": [list(row) for row in standing_of(overview)],
        "schedule_head": [_("No."), _("Due"), _("State"), _("Payment"), _("Unpaid")],
        "schedule": [
            [
                str(row.number),
                day_words(row.due_on),
                row_words(row.state),
                amount_text(row.amount, code),
                amount_text(row.outstanding, code),
            ]
            for row in overview.rows
        ],
        "ledger_head": [_("No."), _("Day"), _("What"), _("Amount")],
        "ledger": [
            [str(entry.seq), day_words(entry.on), entry_words(entry), amount_text(entry.amount, code)]
            for entry in overview.lease.account.entries
        ],
    }
