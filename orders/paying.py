"""Which ways of paying fit an order, and how long units are kept for each."""

from datetime import timedelta

from django.conf import settings

from carts.models import ShippingMethod
from payments.models import Payment
from payments.providers.registry import is_offered

Method = Payment.Method
ONLINE = (Method.CARD, Method.KHQR, Method.KHQR_RIEL)
TIME_TO_PAY_ONLINE = timedelta(minutes=40)
# architecture.md, "Holds outlive attempts". Cash and pick-up orders are confirmed at once, so nothing expires.
HOLD_FOR = {Method.BANK_TRANSFER: timedelta(days=3), **dict.fromkeys(ONLINE, TIME_TO_PAY_ONLINE)}
DUE_IN = {
    **dict.fromkeys(ONLINE, TIME_TO_PAY_ONLINE),
    Method.BANK_TRANSFER: timedelta(days=3),
    Method.PAY_AT_PICKUP: timedelta(days=2),
    Method.CASH_ON_DELIVERY: timedelta(days=14),
}
CONFIRMED_WHEN_PLACED = frozenset({Method.CASH_ON_DELIVERY, Method.PAY_AT_PICKUP})


def payment_methods_for(shipping_method: ShippingMethod, *, has_rent: bool) -> list[Payment.Method]:
    """Return the ways of paying offered with `shipping_method`. Rent is never paid by hand."""
    offered = online_methods()
    if has_rent:
        return offered
    if settings.BANK_TRANSFER_INSTRUCTIONS:
        offered.append(Method.BANK_TRANSFER)
    if shipping_method.kind == ShippingMethod.Kind.PICKUP:
        offered.append(Method.PAY_AT_PICKUP)
    elif shipping_method.allows_cash_on_delivery:
        offered.append(Method.CASH_ON_DELIVERY)
    return offered


def online_methods() -> list[Payment.Method]:
    """Return the ways of paying by a provider whose settings are complete."""
    return [method for method in ONLINE if is_offered(method)]
