"""Money in the admin."""

from payments.admin.bills import BillAdmin, PaymentAdmin
from payments.admin.differences import BreakAdmin, ComparedDayAdmin, DisputeAdmin
from payments.admin.providers import ProviderEventAdmin, RefundAdmin

__all__ = [
    "BillAdmin",
    "BreakAdmin",
    "ComparedDayAdmin",
    "DisputeAdmin",
    "PaymentAdmin",
    "ProviderEventAdmin",
    "RefundAdmin",
]
