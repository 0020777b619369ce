"""Rent-to-own in the admin."""

from rentals.admin.plans import RentableVariantAdmin, RentalPlanAdmin
from rentals.admin.policies import RentalPolicyAdmin

__all__ = ["RentableVariantAdmin", "RentalPlanAdmin", "RentalPolicyAdmin"]
