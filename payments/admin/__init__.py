"""Money in the admin."""

from payments.admin.bills import BillAdmin, PaymentAdmin
from payments.admin.cards import SavedMethodAdmin
from payments.admin.differences import BreakAdmin, DisputeAdmin
from payments.admin.providers import ProviderEventAdmin, RefundAdmin
from payments.admin.riel_rate import RielRateAdmin

__all__ = [
    "BillAdmin",
    "BreakAdmin",
    "DisputeAdmin",
    "PaymentAdmin",
    "ProviderEventAdmin",
    "RefundAdmin",
    "RielRateAdmin",
    "SavedMethodAdmin",
]
