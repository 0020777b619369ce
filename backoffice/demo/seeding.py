"""Fill an empty database with the demo shop. The same goods, numbers and addresses every time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command

from backoffice.demo.machines import create_machines
from backoffice.demo.parts import import_demo_parts, stock_parts
from backoffice.demo.places import create_places
from backoffice.demo.plans import offer_machines_for_rent
from backoffice.demo.rate import enter_demo_rate
from catalog.departments import ensure_departments
from catalog.listings import rebuild_dirty
from catalog.models import Product, Unit, Variant
from catalog.receiving import put_on_sale
from core.db import atomic_retry

# Products in one call; the loop ends when nothing is stale any more.
REBUILT_AT_ONCE = 1000


@dataclass(frozen=True)
class DemoShop:
    """How much there is in the demo shop."""

    products: int
    variants: int
    units: int


def seed_demo(*, by: Any, tell: Callable[[str], None] = lambda step: None) -> DemoShop | None:
    """Create the demo shop and its lists; tell each step. None, and nothing done, when there are products already."""
    if not _fill(by=by, tell=tell):
        return None
    tell("Lists and search")
    while rebuild_dirty(REBUILT_AT_ONCE):
        pass
    return DemoShop(Product.objects.count(), Variant.objects.count(), Unit.objects.count())


@atomic_retry
def _fill(*, by: Any, tell: Callable[[str], None]) -> bool:
    """Do everything or nothing, so that an interrupted seed can simply be started again."""
    if Product.objects.exists():
        return False
    tell("Departments, shipping, taxes and pages of text")
    categories = ensure_departments()
    create_places()
    enter_demo_rate()
    # By its name: the storefront is the back office's neighbour, and neighbours import nothing from each other.
    call_command("default_pages", verbosity=0)
    tell("Refurbished machines")
    machines = create_machines(categories, by=by)
    tell("Computer parts")
    import_demo_parts()
    tell("Stock: received, tested and put on sale")
    put_on_sale([*machines, *stock_parts(by=by)], by=by)
    tell("Rental plans")
    offer_machines_for_rent(by=by)
    return True
