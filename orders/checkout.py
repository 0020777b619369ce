"""A cart becomes an order: all of it, at the price the customer saw, once."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError

from accounts.models import email_key
from carts.flow import CartState
from carts.models import Cart, ShippingMethod
from carts.quoting import Quote, QuoteLine, quote
from catalog.holding import hold_units
from catalog.models import Hold, Unit
from catalog.wording import options_text
from core import clock
from core.codes import public_code
from core.db import atomic_retry
from core.flows import move
from core.refusals import Conflict, Refusal
from orders import letters
from orders.allocating import promise_units
from orders.confirming import confirm
from orders.guest_access import order_link
from orders.models import Order, OrderBill, OrderLine
from orders.paying import CONFIRMED_WHEN_PLACED, DUE_IN, HOLD_FOR, payment_methods_for
from orders.signals import order_placed
from payments.billing import open_bill
from payments.models import Bill, Payment
from payments.settling import settle_free_bill

ADDRESS_FIELDS = ("full_name", "line1", "line2", "city", "region", "postal_code", "country", "phone")
ADDRESS_REQUIRED = ("full_name", "line1", "city", "country")


def place_order(
    cart: Cart,
    *,
    by: Any,
    email: str,
    phone: str,
    shipping_address: Mapping[str, str],
    shipping_method: ShippingMethod,
    payment_method: str,
    expected_total: Decimal,
    placement_key: str,
    note: str = "",
) -> Order:
    """Turn `cart` into an order that holds its units, and write the bill for it. All or nothing.

    `expected_total` is the sum the customer saw, in the shop's currency: a higher one is refused, a lower one passed
    on. The same `placement_key` for the same cart returns the order it made before.
    Raises Refusal "cart_empty", "account_required", "not_for_sale", "plan_not_available", "address_incomplete",
    "shipping_not_available", "payment_method_not_available", and Conflict "sold_out" (variant, name, available),
    "price_changed" (shown, now), "cart_closed".
    """
    try:
        return _place(
            cart,
            by=by,
            email=email_key(email),
            phone=phone.strip(),
            address={name: str(shipping_address.get(name) or "").strip() for name in ADDRESS_FIELDS},
            shipping_method=shipping_method,
            payment_method=payment_method,
            expected_total=expected_total,
            placement_key=placement_key,
            note=note.strip(),
        )
    except IntegrityError:
        # Two equal requests at once: the unique key let one through. Anything else is an error of ours.
        placed = Order.objects.filter(placement_key=placement_key, cart_id=cart.pk).first()
        if placed is None:
            raise
        return placed


@atomic_retry
def _place(
    cart: Cart,
    *,
    by: Any,
    email: str,
    phone: str,
    address: dict[str, str],
    shipping_method: ShippingMethod,
    payment_method: str,
    expected_total: Decimal,
    placement_key: str,
    note: str,
) -> Order:
    cart = Cart.objects.select_for_update().get(pk=cart.pk)
    if cart.state != CartState.ACTIVE:
        placed = Order.objects.filter(placement_key=placement_key, cart=cart).first()
        if placed is None:
            raise Conflict("cart_closed", "This cart has been ordered already.")
        return placed
    _refuse_incomplete_address(address, shipping_method)
    priced = quote(cart, address=address, shipping_method=shipping_method)
    _refuse_unfit(priced, by=by, shipping_method=shipping_method, payment_method=payment_method, address=address)
    if priced.total > expected_total:
        raise Conflict(
            "price_changed",
            "The price has changed since you looked. Nothing has been ordered yet.",
            shown=expected_total,
            now=priced.total,
        )
    code = public_code()
    hold, units = _hold(priced, payment_method=payment_method, by=by, code=code)
    bill = open_bill(
        amount=priced.total,
        currency=priced.currency,
        payer=by,
        payer_email=email,
        due_at=clock.now() + DUE_IN[Payment.Method(payment_method)],
        method=payment_method,
    )
    order = Order(
        code=code,
        cart=cart,
        placement_key=placement_key,
        user=by if by is not None and by.is_authenticated else None,
        email=email,
        phone=phone,
        shipping_address=address,
        note=note,
        hold=hold,
        shipping_method=shipping_method.code,
        shipping_name=shipping_method.name,
        is_pickup=shipping_method.kind == ShippingMethod.Kind.PICKUP,
        payment_method=payment_method,
        **_totals(priced),
    )
    order.save(force_insert=True)
    lines = _write_lines(order, priced)
    promise_units(lines, units)
    OrderBill.objects.create(order=order, bill=bill)
    move(cart, CartState.ORDERED, by=by, changes={"active_user": None, "code_hash": None})
    order.record(kind="placed", by=by, total=priced.total)
    order_placed.send(sender=Order, order=order, lines=lines)
    _finish(order, lines, bill, by=by)
    return order


def _finish(order: Order, lines: list[OrderLine], bill: Bill, *, by: Any) -> None:
    """Confirm what needs no payment first; tell the customer what happens next."""
    if bill.amount == 0:
        settle_free_bill(bill, by=by)
        order.refresh_from_db()
    elif order.payment_method in CONFIRMED_WHEN_PLACED:
        confirm(order, by=by, reason=Payment.Method(order.payment_method).label)
    else:
        letters.order_placed(order, lines, bill, link=order_link(order))


def _refuse_incomplete_address(address: Mapping[str, str], shipping_method: ShippingMethod) -> None:
    needed = ("full_name",) if shipping_method.kind == ShippingMethod.Kind.PICKUP else ADDRESS_REQUIRED
    missing = [name for name in needed if not address[name]]
    if missing:
        raise Refusal("address_incomplete", "The address is not complete.", missing=missing)


def _refuse_unfit(
    priced: Quote, *, by: Any, shipping_method: ShippingMethod, payment_method: str, address: Mapping[str, str]
) -> None:
    if not priced.lines:
        raise Refusal("cart_empty", "There is nothing in this cart.")
    if priced.has_rent and not (by is not None and by.is_authenticated and by.has_verified_email):
        raise Refusal("account_required", "Renting needs an account with a verified e-mail. Your cart is kept.")
    for line in priced.lines:
        if line.problem == "not_for_sale":
            raise Refusal(
                "not_for_sale", f"{line.variant.product.full_name} is not for sale any more.", variant=line.variant.pk
            )
        if line.problem == "plan_not_available":
            name = line.variant.product.full_name
            raise Refusal(
                "plan_not_available", f"{name} is no longer rented out on that plan.", variant=line.variant.pk
            )
    is_pickup = shipping_method.kind == ShippingMethod.Kind.PICKUP
    if not shipping_method.is_active or (
        not is_pickup and shipping_method.countries and address["country"] not in shipping_method.countries
    ):
        raise Refusal("shipping_not_available", "This way of shipping does not reach that address.")
    if payment_method not in payment_methods_for(shipping_method, has_rent=priced.has_rent):
        raise Refusal("payment_method_not_available", "This way of paying does not fit the order.")


def _hold(priced: Quote, *, payment_method: str, by: Any, code: str) -> tuple[Hold, list[Unit]]:
    """Hold the units of all lines. A shortage names the product in words."""
    demand: dict[int, int] = {}
    for line in priced.lines:
        demand[line.variant.pk] = demand.get(line.variant.pk, 0) + line.quantity
    life = HOLD_FOR.get(Payment.Method(payment_method))
    try:
        return hold_units(demand, expires_at=clock.now() + life if life else None, by=by, reason=f"order {code}")
    except Conflict as conflict:
        short = next(line for line in priced.lines if line.variant.pk == conflict.facts.get("variant"))
        available = conflict.facts["available"]
        name = short.variant.product.full_name
        words = f"Only {available} left of {name}." if available else f"{name} is sold out."
        raise Conflict("sold_out", words, name=name, **conflict.facts) from conflict


def _totals(priced: Quote) -> dict[str, Any]:
    return {
        "currency": priced.currency,
        "goods_total": priced.goods_total,
        "shipping_total": priced.shipping_total,
        "shipping_tax": priced.shipping_tax,
        "discount_total": priced.discount_total,
        "tax_total": priced.tax_total,
        "total": priced.total,
        "prices_include_tax": priced.prices_include_tax,
        "tax_rate": priced.tax.percent,
        "tax_name": priced.tax.name,
    }


def _write_lines(order: Order, priced: Quote) -> list[OrderLine]:
    lines = [_line(order, position, line) for position, line in enumerate(priced.lines, start=1)]
    OrderLine.objects.bulk_create(lines)
    if lines[0].pk is None:  # MySQL does not return the keys of inserted rows
        return list(order.lines.order_by("position"))
    return lines


def _line(order: Order, position: int, line: QuoteLine) -> OrderLine:
    product = line.variant.product
    return OrderLine(
        order=order,
        position=position,
        variant=line.variant,
        sku=line.variant.sku,
        name=product.full_name,
        grade=line.variant.grade,
        options=options_text(line.variant, product.category),
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        tax=line.tax,
        total=line.total,
        due_now=line.due_now,
        rental_months=line.rental_plan.months if line.rental_plan else None,
        monthly_price=line.rental_plan.monthly_price if line.rental_plan else None,
    )
