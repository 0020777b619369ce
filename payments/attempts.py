"""Attempts and refunds as providers see them: plain values, read when nobody holds a lock."""

from payments.models import Payment, Refund, SavedMethod
from payments.providers.port import Attempt, Card, RefundOrder


def attempt_of(payment: Payment) -> Attempt:
    """Return what a provider may know about an attempt. Addresses and words are those of its first call."""
    kept = payment.data
    saved = payment.saved_method
    return Attempt(
        key=payment.key,
        method=payment.method,
        amount=payment.amount if payment.charge_amount is None else payment.charge_amount,
        currency=payment.charge_currency or payment.currency,
        description=kept.get("description", payment.bill.code),
        payer_email=payment.bill.payer_email,
        return_url=kept.get("return_url", ""),
        cancel_url=kept.get("cancel_url", ""),
        started_at=payment.started_at,
        asked_at=payment.asked_at,
        expires_at=payment.expires_at,
        provider_id=payment.provider_id or "",
        capture_id=payment.capture_id or "",
        data=kept,
        card=card_of(saved) if saved is not None else None,
        customer_id=kept.get("customer_id", ""),
        saves_card=payment.saves_method,
    )


def card_of(saved: SavedMethod) -> Card:
    """Return a saved card as a provider sees it."""
    return Card(
        customer_id=saved.customer_id,
        method_id=saved.method_id,
        brand=saved.brand,
        last4=saved.last4,
        expires_month=saved.expires_month,
        expires_year=saved.expires_year,
    )


def refund_order_of(refund: Refund) -> RefundOrder:
    """Return what a provider may know about a refund."""
    return RefundOrder(
        key=refund.key,
        amount=refund.charge_amount,
        currency=refund.charge_currency,
        capture_id=refund.payment.capture_id or "",
        provider_id=refund.provider_id or "",
        asked_at=refund.asked_at,
    )
