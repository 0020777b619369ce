"""Product pages are kept for strangers, and every change of what they show is seen on the next request."""

from decimal import Decimal

import pytest
from django.test import Client

from catalog.editing import save_brand, save_category, save_product, save_variant
from catalog.models import Review, Unit, Variant
from catalog.tests.factories import make_units
from catalog.tests.photos import make_photo
from core import clock
from core.versions import SHOP, raise_versions
from storefront.views import product as product_page

pytestmark = pytest.mark.django_db
T14 = "/p/thinkpad-t14/"


def text(client, address=T14):
    return client.get(address).content.decode()


@pytest.fixture
def made(monkeypatch):
    """How often the page was made."""
    times = []
    original = product_page._context
    monkeypatch.setattr(product_page, "_context", lambda *args, **own: times.append(1) or original(*args, **own))
    return times


def change_price(shop):
    save_variant(shop.good, by=None, values={"price": Decimal("495.00")})
    return "$495.00"


def change_text(shop):
    save_product(shop.laptop, by=None, values={"description": "A quiet machine."})
    return "A quiet machine."


def change_brand(shop):
    save_brand(shop.laptop.brand, by=None, values={"name": "LENOVO"})
    return "LENOVO ThinkPad"


def change_department(shop):
    save_category(shop.laptops, by=None, values={"name": "Notebooks"})
    return "Notebooks"


def add_stock(shop):
    make_units(shop.good, quantity=1)
    return "2 in stock in this grade and configuration."


def rewrite_notes(shop):
    Unit.objects.filter(variant=shop.good).update(grade_notes="Torn lid")
    return "Torn lid"


def sell(shop):
    Unit.objects.filter(variant=shop.good).update(state="sold")
    return '<span class="price price-l">$600.00</span>'


def photograph(shop):
    make_photo(Unit.objects.get(variant=shop.good), "Its own lid")
    return "Its own lid"


def photograph_the_model(shop):
    make_photo(shop.laptop, "From above")
    return "From above"


def review(shop):
    Review.objects.create(
        product=shop.laptop, rating=4, title="Good for the price", body="Good", author_name="S",
        bought_on=clock.today(), state="published", decided_at=clock.now(),
    )  # fmt: skip
    return "Good for the price"


def rename_the_shop(shop):
    shop.courier.name = "Bicycle"
    shop.courier.save()
    raise_versions([SHOP])  # as the admin does
    return "Bicycle"


def withdraw(shop):
    Variant.objects.filter(pk=shop.good.pk).update(is_offered=False)
    return '<span class="price price-l">$600.00</span>'


@pytest.mark.parametrize(
    "change",
    [change_price, change_text, change_brand, change_department, add_stock, rewrite_notes, sell, photograph,
     photograph_the_model, review, rename_the_shop, withdraw],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_a_change_shows_on_the_next_request(shop, made, change):
    before = text(Client())
    assert text(Client()).count("<h1>") == 1
    assert len(made) == 1, "the second visitor gets what was kept"
    words = change(shop)
    after = text(Client())
    assert words not in before
    assert words in after
    assert len(made) == 2


def test_offers_are_kept_apart_and_other_addresses_are_made_anew(shop, made):
    for address in (T14, f"{T14}?offer=T14-A-32", f"{T14}?offer=NOPE"):
        text(Client(), address)
        text(Client(), address)
    assert len(made) == 3
    for address in (f"{T14}?offer=T14-A-32&offer=T14-A-16", f"{T14}?from=letter"):
        text(Client(), address)
        text(Client(), address)
    assert len(made) == 7


def test_what_was_made_while_a_unit_was_away_is_not_kept(shop, monkeypatch):
    """Somebody holds the only unit while the page is made, and lets it go again."""
    original = product_page._find

    def find(*args):
        Unit.objects.filter(variant=shop.good).update(state="sold")
        try:
            return original(*args)
        finally:
            Unit.objects.filter(variant=shop.good).update(state="available")

    with monkeypatch.context() as patch:
        patch.setattr(product_page, "_find", find)
        assert '<span class="price price-l">$600.00</span>' in text(Client())
    assert '<span class="price price-l">$505.00</span>' in text(Client())


def test_without_that_check_it_would_be(shop, monkeypatch):
    """The negative control of the test above."""
    monkeypatch.setattr("catalog.fingerprint.PageFacts.agree", lambda *args: True)
    test = test_what_was_made_while_a_unit_was_away_is_not_kept
    with pytest.raises(AssertionError):
        test(shop, monkeypatch)


def test_a_member_gets_a_page_of_their_own(shop, customer, dara, made):
    text(Client())
    assert dara.email in text(customer)
    assert len(made) == 2
    assert dara.email not in text(Client())
    assert len(made) == 2
