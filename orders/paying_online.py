"""Pay an order at a provider: by card on its page, or by a code that a banking app scans."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from catalog.holding import extend_hold
from core import clock
from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from orders.cancellation import lock_bills
from orders.flow import OrderState
from orders.guest_access import order_token
from orders.models import Order
from orders.paying import HOLD_FOR, ONLINE, online_methods
from payments.collecting import check, collect, live_attempt
from payments.flow import BillState
from payments.models import Bill, Payment
from payments.polling import check_now

# A payment page lives 35 minutes; the units are kept 10 minutes longer, but never beyond 2 hours after ordering.
NEEDED = timedelta(minutes=45)
AT_MOST = timedelta(hours=2)


def ways_to_pay_now(order: Order) -> list[Payment.Method]:
    """Return how an order that waits for its money can be paid; none for any other order."""
    if order.state != OrderState.PENDING:
        return []
    if has_rent(order) or not settings.BANK_TRANSFER_INSTRUCTIONS:
        return online_methods()
    return [*online_methods(), Payment.Method.BANK_TRANSFER]


def has_rent(order: Order) -> bool:
    """Tell whether something of the order is rented: it is never paid by hand, and its card is kept for the rent."""
    return order.lines.filter(rental_months__isnull=False).exists()


def pay_order(order: Order, *, method: str, by: Any, saves_card: bool = False) -> Payment:
    """Begin to pay an order by `method`, or go on with it; return the attempt as the provider's answer leaves it.

    A live attempt by another method is ended first. The order's units are kept for as long as the attempt may take.
    `saves_card`: the customer lets us keep the card for later charges; no other method keeps anything.
    Raises Refusal "payment_method_not_available", "too_late_to_pay", "account_required" (a guest's card is not kept),
    Conflict "nothing_to_pay" and what `payments.collecting.collect` refuses.
    """
    if method not in ways_to_pay_now(order):
        if order.state != OrderState.PENDING:
            raise Conflict("nothing_to_pay", "This order is not waiting for a payment.", state=order.state)
        raise Refusal("payment_method_not_available", "This way of paying is not available.")
    if saves_card and order.user_id is None:
        raise Refusal("account_required", "A card can be kept for an account only. Log in, or pay without keeping it.")
    bill = _make_room(order, method=method)
    payment = collect(
        bill,
        method=method,
        by=by,
        return_url=page_address(order, "paid"),
        # Who turns back may have had a card refused: that page asks, and says so.
        cancel_url=page_address(order, "paid"),
        description=f"Order {order.code}",
        saves_method=method == Payment.Method.CARD and (saves_card or has_rent(order)),
    )
    _note_method(order, method=method)
    return payment


def check_payment(order: Order) -> Payment | None:
    """Ask the provider about the order's live payment, when there is one; return it as it now stands."""
    bill = _bill_of(order)
    live = live_attempt(bill)
    return check(live) if live is not None else bill.payments.order_by("-pk").first()


def check_payment_now(order: Order) -> Payment | None:
    """Ask because the customer says they have paid: about a code that has ended too, and not at every press."""
    bill = _bill_of(order)
    asked = live_attempt(bill) or bill.payments.select_related("bill", "saved_method").order_by("-pk").first()
    return check_now(asked) if asked is not None else None


def page_address(order: Order, page: str) -> str:
    """Return the full address of one of the order's payment pages, where a provider sends the customer back to."""
    if order.user_id is not None:
        return f"{settings.SITE_URL}/orders/{order.code}/{page}/"
    return f"{settings.SITE_URL}/orders/view/{order_token(order)}/{page}/"


def _bill_of(order: Order) -> Bill:
    """Return the bill that is to be paid next, else the last. Raises Conflict("nothing_to_pay")."""
    bills = list(Bill.objects.filter(order_bill__order=order).order_by("pk"))
    if not bills:
        raise Conflict("nothing_to_pay", "This order has no bill.")
    return next((bill for bill in bills if bill.state == BillState.OPEN), bills[-1])


@atomic_retry
def _make_room(order: Order, *, method: str) -> Bill:
    """Keep the order's units for as long as the payment may take."""
    lock_bills(order)
    order = Order.objects.select_for_update().select_related("hold").get(pk=order.pk)
    if order.state != OrderState.PENDING:
        raise Conflict("nothing_to_pay", "This order is not waiting for a payment.", state=order.state)
    if order.hold is not None and order.hold.expires_at is not None:
        if method in ONLINE:
            until = clock.now() + NEEDED
            if order.hold.expires_at < until and until > order.placed_at + AT_MOST:
                raise Refusal("too_late_to_pay", "The time to pay this order is over. Please order again.")
        else:
            until = order.placed_at + HOLD_FOR[Payment.Method(method)]
        extend_hold(order.hold, until=until)
    return _bill_of(order)


@atomic_retry
def _note_method(order: Order, *, method: str) -> None:
    """The order says how it is being paid."""
    order.payment_method = method
    Order.objects.filter(pk=order.pk, state=OrderState.PENDING).update(payment_method=method)
