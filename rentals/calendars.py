"""Due dates as a calendar file (RFC 5545), for the customer's own calendar."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from core.money import amount_text
from rentals.links import agreement_link
from rentals.overview import Overview

LONGEST_LINE = 75
REMIND_BEFORE = "-P2D"


def due_dates(overview: Overview, *, made_at: datetime) -> str:
    """Return the unpaid instalments of an agreement as all-day events; one event a date, the same id every time."""
    agreement = overview.agreement
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Commercia//Rentals//EN", "CALSCALE:GREGORIAN"]
    for row in overview.rows:
        if not row.outstanding:
            continue
        told = {
            "n": row.number,
            "all": len(overview.rows),
            "amount": amount_text(row.outstanding, agreement.currency),
            "machine": agreement.line.name,
        }
        lines += [
            "BEGIN:VEVENT",
            f"UID:{agreement.code}-{row.number}@rentals",
            f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{_day(row.due_on)}",
            f"DTEND;VALUE=DATE:{_day(row.due_on + timedelta(days=1))}",
            f"SUMMARY:{_escaped(_('Rent %(n)s of %(all)s: %(amount)s') % told)}",
            f"DESCRIPTION:{_escaped(_('%(machine)s, payment %(n)s of %(all)s.') % told)}",
            f"URL:{agreement_link(agreement)}",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_escaped(_('Rent %(n)s of %(all)s: %(amount)s') % told)}",
            f"TRIGGER:{REMIND_BEFORE}",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a line after at most 75 octets, never inside a character; what follows begins with a space."""
    pieces, piece = [], ""
    for sign in line:
        # The space that begins a continued line counts.
        room = LONGEST_LINE - bool(pieces)
        if len((piece + sign).encode()) > room:
            pieces.append(piece)
            piece = ""
        piece += sign
    return "\r\n ".join([*pieces, piece])
