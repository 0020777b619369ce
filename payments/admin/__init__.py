"""Money in the admin."""

from payments.admin.bills import BillAdmin, PaymentAdmin
from payments.admin.cards import SavedMethodAdmin
from payments.admin.differences import BreakAdmin, ComparedDayAdmin
from payments.admin.disputes import DisputeAdmin
from payments.admin.providers import ProviderEventAdmin
from payments.admin.refunds import RefundAdmin
from payments.admin.riel_rate import RielRateAdmin

__all__ = [
    "BillAdmin",
    "BreakAdmin",
    "ComparedDayAdmin",
    "DisputeAdmin",
    "PaymentAdmin",
    "ProviderEventAdmin",
    "RefundAdmin",
    "RielRateAdmin",
    "SavedMethodAdmin",
]
