"""Rentals: under which numbers, what was agreed, what is owed, and every movement of money."""

from rentals.models.agreement import Agreement, AgreementEvent, Instalment, LateFee
from rentals.models.money import BuyoutQuote, Collection, CollectionPart, LedgerEntry, LedgerRefund
from rentals.models.policy import RentalPolicy

__all__ = [
    "Agreement",
    "AgreementEvent",
    "BuyoutQuote",
    "Collection",
    "CollectionPart",
    "Instalment",
    "LateFee",
    "LedgerEntry",
    "LedgerRefund",
    "RentalPolicy",
]
