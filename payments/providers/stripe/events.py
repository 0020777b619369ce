"""Stripe's webhooks: whose they are, and what they are about. What they say is a hint; the truth is asked for."""

import json
from collections.abc import Mapping
from typing import Any

import stripe
from django.conf import settings

from payments.providers.port import Event, EventRefused, Subject
from payments.providers.stripe.client import is_live

HEADER = "Stripe-Signature"
# Stripe's own advice: an older signature may be somebody's recording.
OLDEST_SECONDS = 300
LARGEST_BYTES = 256 * 1024


def read(body: bytes, headers: Mapping[str, str]) -> Event:
    """Return the event in a signed request. Raises EventRefused for everything that is not for this shop."""
    if len(body) > LARGEST_BYTES:
        raise EventRefused(f"{len(body)} bytes are too many")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise EventRefused("it is not UTF-8") from error
    _check_signature(text, headers.get(HEADER, ""))
    try:
        message = json.loads(text)
        event_id, kind, thing = message["id"], message["type"], message["data"]["object"]
    except (ValueError, KeyError, TypeError) as error:
        raise EventRefused("it is not an event") from error
    if not (isinstance(event_id, str) and isinstance(kind, str) and isinstance(thing, dict)):
        raise EventRefused("it is not an event")
    if bool(message.get("livemode")) != is_live():
        raise EventRefused("it is from the other mode (live or test)")
    if message.get("account", settings.STRIPE_ACCOUNT) != settings.STRIPE_ACCOUNT:
        raise EventRefused("it is about another account")
    return Event(event_id=event_id[:255], kind=kind[:80], body=message)


def _check_signature(text: str, header: str) -> None:
    """Accept a signature by any of our secrets: while one is replaced by another, both are used."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(text, header, secret, OLDEST_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        except (ValueError, IndexError) as error:
            raise EventRefused("the signature cannot be read") from error
        return
    raise EventRefused("no secret of ours made this signature, or it is too old")


def subject_of(event: Event) -> Subject:
    """Return what an event is about, by our own key and by Stripe's names."""
    thing = event.body["data"]["object"]
    own = thing.get("metadata") or {}
    family = event.kind.rpartition(".")[0]
    name = str(thing.get("id") or "")
    if family == "checkout.session" and thing.get("mode") == "payment":
        return Subject(kind="payment", key=str(thing.get("client_reference_id") or ""), provider_ids=(name,))
    if family == "payment_intent":
        return Subject(kind="payment", key=str(own.get("attempt") or ""), provider_ids=(name,), capture_id=name)
    if family == "refund":
        return Subject(
            kind="refund",
            key=str(own.get("refund") or ""),
            provider_ids=(name,),
            capture_id=_id_in(thing.get("payment_intent")),
        )
    if family == "charge.dispute":
        return Subject(kind="dispute", provider_ids=(name,), capture_id=_id_in(thing.get("payment_intent")))
    if event.kind == "payment_method.detached":
        return Subject(kind="saved_method", provider_ids=(name,))
    return Subject(kind="")


def _id_in(value: Any) -> str:
    return str(value.get("id") or "") if isinstance(value, dict) else str(value or "")
