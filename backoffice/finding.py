"""The search box of the admin's home: one line of text leads to orders, people, units, money and parcels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Replace
from django.urls import reverse

from accounts.models import User, email_key
from catalog.identity import clean_text
from catalog.models import Unit, Variant
from catalog.receiving import normal_serial
from orders.models import Order, Shipment
from payments.models import Bill, Payment

MOST_PER_KIND = 10
MOST_LETTERS = 120
LEAST_LETTERS = 3
PHONE_SEPARATORS = " -()./"
# The part of a number that is the same with and without the country code; shorter ends belong to too many people.
PHONE_DIGITS = range(6, 16)
COMPARED_DIGITS = 8


@dataclass(frozen=True)
class Hit:
    """One thing found."""

    title: str
    note: str
    url: str
    is_exact: bool


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `has_more` when not all are shown."""

    name: str
    hits: Sequence[Hit]
    has_more: bool


@dataclass(frozen=True)
class Kind:
    """A sort of thing, how it is looked up exactly and by its beginning, and what is said about a hit."""

    name: str
    model: type[Model]
    exact: Callable[[str], QuerySet]
    near: Callable[[str], QuerySet]
    note: Callable[[Any], str]

    @property
    def permission(self) -> str:
        """Return the permission without which this kind is not searched."""
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    def find(self, text: str) -> Group:
        """Return the exact hits, or those that begin like `text` when there is none."""
        rows, is_exact = list(self.exact(text)[: MOST_PER_KIND + 1]), True
        if not rows and len(text) >= LEAST_LETTERS:
            rows, is_exact = list(self.near(text)[: MOST_PER_KIND + 1]), False
        page = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_change"
        hits = [
            Hit(title=str(row), note=self.note(row), url=reverse(page, args=[row.pk]), is_exact=is_exact)
            for row in rows[:MOST_PER_KIND]
        ]
        return Group(self.name, hits, has_more=len(rows) > MOST_PER_KIND)


def find(text: str, *, user: Any) -> list[Group]:
    """Return what `user` may see of what `text` names: a code, e-mail, phone, serial, reference or tracking number."""
    text = clean_text(text)[:MOST_LETTERS]
    # To MariaDB invisible characters are equal to nothing, and nothing is the reference of many payments.
    if not any(letter.isalnum() for letter in text):
        return []
    found = [kind.find(text) for kind in KINDS if user.has_perm(kind.permission)]
    return [group for group in found if group.hits]


def only_hit(groups: Sequence[Group]) -> Hit | None:
    """Return the one exact hit, when there is just one: then nobody needs a page of results."""
    exact = [hit for group in groups for hit in group.hits if hit.is_exact]
    return exact[0] if len(exact) == 1 else None


def _digits_of(column: str) -> Combinable:
    """Return the column without the separators that people write between digits."""
    digits: Combinable = F(column)
    for separator in PHONE_SEPARATORS:
        digits = Replace(digits, Value(separator), Value(""))
    return digits


def _by_phone(rows: QuerySet, text: str) -> QuerySet:
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    is_phone = len(digits) in PHONE_DIGITS and not text.strip(f"+0123456789{PHONE_SEPARATORS}")
    if not is_phone:
        return rows.none()
    end = digits.lstrip("0")[-COMPARED_DIGITS:]
    return rows.annotate(phone_digits=_digits_of("phone")).filter(phone_digits__endswith=end)


def _orders(text: str) -> QuerySet[Order]:
    found = Order.objects.filter(code=text.upper())
    if found.exists():
        return found
    by_mail = Order.objects.filter(email=email_key(text))
    return by_mail if "@" in text else _by_phone(Order.objects.all(), text)


def _people(text: str) -> QuerySet[User]:
    return User.objects.filter(email=email_key(text)) if "@" in text else _by_phone(User.objects.all(), text)


def _payments(text: str) -> QuerySet[Payment]:
    by_key = Payment.objects.filter(key=text.upper())
    if by_key.exists():
        return by_key
    names = Q(reference=text) | Q(provider_id=text) | Q(capture_id=text)
    # Bakong's hashes are copied from bank apps in either case.
    return Payment.objects.filter(names | Q(provider_id=text.lower()) | Q(capture_id=text.lower()))


KINDS = (
    Kind(
        "Orders",
        Order,
        _orders,
        lambda text: Order.objects.filter(email__istartswith=text),
        lambda order: f"{order.get_state_display()}, {order.email}",
    ),
    Kind(
        "People",
        User,
        _people,
        lambda text: User.objects.filter(email__istartswith=text),
        lambda user: user.get_full_name(),
    ),
    Kind(
        "Units",
        Unit,
        lambda text: Unit.objects.filter(serial=normal_serial(text)).select_related("variant__product__brand"),
        lambda text: Unit.objects.filter(serial__istartswith=normal_serial(text)).select_related(
            "variant__product__brand"
        ),
        lambda unit: f"{unit.get_state_display()}, {unit.variant.product.full_name}",
    ),
    Kind(
        "Parcels",
        Shipment,
        lambda text: (
            Shipment.objects.filter(tracking_number=text) | Shipment.objects.filter(code=text.upper())
        ).select_related("order"),
        lambda text: Shipment.objects.filter(tracking_number__istartswith=text).select_related("order"),
        lambda shipment: f"{shipment.get_state_display()}, order {shipment.order.code}",
    ),
    Kind(
        "Bills",
        Bill,
        lambda text: Bill.objects.filter(code=text.upper()),
        lambda text: Bill.objects.none(),
        lambda bill: f"{bill.get_state_display()}, {bill.payer_email}",
    ),
    Kind(
        "Payments",
        Payment,
        _payments,
        lambda text: Payment.objects.filter(reference__istartswith=text),
        lambda payment: f"{payment.get_state_display()}, {payment.reference}",
    ),
    Kind(
        "Variants",
        Variant,
        lambda text: Variant.objects.filter(sku=text.upper()).select_related("product__brand"),
        lambda text: Variant.objects.filter(sku__istartswith=text).select_related("product__brand"),
        lambda variant: variant.get_grade_display(),
    ),
)
