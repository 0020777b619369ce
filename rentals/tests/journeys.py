"""Rented machines that went the whole way: placed, signed, paid by card, sent, delivered. No provider is asked."""

from datetime import datetime
from decimal import Decimal as D
from itertools import count
from typing import Any
from unittest import mock

import time_machine

from accounts.tests.factories import make_user
from carts.models import CartItem
from carts.tests.factories import make_cart
from catalog.models import RentalPlan
from catalog.tests.factories import make_units, make_variant
from orders import checkout
from orders.fulfilment import confirm_delivery, dispatch
from orders.models import Order
from orders.tests.factories import place
from payments.billing import start_payment
from payments.models import Bill, Payment, SavedMethod
from payments.settling import record_capture, settle
from rentals.models import Agreement, Collection
from rentals.paying import open_collection
from rentals.signing import sign_agreement
from sandbox.tests.running import KEY
from sandbox.tests.selling import VISA, save_card

HASH = "a" * 64
ORDERED = datetime.fromisoformat("2026-01-12T10:00:00+07:00")
DELIVERED = datetime.fromisoformat("2026-01-15T10:00:00+07:00")
_numbers = count(1)


def place_rented(*, quantity: int = 1, bought: bool = False, user: Any = None) -> Order:
    """Return a placed order of rented laptops, 12 × 65.00 for 600.00, and perhaps one bought for 100.00."""
    user = user or make_user()
    variant = make_variant(price="600.00")
    make_units(variant, serials=[f"PF-{next(_numbers)}" for _ in range(quantity)])
    plan = RentalPlan.objects.create(variant=variant, months=12, monthly_price=D("65.00"), is_published=True)
    cart = make_cart(*([(make_variant(price="100.00", units=1), 1)] if bought else []), user=user)
    CartItem.objects.create(cart=cart, variant=variant, rental_plan=plan, choice_key="r", quantity=quantity)
    with mock.patch.object(checkout, "payment_methods_for", return_value=["card"]):
        return place(cart, by=user, payment_method="card", email=user.email)


def sign_all(order: Order) -> None:
    """Sign every agreement of an order."""
    facts = {"name": "Sok Dara", "ip": "192.0.2.1", "user_agent": "test", "text_version": "1", "contract_sha256": HASH}
    for agreement in Agreement.objects.filter(line__order=order).order_by("pk"):
        sign_agreement(agreement, by=order.user, **facts)


def pay_bill(bill: Bill, *, amount: D | None = None, method: str = "card") -> Payment:
    """Let money for a bill arrive, as if its provider had told so."""
    payment = start_payment(bill, method=method, by=bill.payer)
    number = next(_numbers)
    arrived = payment.amount if amount is None else amount
    payment = record_capture(
        payment,
        amount=arrived,
        reference=f"pi_{number}",
        by=None,
        capture_id=f"pi_{number}",
        provider_id=f"cs_{number}",
    )
    return settle(payment, by=None)


def pay_some(agreement: Agreement, amount: str) -> Collection:
    """Let the customer pay an amount of their choice; return its collection."""
    collection = open_collection([agreement], amount=D(amount), by=agreement.customer)
    pay_bill(collection.bill)
    return collection


def sent(order: Order) -> Any:
    """Sign, pay and dispatch an order; return its parcel."""
    sign_all(order)
    pay_bill(Bill.objects.get(order_bill__order=order))
    order = Order.objects.get(pk=order.pk)
    serials = {
        line.pk: [promise.unit.serial for promise in line.allocations.select_related("unit") if promise.unit.serial]
        for line in order.lines.all()
    }
    return dispatch(order, by=None, serials={key: value for key, value in serials.items() if value})


def make_delivered(*, at: datetime = DELIVERED, **order: Any) -> list[Agreement]:
    """Return the active agreements of an order that was delivered at `at` (its day is the anchor)."""
    with time_machine.travel(min(ORDERED, at), tick=False):
        shipment = sent(place_rented(**order))
    with time_machine.travel(at, tick=False):
        confirm_delivery(shipment, by=None)
    return list(Agreement.objects.filter(line__order=shipment.order).order_by("pk"))


def keep_card(sandbox: Any, agreement: Agreement, number: str = VISA) -> SavedMethod:
    """Let the agreement's customer leave a card with the shop."""
    customer, method = save_card(sandbox, sandbox.client(key=KEY), number)
    return SavedMethod.objects.create(
        user=agreement.customer, provider="stripe", customer_id=customer, method_id=method, brand="visa", last4="4242"
    )
