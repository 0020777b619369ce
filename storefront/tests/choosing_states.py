"""Keeping and comparing in every state. They join the list of storefront/tests/page_states.py."""

from carts.models import Wishlist, WishlistItem
from catalog.models import Variant
from storefront.tests.page_states import LAPTOPS, Visit, state


@state("product")
def product_kept_and_compared(visit: Visit) -> None:
    visit.keep(visit.stage.good)
    visit.compare(visit.stage.good, visit.stage.excellent)
    visit.goto(f"{visit.stage.full.get_absolute_url()}?offer={visit.stage.good.sku}")


@state("choosing")
def list_empty(visit: Visit) -> None:
    visit.goto("/wishlist/")


@state("choosing")
def list_full(visit: Visit) -> None:
    stage = visit.stage
    visit.keep(stage.excellent, stage.fair, *stage.longest.variants.all(), *stage.part.variants.all())
    visit.goto("/wishlist/")


@state("choosing")
def list_shared(visit: Visit) -> None:
    visit.goto(visit.keep(visit.stage.excellent, visit.stage.fair, *visit.stage.longest.variants.all()))


@state("choosing")
def compare_nothing(visit: Visit) -> None:
    visit.goto("/compare/")


@state("choosing")
def compare_two(visit: Visit) -> None:
    visit.compare(visit.stage.excellent, visit.stage.good)
    visit.goto("/compare/")


@state("choosing")
def compare_four(visit: Visit) -> None:
    visit.compare(
        visit.stage.excellent,
        *visit.stage.longest.variants.all(),
        *visit.stage.unpriced.variants.all(),
        *visit.stage.part.variants.all(),
    )
    visit.goto("/compare/")


@state("choosing")
def list_with_news(visit: Visit) -> None:
    """What was kept costs less, costs more, is gone; and two lists became one."""
    stage = visit.stage
    changing = Variant.objects.filter(pk=stage.changing.pk)
    changing.update(is_offered=True)
    visit.keep(stage.excellent, stage.good, changing.get())
    wishes = WishlistItem.objects.order_by("-pk")[:3]
    for wish, seen in zip(wishes, ("18.00", "450.00", "640.00"), strict=True):
        WishlistItem.objects.filter(pk=wish.pk).update(price_seen=seen)
    news = ["Your list holds 200 things and is full: 2 were left out."]
    Wishlist.objects.filter(items=wishes[0]).update(notices=news)
    changing.update(is_offered=False)
    visit.goto("/wishlist/")
    changing.update(is_offered=True)


@state("choosing")
def compare_one(visit: Visit) -> None:
    visit.compare(visit.stage.good)
    visit.goto("/compare/")


@state("choosing")
def compare_only_differences(visit: Visit) -> None:
    visit.compare(visit.stage.excellent, visit.stage.fair)
    visit.goto("/compare/?only=differences")


@state("choosing")
def department_with_buttons_pressed(visit: Visit) -> None:
    visit.keep(visit.stage.good)
    visit.compare(visit.stage.good, *visit.stage.last_one.variants.all())
    visit.goto(LAPTOPS)


@state("choosing")
def product_when_four_are_compared(visit: Visit) -> None:
    stage = visit.stage
    visit.compare(stage.excellent, stage.fair, stage.large, *stage.part.variants.all())
    visit.goto(f"{stage.full.get_absolute_url()}?offer={stage.good.sku}")
    visit.page.get_by_role("button", name="Compare ").first.click()
    visit.page.get_by_text("You compare 4 already").first.wait_for()
