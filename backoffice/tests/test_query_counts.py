"""Every changelist asks the database as often for one row as for three."""

from datetime import date

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from carts.models import TaxRate
from carts.tests.factories import make_cart, make_shipping_method, make_wishlist
from catalog.models import Category, ExternalReference, PriceChange, RentalPlan
from catalog.tests.factories import make_brand, make_category, make_product, make_review, make_variant
from catalog.tests.photos import make_photo
from catalog.watching import watch_offer
from core.models import AuditEntry, IdempotencyKey, Job
from core.tests.pictures import picture, upload
from orders.fulfilment import dispatch
from orders.models import Allocation
from orders.returning import ask_return
from orders.tests.factories import make_order, make_paid_order
from orders.transfer_proofs import show_transfer
from payments.models import ComparedDay, ProviderEvent
from rentals.policies import publish_policy
from rentals.rules.policy import DEFAULT_NUMBERS
from rentals.tests.factories import make_agreement
from storefront.tests.factories import make_promotion, make_text_page

# Session, user, the number of rows, the rows, the shop's name; more where a filter lists what there is.
COUNTS = {
    "accounts.user": 6,
    "auth.group": 6,
    "carts.cart": 5,
    "carts.wishlist": 5,
    "carts.shippingmethod": 5,
    "carts.taxrate": 6,
    "catalog.brand": 5,
    "catalog.category": 5,
    "catalog.externalreference": 6,
    "catalog.hold": 7,
    "catalog.product": 6,
    "catalog.photo": 5,
    "catalog.pricechange": 5,
    "catalog.rentalplan": 5,
    "catalog.review": 6,
    "catalog.unit": 5,
    "catalog.variant": 6,
    "catalog.watch": 5,
    "core.auditentry": 7,
    "core.idempotencykey": 7,
    "core.job": 6,
    "notifications.email": 8,
    "orders.order": 5,
    "orders.return": 5,
    "orders.shipment": 6,
    "payments.bill": 5,
    "payments.break": 6,
    "payments.comparedday": 6,
    "payments.dispute": 6,
    "payments.payment": 5,
    "payments.paymentproof": 5,
    "payments.providerevent": 7,
    "payments.refund": 5,
    "payments.savedmethod": 5,
    "rentals.agreement": 5,
    "rentals.rentalpolicy": 5,
    "storefront.promotion": 5,
    "storefront.textpage": 5,
}
# One form in the place of a list.
NOT_LISTS = {"storefront.shopsettings", "payments.rielrate"}


def make_one_of_everything(number):
    """Add at least one row to every table that has a page."""
    product = make_product(category=make_category(f"department-{number}"), brand=make_brand(f"Maker {number}"))
    variant = make_variant(product, units=9)
    make_photo(product)
    ExternalReference.objects.create(source="other shop", external_id=str(number), variant=variant)
    RentalPlan.objects.create(variant=variant, months=3, monthly_price=10)
    PriceChange.objects.create(variant=variant, price=variant.price)
    make_review(product)
    user = make_user()
    watch_offer(variant, kind="price_drop", email="", by=user)
    make_agreement()
    publish_policy(DEFAULT_NUMBERS, by=user, reason="test")
    make_cart((variant, 1), user=user)
    make_wishlist(variant, user=user)
    show_transfer(make_order((variant, 1), user=user), upload=upload(picture()), by=user)
    ComparedDay.objects.create(provider="stripe", day=date(2026, 11, 1 + number))
    shipped = make_paid_order((variant, 1), user=user)
    dispatch(shipped, by=None, serials={})
    ask_return(Allocation.objects.get(line__order=shipped), by=user)
    payment = shipped.order_bills.get().bill.payments.get()
    payment.breaks.create(
        key=str(number), kind="surplus", amount=1, currency="USD", reason="test", due_at=payment.started_at, owner=user
    )
    user.saved_methods.create(provider="stripe", customer_id="cus_1", method_id=f"pm_{number}")
    payment.disputes.create(dispute_id=f"du_{number}", amount=1, currency="USD", status="needs_response")
    payment.refunds.create(
        key=f"{payment.key}:r1",
        amount=1,
        currency="USD",
        charge_amount=1,
        charge_currency="USD",
        reason="test",
        requested_by=user,
    )
    ProviderEvent.objects.create(provider="stripe", event_id=f"evt_{number}", kind="charge.succeeded", body={})
    make_shipping_method(f"courier-{number}")
    TaxRate.objects.create(country="KH", region=f"Region {number}", percent=10)
    Job.objects.create(kind="import", started_by=user)
    AuditEntry.objects.create(kind="changed", actor=user, actor_label=user.email, model="x", object_code=str(number))
    IdempotencyKey.objects.create(scope="orders", key=str(number), fingerprint="f")
    Group.objects.create(name=f"Group {number}")
    make_text_page(f"page-{number}")
    make_promotion()


@pytest.fixture
def boss(db, client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def test_the_table_of_counts_covers_every_page():
    pages = {
        model._meta.label_lower
        for model in admin.site._registry
        if not model._meta.app_label.startswith("token_blacklist")
    }
    assert set(COUNTS) == pages - NOT_LISTS


@pytest.mark.parametrize("rows", [1, 3])
def test_changelists(boss, client, django_assert_num_queries, rows):
    for number in range(rows):
        make_one_of_everything(number)
    for label, count in COUNTS.items():
        url = reverse("admin:{}_{}_changelist".format(*label.split(".")))
        with django_assert_num_queries(count, info=label):
            answer = client.get(url)
        assert answer.context["cl"].result_count >= rows
    assert Category.objects.count() >= rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_choices_of_variants_ask_as_often_for_one_as_for_three(boss, client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_variant(make_product(brand=make_brand(f"Maker {_}")))
    query = {"app_label": "catalog", "model_name": "unit", "field_name": "variant", "term": "Think"}
    with django_assert_num_queries(4):
        found = client.get(reverse("admin:autocomplete"), query).json()
    assert len(found["results"]) == rows
