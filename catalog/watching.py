"""People ask to be told when an offer is back in stock or gets cheaper; we tell them, once for each event.

Nothing here tells a stranger whether an address is known, and nobody is written to who has not confirmed the address.
"""

import hashlib
from datetime import timedelta
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import email_key
from catalog import letters
from catalog.flow import WatchState
from catalog.models import Product, Unit, Variant, Watch
from core import clock
from core.codes import secret_token
from core.db import atomic_retry
from core.flows import move
from core.refusals import Refusal

log = structlog.get_logger(__name__)

# Live ones of one address. Nobody waits for more; a stranger must not fill somebody's mailbox with questions.
MOST_WATCHES = 50
MOST_UNCONFIRMED = 5
CONFIRM_WITHIN = timedelta(days=7)
KEEP_ENDED = timedelta(days=90)
BATCH = 200
# Ends well before the worker's own time limit (300 s); the next sweep goes on.
SWEEP_TIME = timedelta(seconds=120)


@atomic_retry
def watch_offer(variant: Variant, *, kind: str, email: str, by: Any) -> bool:
    """Watch an offer for somebody. True: it is watched from now on; False: a letter asks the address first.

    An account with a verified e-mail watches with that one, whatever `email` says. Anybody else's answer is False in
    every case: a new watch, one that stands already, or too many of them. Asking again makes no second watch; an
    account's watch for a lower price then starts from the present price.
    Raises Refusal "not_for_sale" (nothing that will be sold again), "invalid_values" (an e-mail that is none) and, to
    accounts only, "too_many".
    """
    variant = Variant.objects.select_related("product__brand", "product__category").get(pk=variant.pk)
    if not _can_be_watched(variant):
        raise Refusal("not_for_sale", "This offer cannot be bought at the moment, so there is nothing to wait for.")
    owner = by if by is not None and by.is_authenticated and by.has_verified_email else None
    address = owner.email if owner else _checked(email)
    watch = _find_or_start(variant, kind=kind, address=address, owner=owner)
    if watch is None:
        return False
    if owner is not None:
        if watch.state == WatchState.UNCONFIRMED:
            move(watch, WatchState.ACTIVE, by=by, changes={"user": owner})
        elif watch.price_seen != _price_seen(variant, kind):
            watch.price_seen = _price_seen(variant, kind)
            watch.save(update_fields=["price_seen"])
    elif watch.state == WatchState.UNCONFIRMED:
        watch.variant = variant
        letters.confirm_watch(watch)
    return owner is not None


@atomic_retry
def confirm_watch(code: str) -> Watch:
    """Begin to watch: whoever has the code reads the mailbox. Confirming twice changes nothing.

    Raises Refusal("link_invalid") for a code that is unknown, ended or older than 7 days.
    """
    watch = _locked(code)
    if watch is None or (watch.state == WatchState.UNCONFIRMED and watch.asked_at < clock.now() - CONFIRM_WITHIN):
        raise Refusal(
            "link_invalid", "This link does not work any more. Nothing was changed. Ask again on the shop's page."
        )
    if watch.state == WatchState.UNCONFIRMED:
        move(watch, WatchState.ACTIVE, by=None)
    return watch


@atomic_retry
def stop_watch(code: str, *, by: Any) -> bool:
    """End the watch with this code; tell whether there was one to end.

    The code is the authority, so that one click in a mail program is enough. Somebody who is logged in cannot end the
    watch of another account with it.
    """
    watch = _locked(code)
    if watch is None:
        return False
    is_known = by is not None and by.is_authenticated
    if is_known and watch.user_id is not None and watch.user_id != by.pk:
        return False
    move(watch, WatchState.STOPPED, by=by, changes={"live_key": None})
    return True


def watches_of(user: Any) -> QuerySet[Watch]:
    """Return what we write to this account about, newest first: its own watches, and a guest's with its address."""
    mine = Q(user=user) | (Q(user=None, email=user.email) if user.has_verified_email else Q())
    return (
        Watch.objects.filter(mine, state=WatchState.ACTIVE)
        .select_related("variant__product__brand", "variant__product__category")
        .order_by("-pk")
    )


def notify_watchers() -> int:
    """Write to everybody whose event has come; return how many letters that made.

    Safe beside other workers: a watch is decided upon under its own lock, and a letter is written once for its event.
    """
    told, last = 0, 0
    stop_at = clock.now() + SWEEP_TIME
    while batch := list(_due().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        for pk in batch:
            told += _tell_safely(pk)
            if clock.now() >= stop_at:
                return told
        last = batch[-1]
    return told


@atomic_retry
def forget_old_watches() -> int:
    """Delete what nobody confirmed within 7 days and what ended 90 days ago; return how many there were."""
    now = clock.now()
    ended = Q(state=WatchState.TOLD, told_at__lt=now - KEEP_ENDED) | Q(
        state=WatchState.STOPPED, asked_at__lt=now - KEEP_ENDED
    )
    old = Watch.objects.filter(ended | Q(state=WatchState.UNCONFIRMED, asked_at__lt=now - CONFIRM_WITHIN))
    deleted, _ = old.delete()
    return deleted


def _due() -> QuerySet[Watch]:
    """Return the watches whose event has come. The offer can really be bought: on offer, priced, units on the shelf."""
    on_shelf = Unit.objects.available().filter(variant=OuterRef("variant"))
    return Watch.objects.filter(
        Q(kind=Watch.Kind.BACK_IN_STOCK) | Q(kind=Watch.Kind.PRICE_DROP, variant__price__lt=F("price_seen")),
        Q(user=None) | Q(user__is_active=True),
        Exists(on_shelf),
        state=WatchState.ACTIVE,
        variant__is_offered=True,
        variant__price__isnull=False,
        variant__product__status=Product.Status.ACTIVE,
        variant__product__category__is_visible=True,
    )


def _tell_safely(pk: int) -> bool:
    """Tell one watcher. A letter that cannot be written must not keep the others waiting."""
    try:
        return _tell(pk)
    except Refusal as refusal:
        log.warning("watch_not_told", watch=pk, code=refusal.code)
        return False


@atomic_retry
def _tell(pk: int) -> bool:
    """Write the letter if, now that the watch is ours alone, its event still stands."""
    if not _claim(pk):
        return False
    watch = _due().filter(pk=pk).select_related("variant__product__brand", "variant__product__category").first()
    if watch is None:
        return False
    told = {"told_at": clock.now(), "told_times": watch.told_times + 1}
    if watch.kind == Watch.Kind.BACK_IN_STOCK:
        letters.back_in_stock(watch)
        move(watch, WatchState.TOLD, by=None, changes={**told, "live_key": None})
    else:
        letters.price_drop(watch, before=watch.price_seen)
        Watch.objects.filter(pk=pk).update(price_seen=watch.variant.price, **told)
    return True


def _claim(pk: int) -> bool:
    """Lock the watch until the end of the transaction; False when another worker has it."""
    skips = connection.features.has_select_for_update_skip_locked
    return Watch.objects.select_for_update(skip_locked=skips).filter(pk=pk).first() is not None


def _find_or_start(variant: Variant, *, kind: str, address: str, owner: Any) -> Watch | None:
    """Return the live watch, locked; a new one when there is none; None when a guest's address has too many."""
    key = _live_key(variant, kind, address)
    live = Watch.objects.select_for_update().filter(live_key=key)
    watch = live.first()
    if watch is not None:
        return watch
    if _has_too_many(address, owner):
        if owner is None:
            return None
        raise Refusal(
            "too_many",
            f"We write to you about {MOST_WATCHES} offers already. Stop some of them on your account's page first.",
            most=MOST_WATCHES,
        )
    try:
        # The savepoint keeps the transaction usable when the same is asked for at this very moment.
        with transaction.atomic():
            return Watch.objects.create(
                code=secret_token(),
                variant=variant,
                kind=kind,
                email=address,
                user=owner,
                price_seen=_price_seen(variant, kind),
                state=WatchState.ACTIVE if owner else WatchState.UNCONFIRMED,
                live_key=key,
            )
    except IntegrityError:
        return live.get()


def _has_too_many(address: str, owner: Any) -> bool:
    live = Watch.objects.filter(email=address, state__in=[WatchState.ACTIVE, WatchState.UNCONFIRMED])
    states = list(live.values_list("state", flat=True)[: MOST_WATCHES + 1])
    waiting = states.count(WatchState.UNCONFIRMED)
    return len(states) >= MOST_WATCHES or (owner is None and waiting >= MOST_UNCONFIRMED)


def _locked(code: str) -> Watch | None:
    """Return the live watch with exactly this code, locked (MariaDB compares loosely)."""
    watch = Watch.objects.select_for_update().filter(code=code[:40], live_key__isnull=False).first()
    return watch if watch is not None and watch.code == code else None


def _can_be_watched(variant: Variant) -> bool:
    return variant.can_be_bought and variant.product.category.is_visible


def _price_seen(variant: Variant, kind: str) -> Any:
    return variant.price if kind == Watch.Kind.PRICE_DROP else None


def _live_key(variant: Variant, kind: str, address: str) -> str:
    return hashlib.sha256(f"{kind}|{variant.pk}|{address}".encode()).hexdigest()


def _checked(email: str) -> str:
    """Return the address as we keep it. Raises Refusal("invalid_values")."""
    address = email_key(email)
    try:
        validate_email(address)
        if len(address) > Watch._meta.get_field("email").max_length:
            raise ValidationError("too long")
    except ValidationError:
        words = "Enter an e-mail address with an @, such as name@example.com"
        raise Refusal("invalid_values", words, fields={"email": [words]}) from None
    return address
