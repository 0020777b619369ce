"""Put things into a cart, change them, and bring two carts together."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count

from carts.flow import CartState
from carts.models import Cart, CartItem, choice_key
from catalog.models import RentalPlan, Unit, Variant
from core import clock
from core.codes import secret_token, token_hash
from core.compiled import CompiledQuery, slot
from core.db import atomic_retry
from core.flows import move
from core.refusals import Conflict, Refusal

MAX_QUANTITY = 99
MAX_LINES = 50
_GUESTS_CART = CompiledQuery(
    lambda: Cart.objects.filter(code_hash=slot("code_hash"), state=CartState.ACTIVE, active_user=None)
)
_ITEMS = CompiledQuery(lambda: CartItem.objects.filter(cart=slot("cart")))
_ON_SHELF = CompiledQuery(
    lambda: (
        Unit.objects.available()
        .filter(variant=slot("variant"))
        .order_by()
        .values("variant")
        .annotate(number=Count("pk"))
        .values_list("number")
    )
)


def find_cart(*, user: Any, code: str | None) -> Cart | None:
    """Return the active cart of the signed-in user, else the guest's cart with this secret code, else None."""
    if user is not None and user.is_authenticated:
        return Cart.objects.filter(active_user=user).first()
    if not code:
        return None
    return _GUESTS_CART.first(code_hash=token_hash(code))


@atomic_retry
def open_cart(*, user: Any, code: str | None) -> tuple[Cart, str | None]:
    """Return the caller's active cart, made if need be, and a guest's new secret code (None when nothing is new)."""
    cart = find_cart(user=user, code=code)
    if cart is not None:
        return cart, None
    if user is not None and user.is_authenticated:
        return _cart_of(user), None
    new_code = secret_token()
    return Cart.objects.create(code_hash=token_hash(new_code)), new_code


def plan_of(variant: Variant, months: int | None) -> RentalPlan | None:
    """Return the plan on which `variant` is offered for `months`; None when it is to be bought.

    Raises Refusal("plan_not_available").
    """
    if months is None:
        return None
    plan = RentalPlan.objects.filter(variant=variant, months=months, is_published=True).first()
    if plan is None:
        raise Refusal("plan_not_available", "This machine is not offered on that rental plan.")
    return plan


@atomic_retry
def add_item(cart: Cart, variant: Variant, *, quantity: int, rental_plan: RentalPlan | None = None) -> CartItem:
    """Add `quantity` more of `variant` to the cart, to buy or on `rental_plan`; the same choice is one line.

    Raises Refusal "quantity_impossible", "not_for_sale", "plan_not_available", "too_many", "cart_full",
    Conflict("sold_out", available) and Conflict("cart_closed").
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Refusal("quantity_impossible", f"Choose a quantity from 1 to {MAX_QUANTITY}.", wanted=quantity)
    cart = _locked(cart)
    if rental_plan is not None and not (rental_plan.is_published and rental_plan.variant_id == variant.pk):
        raise Refusal("plan_not_available", "This machine is not offered on that rental plan.")
    items = _ITEMS.objects(cart=cart.pk)
    key = choice_key(variant.pk, rental_plan.pk if rental_plan else None)
    item = next((line for line in items if line.choice_key == key), None)
    wanted = quantity + (item.quantity if item else 0)
    in_other_lines = sum(line.quantity for line in items if line.variant_id == variant.pk and line is not item)
    refuse_impossible_quantity(variant, wanted=wanted, in_other_lines=in_other_lines)
    if item is None:
        if len(items) >= MAX_LINES:
            raise Refusal("cart_full", f"A cart holds at most {MAX_LINES} different things. Order these first.")
        item = CartItem.objects.create(
            cart=cart, variant=variant, rental_plan=rental_plan, choice_key=key, quantity=wanted
        )
    else:
        item.quantity = wanted
        item.save(update_fields=["quantity"])
    return item


@atomic_retry
def add_to_cart(
    variant: Variant, *, user: Any, code: str | None, quantity: int, rental_plan: RentalPlan | None = None
) -> tuple[Cart, str | None]:
    """Put `quantity` more of `variant`, to buy or on `rental_plan`, into the caller's active cart; open one if need be.

    Returns the cart and a guest's new secret code (None when the cart stood already). Refuses as add_item does; then no
    cart was opened either.
    """
    cart, new_code = open_cart(user=user, code=code)
    add_item(cart, variant, quantity=quantity, rental_plan=rental_plan)
    return cart, new_code


@atomic_retry
def set_quantity(cart: Cart, item_code: str, *, quantity: int) -> None:
    """Set a line's quantity; 0 removes the line.

    Refusals: "quantity_impossible", "too_many", "not_for_sale", "line_unknown"; conflicts: "sold_out", "cart_closed".
    """
    if not 0 <= quantity <= MAX_QUANTITY:
        raise Refusal("quantity_impossible", f"Choose a quantity from 0 to {MAX_QUANTITY}.", wanted=quantity)
    cart = _locked(cart)
    items = list(cart.items.select_related("variant__product"))
    item = next((line for line in items if line.code == item_code), None)
    if item is None:
        raise Refusal("line_unknown", "This line is not in your cart any more.")
    if quantity == 0:
        item.delete()
        return
    if quantity > item.quantity:
        in_other_lines = sum(line.quantity for line in items if line.variant_id == item.variant_id and line is not item)
        refuse_impossible_quantity(item.variant, wanted=quantity, in_other_lines=in_other_lines)
    item.quantity = quantity
    item.save(update_fields=["quantity"])


@atomic_retry
def change_plan(cart: Cart, item_code: str, *, rental_plan: RentalPlan | None) -> None:
    """Rent a line's machine on another plan, or buy it (None); joins the line that says the same already.

    Raises Refusal "line_unknown", "plan_not_available" and Conflict("cart_closed").
    """
    cart = _locked(cart)
    items = list(cart.items.all())
    item = next((line for line in items if line.code == item_code), None)
    if item is None:
        raise Refusal("line_unknown", "This line is not in your cart any more.")
    if rental_plan is not None and not (rental_plan.is_published and rental_plan.variant_id == item.variant_id):
        raise Refusal("plan_not_available", "This machine is not offered on that rental plan.")
    key = choice_key(item.variant_id, rental_plan.pk if rental_plan else None)
    twin = next((line for line in items if line.choice_key == key and line is not item), None)
    if twin is not None:
        twin.quantity += item.quantity
        twin.save(update_fields=["quantity"])
        item.delete()
        return
    item.rental_plan, item.choice_key = rental_plan, key
    item.save(update_fields=["rental_plan", "choice_key"])


def refuse_impossible_quantity(variant: Variant, *, wanted: int, in_other_lines: int = 0) -> None:
    """Refuse what cannot be ordered now. Buying and renting draw on one pool, so both count together."""
    if not variant.can_be_bought:
        raise Refusal("not_for_sale", "This is not for sale at the moment.", variant=variant.pk)
    total = wanted + in_other_lines
    if variant.max_per_order is not None and total > variant.max_per_order:
        raise Refusal("too_many", f"At most {variant.max_per_order} of these per order.", limit=variant.max_per_order)
    if wanted > MAX_QUANTITY:
        raise Refusal("quantity_impossible", f"Choose a quantity from 1 to {MAX_QUANTITY}.", wanted=wanted)
    available = _on_shelf(variant)
    if total > available:
        words = f"Only {available} left of these." if available else "These are sold out."
        raise Conflict("sold_out", words, variant=variant.pk, available=available)


@atomic_retry
def merge_carts(guest_cart: Cart, user: Any) -> Cart:
    """Bring a guest's cart into the account's: the union of lines, quantities added up to what is available.

    What had to be cut is kept as notices on the cart. The guest's code dies; merging again changes nothing.
    """
    account_cart = _cart_of(user)
    first, second = sorted([guest_cart.pk, account_cart.pk])
    locked = {cart.pk: cart for cart in Cart.objects.select_for_update().filter(pk__in=[first, second]).order_by("pk")}
    guest_cart, account_cart = locked[guest_cart.pk], locked[account_cart.pk]
    if guest_cart.state != CartState.ACTIVE or guest_cart.active_user_id is not None:
        return account_cart
    have = {item.choice_key: item for item in account_cart.items.select_related("variant__product")}
    for item in guest_cart.items.select_related("variant__product"):
        notice = _merge_line(account_cart, have.get(item.choice_key), item)
        if notice:
            account_cart.notices.append(notice)
    account_cart.touched_at = clock.now()
    account_cart.save(update_fields=["notices", "touched_at"])
    guest_cart.code_hash = None
    guest_cart.save(update_fields=["code_hash"])
    move(guest_cart, CartState.MERGED, by=user)
    return account_cart


def dismiss_notices(cart: Cart) -> None:
    """Forget what a merge had to say: the customer has read it."""
    Cart.objects.filter(pk=cart.pk).update(notices=[])


def _merge_line(account_cart: Cart, mine: CartItem | None, theirs: CartItem) -> str:
    """Add one guest line to the account's cart. Returns a notice when not all of it fitted."""
    already = mine.quantity if mine else 0
    wanted = already + theirs.quantity
    available = _on_shelf(theirs.variant)
    limits = [MAX_QUANTITY, available]
    if theirs.variant.max_per_order is not None:
        limits.append(theirs.variant.max_per_order)
    # What the account's cart held before stays even when stock has gone: the customer decides at checkout.
    fitting = max(already, min(wanted, *limits))
    if mine is not None:
        mine.quantity = fitting
        mine.save(update_fields=["quantity"])
    elif fitting:
        CartItem.objects.create(
            cart=account_cart,
            variant=theirs.variant,
            rental_plan=theirs.rental_plan,
            choice_key=theirs.choice_key,
            quantity=fitting,
        )
    if fitting == wanted:
        return ""
    return f"{theirs.variant.product.full_name}: you had {wanted} in two carts, {fitting} could be kept."


def _on_shelf(variant: Variant) -> int:
    return next((number for (number,) in _ON_SHELF.rows(variant=variant.pk)), 0)


def _cart_of(user: Any) -> Cart:
    cart = Cart.objects.filter(active_user=user).first()
    if cart is not None:
        return cart
    try:
        with transaction.atomic():
            return Cart.objects.create(active_user=user)
    except IntegrityError:
        return Cart.objects.get(active_user=user)


def _locked(cart: Cart) -> Cart:
    """Lock the cart by noting that it is in use. Raises Conflict("cart_closed") when it was ordered or merged."""
    if not Cart.objects.filter(pk=cart.pk, state=CartState.ACTIVE).update(touched_at=clock.now()):
        raise Conflict("cart_closed", "This cart has been ordered already.")
    return cart
