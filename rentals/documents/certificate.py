"""The certificate of ownership: the machine belongs to the customer."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from rentals.disclosing import day_words
from rentals.documents.contract import LANGUAGE
from rentals.documents.typesetting import typeset
from rentals.models import Agreement


def write_certificate(agreement: Agreement) -> bytes:
    """Return the certificate of an agreement whose machine is owned, as PDF/UA-1 (line, order and unit come along)."""
    with translation.override(LANGUAGE):
        line = agreement.line
        name = line.order.shipping_address.get("full_name") or agreement.signed_name or line.order.email
        data = {
            "language": LANGUAGE,
            "shop": settings.SHOP_NAME,
            "title": _("Certificate of ownership"),
            "footer": _("Rental %(code)s") % {"code": agreement.code},
            "intro": _("%(shop)s certifies that the machine below belongs to %(name)s since %(day)s.")
            % {"shop": settings.SHOP_NAME, "name": name, "day": day_words(agreement.owned_since)},
            "words": {"item": _("What"), "value": _("On record")},
            "facts": [
                [_("Machine"), ", ".join(part for part in (line.name, line.options) if part)],
                [_("Serial number"), (agreement.unit.serial if agreement.unit else "") or _("not recorded")],
                [_("How"), str(agreement.get_state_display())],
                [_("Agreement"), agreement.code],
                [_("Order"), line.order.code],
            ],
            "closing": _("Nothing is owed on it, and nobody else has a right to it from this agreement."),
        }
        return typeset("certificate", data, on=agreement.owned_since)
