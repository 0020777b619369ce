"""What an order cost, what has been paid for it and what went back: one reading for page, letter and print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.money import ZERO
from orders.models import Order
from payments.flow import PaymentState, RefundState
from payments.models import Bill, Payment, Refund

BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "unionpay": "UnionPay",
    "jcb": "JCB",
    "diners": "Diners Club",
    "discover": "Discover",
}


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """A sum that was moved in another currency than the bill's, and at what rate."""

    amount: Decimal
    currency: str
    rate: Decimal


@dataclass(frozen=True, kw_only=True)
class Received:
    """Money that has arrived, in the order's currency; `exchanged` is what the payer's bank saw instead."""

    method: str
    brand: str
    last4: str
    reference: str
    at: datetime
    amount: Decimal
    exchanged: Exchanged | None


@dataclass(frozen=True, kw_only=True)
class GivenBack:
    """Money on its way back, in the order's currency. `is_done`: the provider or the bank says that it has gone."""

    amount: Decimal
    at: datetime
    is_done: bool
    reference: str
    exchanged: Exchanged | None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """All money of one order. Sums are in the order's currency."""

    order: Order
    bills: Sequence[Bill]
    received: Sequence[Received]
    given_back: Sequence[GivenBack]

    @property
    def billed(self) -> Decimal:
        """What was asked for."""
        return sum((bill.amount for bill in self.bills), ZERO)

    @property
    def paid(self) -> Decimal:
        """What has arrived."""
        return sum((payment.amount for payment in self.received), ZERO)

    @property
    def returned(self) -> Decimal:
        """What has gone back or is on its way."""
        return sum((refund.amount for refund in self.given_back), ZERO)

    @property
    def kept(self) -> Decimal:
        """What has arrived and stays."""
        return self.paid - self.returned

    @property
    def too_much(self) -> Decimal:
        """What has arrived beyond the bills and has not gone back."""
        return max(ZERO, self.kept - self.billed)


def receipt_of(order: Order, *, bills: Sequence[Bill] | None = None) -> Receipt:
    """Return the money of `order` as it stands. Three queries, two when its `bills` are at hand."""
    if bills is None:
        bills = list(Bill.objects.filter(order_bill__order=order).order_by("pk"))
    captured = Payment.objects.filter(bill__in=bills, state=PaymentState.CAPTURED).select_related("saved_method")
    payments = list(captured.order_by("captured_at", "pk"))
    refunds = Refund.objects.decided().filter(payment__in=payments).select_related("payment").order_by("pk")
    return Receipt(
        order=order,
        bills=bills,
        received=[received_of(payment) for payment in payments],
        given_back=[_given_back(refund) for refund in refunds],
    )


def received_of(payment: Payment) -> Received:
    """Return a captured payment as a receipt shows it."""
    return Received(
        method=payment.method,
        **_card(payment),
        reference=payment.reference,
        at=payment.captured_at,
        amount=payment.captured_amount,
        exchanged=_exchanged(payment),
    )


def _card(payment: Payment) -> dict[str, str]:
    """Return brand and last four digits of the card that paid; empty for other ways, and where nobody told them."""
    kept = payment.saved_method
    last4 = payment.data.get("last4") or (kept.last4 if kept else "")
    brand = payment.data.get("brand") or (kept.brand if kept else "")
    return {"brand": brand_name(brand) if last4 else "", "last4": last4}


def brand_name(brand: str) -> str:
    """Return the name of a card's brand as it is printed on the card."""
    return BRANDS.get(brand, brand.replace("_", " ").title() or "Card")


def _exchanged(payment: Payment) -> Exchanged | None:
    """Return what the payer's bank saw, when the whole of it came in another currency."""
    if payment.rate is None or payment.charge_amount is None or payment.captured_amount != payment.amount:
        return None
    return Exchanged(amount=payment.charge_amount, currency=payment.charge_currency, rate=payment.rate)


def _given_back(refund: Refund) -> GivenBack:
    rate = refund.payment.rate
    is_other = rate is not None and refund.charge_currency != refund.currency
    return GivenBack(
        amount=refund.amount,
        at=refund.finished_at or refund.requested_at,
        is_done=refund.state == RefundState.DONE,
        reference=refund.reference or refund.provider_id or "",
        exchanged=Exchanged(amount=refund.charge_amount, currency=refund.charge_currency, rate=rate)
        if is_other
        else None,
    )
