"""Rent-to-own in the admin."""

from rentals.admin.agreements import AgreementAdmin
from rentals.admin.plans import RentableVariantAdmin, RentalPlanAdmin
from rentals.admin.policies import RentalPolicyAdmin

__all__ = ["AgreementAdmin", "RentableVariantAdmin", "RentalPlanAdmin", "RentalPolicyAdmin"]
