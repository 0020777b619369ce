"""A shop in which every page has something to show: goods in each state, people, orders, promotions.

The browser tests set it up in an empty database, docs/look_at_every_page.py beside the goods of the demonstration shop.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.management import call_command

from accounts.models import User
from accounts.tests.factories import make_address, make_staff, make_user
from backoffice.demo.places import create_places
from carts.models import ShippingMethod
from catalog.departments import ensure_departments
from catalog.editing import save_variant
from catalog.listings import rebuild
from catalog.models import Category, Product, RentalPlan, Unit, Variant
from catalog.photo_rendering import render_photo
from catalog.photos import add_photo
from catalog.price_history import record_prices
from catalog.tests.factories import make_brand, make_category, make_product, make_review, make_units, make_variant
from core import clock
from core.tests.pictures import picture, upload
from core.versions import SHOP, raise_versions
from orders.cancellation import CancelReason, cancel_order
from orders.fulfilment import confirm_delivery, dispatch
from orders.models import Order
from orders.tests.factories import make_delivered_order, make_order, make_paid_order
from orders.transfer_proofs import reject_transfer, show_transfer
from payments.models import SavedMethod
from rentals.models import Agreement
from rentals.plans import publish_plan, set_price
from rentals.tests.factories import make_agreement, make_draft
from storefront.tests.factories import make_promotion
from storefront.tests.photographs import photograph

LONGEST_NAME = (
    "Precision Mobile Workstation 7680 Performance Edition with Extended Battery, Fingerprint Reader and Smart Card"
)
FACTS = {
    "cpu": "Core i5-1245U",
    "cpu_family": "Intel Core i5",
    "cpu_generation": "Intel 12th generation",
    "cpu_cores": 10,
    "gpu": "Intel Iris Xe Graphics",
    "screen_size_in": 14,
    "resolution_w": 1920,
    "resolution_h": 1200,
    "panel_type": "IPS",
    "touch": False,
    "weight_kg": "1.41",
    "ports": ["2 × Thunderbolt 4 (USB-C)", "2 × USB-A 3.2 Gen 1", "1 × HDMI", "1 × 3.5 mm headset jack"],
    "os": "Windows 11 Pro",
    "keyboard_layout": "US English (QWERTY)",
    "storage_type": "SSD",
}
AMD = {
    "cpu": "Ryzen 5 PRO 6650U",
    "cpu_family": "AMD Ryzen 5 PRO",
    "cpu_generation": "AMD Ryzen 6000",
    "gpu": "AMD Radeon 660M",
}
PASSED = dict.fromkeys(("keyboard", "touchpad", "screen", "camera", "speakers", "usb_ports", "wifi", "battery"), "pass")
REVIEWS = (
    (5, "Looks new", "Bought it for my daughter's studies. Not a scratch, and the battery is better than promised."),
    (4, "Good, fan audible", "Quick and solid. Under load one hears the fan; for writing and calls it is silent."),
    (5, "Exactly as described", "The serial number on the page was the one on the machine. I liked that."),
    (
        2,
        "Worn keys",
        "Works well, but the E and N keys are shinier than I thought an excellent machine would have."
        "\n\nThe shop offered to take it back.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """What the pages are about. Products are named by what is special about them."""

    laptops: Category
    empty_department: Category
    full: Product  # three grades, two memories, a sale price, photos, reviews
    last_one: Product
    sold_out: Product
    unpriced: Product
    longest: Product
    part: Product
    retired: Product
    excellent: Variant  # the offer of `full` with photos of the very unit
    good: Variant
    fair: Variant  # sold out
    large: Variant
    changing: Variant  # whose price and offer a state of a page may change
    courier: ShippingMethod
    dara: User  # with orders, addresses, a review
    newcomer: User  # with nothing
    staff: User
    orders: dict[str, Order]
    rented: RentalPlan  # of `excellent`, twelve months
    rentals: dict[str, Agreement]


def set_empty_stage() -> Stage:
    """Open a shop that sells only what the pages need."""
    ensure_departments()
    create_places()
    call_command("default_pages", verbosity=0)
    return set_stage()


def set_stage(*, photo_width: int = 320) -> Stage:
    """Put the goods on the shelf, let people order, and return all of it. Needs departments, places and pages."""
    laptops = Category.objects.get(slug="laptops")
    full = _laptop("EliteBook 845 G9", "HP", "look-full", **AMD)
    excellent = _offer(full, "LOOK-A-16", "A", "589.00", serials=["5CG2210A7K", "5CG2210B8L", "5CG2214C1X"])
    good = _offer(full, "LOOK-B-16", "B", "505.00", serials=["5CG2231D2M"], grade_notes="A 2 cm scratch on the lid")
    fair = _offer(full, "LOOK-C-16", "C", "449.00")
    large = _offer(full, "LOOK-A-32", "A", "655.00", ram=32, serials=["5CG2240E5Q"])
    _was_dearer(excellent, "649.00")
    last_one = _laptop("Latitude 7430", "Dell", "look-last-one")
    _offer(last_one, "LOOK-LAST", "B", "479.00", serials=["7QX4R13"])
    sold_out = _laptop("ThinkPad X1 Carbon Gen 10", "Lenovo", "look-sold-out")
    _offer(sold_out, "LOOK-SOLD", "A", "910.00")
    unpriced = _laptop("MacBook Pro 14 (2021)", "Apple", "look-unpriced", cpu="M1 Pro", gpu="M1 Pro, 14 cores")
    _offer(unpriced, "LOOK-UNPRICED", "A", None, serials=["C02G81ABMD6T"])
    longest = _laptop(LONGEST_NAME, "Dell", "look-longest", cpu="Core i9-13950HX")
    _offer(longest, "LOOK-LONG", "A", "12499.00", ram=128, serials=["8ZZ4T22"])
    part = make_product("M500", category=make_category("mouse"), brand=make_brand("Logitech"), slug="look-part")
    part_offer = make_variant(part, sku="LOOK-PART", grade="N", price="12.00", max_per_order=3, units=15)
    spare = make_product("K120", category=make_category("keyboard"), brand=make_brand("Logitech"), slug="look-changing")
    changing = make_variant(spare, sku="LOOK-CHANGING", grade="N", price="18.00", units=5)
    retired = _laptop("ThinkPad T430", "Lenovo", "look-retired", status="retired")
    _show(full, excellent, photo_width)
    _review(full)
    rebuild(Product.objects.filter(slug__startswith="look-").values_list("pk", flat=True))
    raise_versions([SHOP])
    courier = ShippingMethod.objects.get(code="courier-phnom-penh")
    dara, newcomer = make_user("dara@example.com", first_name="Dara", last_name="Sok"), make_user("new@example.com")
    make_address(dara, line1="No. 14, Street 310", city="BKK1", region="Phnom Penh")
    make_address(dara, full_name="Sok Dara, Riverside Books", line1="7 Riverside", region="Phnom Penh")
    _cards(dara)
    make_promotion(
        "Two screens are better than one",
        text="Tested monitors of 24 to 32 inches.",
        link="/c/monitor/",
        position=1,
    )
    make_promotion(
        "Memory for older machines", text="DDR3 and DDR4, single modules and pairs.", link="/search/?q=ddr4", position=2
    )
    return Stage(
        laptops=laptops,
        empty_department=make_category("tablets", description="Slates with and without a keyboard."),
        full=full, last_one=last_one, sold_out=sold_out, unpriced=unpriced, longest=longest, part=part, retired=retired,
        excellent=excellent, good=good, fair=fair, large=large, changing=changing,
        courier=courier, dara=dara, newcomer=newcomer,
        staff=make_staff("staff@example.com", is_superuser=True, first_name="Sophea"),
        orders=_orders(dara, courier, large, part_offer),
        rented=_rented(excellent),
        rentals=_rentals(),
    )  # fmt: skip


def _laptop(name: str, brand: str, slug: str, *, status: str = "active", **facts: Any) -> Product:
    return make_product(
        name,
        category=make_category("laptops"),
        brand=make_brand(brand),
        slug=slug,
        status=status,
        specs={**FACTS, **facts},
        description="A business laptop with a full set of ports and room for more memory. A sensible everyday machine "
        "for office work and video calls.",
        box_contents=["the machine", "65 W USB-C charger"],
        not_in_box=["a bag"],
        warranty_months=12,
    )


def _offer(
    product: Product,
    sku: str,
    grade: str,
    price: str | None,
    *,
    ram: int = 16,
    serials: Sequence[str] = (),
    grade_notes: str = "",
) -> Variant:
    variant = make_variant(product, sku=sku, grade=grade, price=price, options={"ram_gb": ram, "storage_gb": 512})
    record_prices([variant], at=clock.now() - timedelta(days=90))
    if serials:
        make_units(
            variant,
            serials=serials,
            battery_health_percent=91,
            disk_health_percent=97,
            test_report={**PASSED, "camera": "dim in the dark"} if grade == "B" else PASSED,
            tested_on=clock.today() - timedelta(days=3),
            wipe_certificate="WC-2026-0118",
            grade_notes=grade_notes,
        )
    return variant


def _was_dearer(variant: Variant, before: str) -> None:
    """Cut the price for a sale, as staff do."""
    price, variant.price = variant.price, Decimal(before)
    variant.save(update_fields=["price"])
    record_prices([variant], at=clock.now() - timedelta(days=40))
    save_variant(variant, by=None, values={"price": price, "list_price": Decimal(before)})
    variant.refresh_from_db()


def _show(product: Product, variant: Variant, width: int) -> None:
    """Photograph the model and the very unit that goes out next."""
    unit = Unit.objects.filter(variant=variant).order_by("pk").first()
    views = (
        (product, "front", "The opened laptop from the front, its screen switched off"),
        (product, "lid", "The closed laptop from above"),
        (product, "side", "The left side with its sockets"),
        (unit, "front", "This unit, opened; no scratch on the frame"),
        (unit, "lid", "The lid of this unit, with a faint mark beside the logo"),
    )
    for number, (subject, view, alt) in enumerate(views):
        photo = add_photo(subject, by=None, upload=upload(photograph(view, number, width=width)), alt=alt)
        render_photo(photo.pk)


def _cards(owner: User) -> None:
    """Let the owner keep a card that is good, one that ends soon, and one that has ended."""
    ends = clock.today()
    for number, (brand, last4, years) in enumerate(
        (("visa", "4242", 2), ("mastercard", "5454", 0), ("amex", "0005", -1))
    ):
        SavedMethod.objects.create(
            user=owner,
            provider="stripe",
            customer_id="cus_look",
            method_id=f"pm_look_{number}",
            brand=brand,
            last4=last4,
            expires_month=ends.month,
            expires_year=ends.year + years,
            default_of=owner if not number else None,
        )


def _review(product: Product) -> None:
    names = itertools.cycle(("Bopha", "Kosal", "Srey Neang", "Virak"))
    for number in range(12):
        rating, title, body = REVIEWS[number % len(REVIEWS)]
        make_review(
            product,
            rating=rating,
            title=title,
            body=body,
            author_name=next(names),
            bought_on=date(2026, 1 + number % 9, 3),
        )


def _orders(dara: User, courier: ShippingMethod, large: Variant, part_offer: Variant) -> dict[str, Order]:
    """Let Dara order and see how far each order has come; one is a guest's."""
    mine = {"user": dara, "email": dara.email, "shipping_method": courier}
    delivered = make_delivered_order((part_offer, 1), **mine)
    cancelled = make_order((part_offer, 2), **mine)
    cancel_order(cancelled, by=dara, reason=CancelReason.CUSTOMER)
    paid = make_paid_order((part_offer, 1), **mine)
    sent = make_paid_order((part_offer, 1), **mine)
    dispatch(sent, by=None, serials={}, carrier="Cambodia Express", tracking_number="CE123456789KH")
    refused = make_order((part_offer, 1), **mine, payment_method="cash_on_delivery")
    cash = dispatch(refused, by=None, serials={})
    confirm_delivery(cash, by=None)
    shown = make_order((part_offer, 1), **mine)
    unread = show_transfer(shown, upload=upload(picture(400, 300)), by=None)
    reject_transfer(unread, by=None, reason="The bank's reference is cut off.")
    show_transfer(shown, upload=upload(picture(600, 450)), by=None)
    return {
        "pending": make_order((large, 1), (part_offer, 1), **mine),
        "transfer_shown": shown,
        "paid": paid,
        "sent": sent,
        "delivered": delivered,
        "paid_in_cash": refused,
        "cancelled": cancelled,
        "guest": make_order((part_offer, 1), shipping_method=courier),
    }


def _rented(variant: Variant) -> RentalPlan:
    """Offer it for every term; return the plan of twelve months."""
    for months, monthly in ((3, "211.00"), (6, "113.00"), (12, "64.00")):
        plan = publish_plan(set_price(variant, months=months, monthly_price=Decimal(monthly), by=None), by=None)
    return plan


def _rentals() -> dict[str, Agreement]:
    """Rentals of three people: one to be signed, one that runs, and one of whose rent three months are overdue."""
    today = clock.today()
    return {
        "draft": make_draft(on=today),
        "running": make_agreement(delivered=today - timedelta(days=10)),
        "overdue": make_agreement(delivered=today - timedelta(days=100)),
    }
