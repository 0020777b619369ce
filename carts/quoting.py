"""The one pricing function: cart page, checkout, API and order all ask it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from carts.models import Cart, CartItem, ShippingMethod, TaxRate
from catalog.models import RentalPlan, Variant
from catalog.querysets import available_units
from core.compiled import CompiledQuery, slot
from core.money import ZERO, percent_of, tax_inside

_ITEMS = CompiledQuery(
    lambda: (
        CartItem.objects.filter(cart=slot("cart"))
        .select_related("variant__product__brand", "variant__product__category", "rental_plan")
        .annotate(available=available_units("variant"))
        .order_by("id")
    )
)
_TAX_RATES = CompiledQuery(lambda: TaxRate.objects.filter(country=slot("country")))
_SHIPPING_METHODS = CompiledQuery(lambda: ShippingMethod.objects.filter(is_active=True))


@dataclass(frozen=True)
class QuoteLine:
    """One line of a cart at today's price."""

    item_code: str
    variant: Variant
    rental_plan: RentalPlan | None
    quantity: int
    available: int
    unit_price: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    due_now: Decimal

    @property
    def problem(self) -> str:
        """Return the reason why this line cannot be ordered as it stands, or ""."""
        if not self.variant.can_be_bought:
            return "not_for_sale"
        if self.rental_plan is not None and not self.rental_plan.is_published:
            return "plan_not_available"
        return "sold_out" if self.quantity > self.available else ""


@dataclass(frozen=True)
class Later:
    """Rent that falls due after the order: `payments` times `amount`, one a month."""

    payments: int
    amount: Decimal


@dataclass(frozen=True)
class Tax:
    """The tax that applies at a place."""

    name: str
    percent: Decimal


@dataclass(frozen=True)
class Quote:
    """What a cart costs: Σ due_now + shipping − discount (+ tax when prices do not include it) = total."""

    lines: Sequence[QuoteLine]
    currency: str
    prices_include_tax: bool
    tax: Tax
    shipping_method: ShippingMethod | None
    goods_total: Decimal
    shipping_total: Decimal
    shipping_tax: Decimal
    discount_total: Decimal
    tax_total: Decimal
    total: Decimal

    @property
    def item_count(self) -> int:
        """Return how many things are in the cart."""
        return sum(line.quantity for line in self.lines)

    @property
    def has_rent(self) -> bool:
        """Tell whether anything in it is rented."""
        return any(line.rental_plan for line in self.lines)

    @property
    def bought(self) -> list[QuoteLine]:
        """Return the lines to buy."""
        return [line for line in self.lines if line.rental_plan is None]

    @property
    def rented(self) -> list[QuoteLine]:
        """Return the lines to rent."""
        return [line for line in self.lines if line.rental_plan is not None]

    @property
    def later(self) -> list[Later]:
        """Return what falls due each month after today, by how often it does: the shortest term first."""
        sums: dict[int, Decimal] = {}
        for line in self.rented:
            payments = line.rental_plan.months - 1
            sums[payments] = sums.get(payments, ZERO) + line.due_now
        return [Later(payments, amount) for payments, amount in sorted(sums.items())]

    @property
    def monthly(self) -> Decimal:
        """Return the rent of the second month: all terms are longer than one."""
        return sum((line.due_now for line in self.rented), ZERO)

    @property
    def total_in_the_end(self) -> Decimal:
        """Return what everything costs until all of it belongs to the customer, today's total included."""
        return self.total + sum((one.amount * one.payments for one in self.later), ZERO)

    @property
    def has_problems(self) -> bool:
        """Tell whether a line stands in the way of ordering."""
        return any(line.problem for line in self.lines)


def quote(cart: Cart | None, *, address: Mapping[str, str] | None, shipping_method: ShippingMethod | None) -> Quote:
    """Price `cart` at this moment, in the shop's currency.

    `address` (country, region) decides the tax; without one the shop's own country does. Without a shipping method
    shipping counts as 0. Each line's tax is rounded by itself, so the total is the sum of what is printed.
    """
    currency = settings.SHOP_CURRENCY
    tax = tax_at(address)
    include = settings.PRICES_INCLUDE_TAX
    lines = _priced_lines(_items_of(cart), tax=tax, include=include, currency=currency)
    goods = sum((line.due_now for line in lines), ZERO)
    shipping = shipping_price(shipping_method, goods) if lines else ZERO
    shipping_tax = _tax_of(shipping, tax, include=include, currency=currency)
    tax_total = sum((line.tax for line in lines), ZERO) + shipping_tax
    return Quote(
        lines=lines,
        currency=currency,
        prices_include_tax=include,
        tax=tax,
        shipping_method=shipping_method,
        goods_total=goods,
        shipping_total=shipping,
        shipping_tax=shipping_tax,
        discount_total=ZERO,
        tax_total=tax_total,
        total=goods + shipping + (ZERO if include else tax_total),
    )


def tax_at(address: Mapping[str, str] | None) -> Tax:
    """Return the tax at `address`: the region's row before the country's, no row no tax."""
    country = (address or {}).get("country") or settings.SHOP_COUNTRY
    region = ((address or {}).get("region") or "").strip()
    rates = {rate.region.lower(): rate for rate in _TAX_RATES.objects(country=country)}
    rate = rates.get(region.lower()) or rates.get("")
    return Tax(rate.name, rate.percent) if rate else Tax("", ZERO)


def shipping_price(method: ShippingMethod | None, goods_total: Decimal) -> Decimal:
    """Return what `method` costs for goods worth `goods_total`, in the shop's currency."""
    if method is None or method.kind == ShippingMethod.Kind.PICKUP:
        return ZERO
    if (
        method.kind == ShippingMethod.Kind.FREE_OVER
        and method.free_over is not None
        and goods_total >= method.free_over
    ):
        return ZERO
    return method.price


def active_shipping_methods() -> list[ShippingMethod]:
    """Return the active ways of shipping anywhere, in the shop's order."""
    return _SHIPPING_METHODS.objects()


def shipping_methods_for(country: str) -> list[ShippingMethod]:
    """Return the active ways of shipping to `country` (ISO code), in the shop's order."""
    return [method for method in active_shipping_methods() if not method.countries or country in method.countries]


def _items_of(cart: Cart | None) -> Sequence[CartItem]:
    return _ITEMS.objects(cart=cart.pk) if cart is not None else []


def _priced_lines(items: Sequence[CartItem], *, tax: Tax, include: bool, currency: str) -> list[QuoteLine]:
    lines = []
    left: dict[int, int] = {}
    for item in items:
        plan = item.rental_plan
        price = plan.monthly_price if plan else (item.variant.price or ZERO)
        due_now = price * item.quantity
        # Bought and rented lines of one variant share its units: the first line takes them first.
        available = left.setdefault(item.variant_id, item.available)
        left[item.variant_id] = max(0, available - item.quantity)
        lines.append(
            QuoteLine(
                item_code=item.code,
                variant=item.variant,
                rental_plan=plan,
                quantity=item.quantity,
                available=available,
                unit_price=price,
                discount=ZERO,
                tax=_tax_of(due_now, tax, include=include, currency=currency),
                total=due_now * (plan.months if plan else 1),
                due_now=due_now,
            )
        )
    return lines


def _tax_of(amount: Decimal, tax: Tax, *, include: bool, currency: str) -> Decimal:
    if include:
        return tax_inside(amount, tax.percent, currency)
    return percent_of(amount, tax.percent, currency)
