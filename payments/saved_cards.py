"""Cards that customers let us keep: kept with the first payment that may, the default one, removed by their owner."""

from typing import Any

from django.db import IntegrityError, transaction

from core import clock
from core.db import atomic_retry
from core.refusals import Refusal
from payments.attempts import card_of
from payments.models import Payment, SavedMethod
from payments.providers.port import Card
from payments.providers.registry import provider_named


@atomic_retry
def keep_card(payment: Payment, card: Card) -> None:
    """Write down the card that `payment` has saved at its provider. A guest's is not kept; the first is the default."""
    owner = payment.bill.payer_id
    if owner is None:
        return
    kept, is_new = SavedMethod.objects.get_or_create(
        method_id=card.method_id,
        defaults={
            "user_id": owner,
            "provider": payment.provider,
            "customer_id": card.customer_id,
            "brand": card.brand[:20],
            "last4": card.last4[:4],
            "expires_month": card.expires_month,
            "expires_year": card.expires_year,
        },
    )
    if is_new:
        _make_default_if_none_is(kept)


@atomic_retry
def make_default(card: SavedMethod, *, by: Any) -> SavedMethod:
    """Make `card` the one that later charges use. Raises Refusal("card_removed")."""
    mine = list(SavedMethod.objects.select_for_update().filter(user_id=card.user_id).order_by("pk"))
    card = next(one for one in mine if one.pk == card.pk)
    if card.detached_at is not None:
        raise Refusal("card_removed", "This card is not kept any more.")
    if card.default_of_id is None:
        SavedMethod.objects.filter(default_of_id=card.user_id).update(default_of=None)
        card.default_of_id = card.user_id
        card.save(update_fields=["default_of"])
    return card


def remove_card(card: SavedMethod, *, by: Any) -> None:
    """Have the provider forget `card`, then strike it out here. A removed card stays removed.

    Raises Refusal("card_not_removed") when the provider does not answer: then the card is kept as it was.
    """
    if card.detached_at is not None:
        return
    if not provider_named(card.provider).forget_card(card_of(card)):
        raise Refusal("card_not_removed", "The card could not be removed just now. Please try again in a moment.")
    forget_cards([card.method_id])


@atomic_retry
def forget_cards(method_ids: list[str]) -> None:
    """Strike out cards that their provider keeps no longer; the newest of those that are left becomes the default."""
    for card in SavedMethod.objects.select_for_update().filter(method_id__in=method_ids).order_by("pk"):
        if card.detached_at is not None:
            continue
        card.detached_at, card.default_of = clock.now(), None
        card.save(update_fields=["detached_at", "default_of"])
        next_one = SavedMethod.objects.usable().filter(user_id=card.user_id).order_by("-pk").first()
        if next_one is not None:
            _make_default_if_none_is(next_one)


def _make_default_if_none_is(card: SavedMethod) -> None:
    if SavedMethod.objects.filter(default_of_id=card.user_id).exists():
        return
    try:
        with transaction.atomic():
            SavedMethod.objects.filter(pk=card.pk).update(default_of_id=card.user_id)
    except IntegrityError:
        # Another card of theirs was kept in the same moment; it is the default.
        return
