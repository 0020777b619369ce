"""Addresses of the pages that letters and payment providers lead to."""

from django.conf import settings

from rentals.models import Agreement, Collection


def agreement_link(agreement: Agreement, page: str = "") -> str:
    """Return the full address of the customer's page of an agreement, or of one of its pages ("certificate")."""
    return f"{settings.SITE_URL}/rentals/{agreement.code}/{page + '/' if page else ''}"


def payment_link(collection: Collection, page: str = "") -> str:
    """Return the full address where a collection is paid, or where a provider sends the payer back to ("paid")."""
    return f"{settings.SITE_URL}/rentals/pay/{collection.bill.code}/{page + '/' if page else ''}"
