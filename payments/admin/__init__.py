"""Money in the admin."""

from payments.admin.bills import BillAdmin, PaymentAdmin
from payments.admin.differences import BreakAdmin
from payments.admin.disputes import DisputeAdmin
from payments.admin.providers import ProviderEventAdmin
from payments.admin.refunds import RefundAdmin

__all__ = ["BillAdmin", "BreakAdmin", "DisputeAdmin", "PaymentAdmin", "ProviderEventAdmin", "RefundAdmin"]
