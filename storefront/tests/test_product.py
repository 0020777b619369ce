"""The product page: choices, the actual units, delivery, specs, and the form that puts it into the cart."""

import pytest

from catalog.models import Product, Unit, Variant
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from storefront.tests.factories import fill_cart

pytestmark = pytest.mark.django_db
T14 = "/p/thinkpad-t14/"


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_cheapest_offer_in_stock_is_chosen_and_the_others_are_links(shop, visitor):
    page = text(visitor, T14)
    assert "<h1>Lenovo ThinkPad T14 Gen 3</h1>" in page
    assert '<span class="price price-l">$505.00</span>' in page
    assert 'href="?offer=T14-B-16" aria-current="true"' in page
    assert 'href="?offer=T14-A-16"' in page
    assert 'class="tile tile-off" href="?offer=T14-C-16"' in page
    assert 'href="?offer=T14-A-32"' in page
    assert "+ $150.00, Excellent" in page


def test_an_offer_is_chosen_by_its_address_and_an_unknown_one_is_ignored(shop, visitor):
    assert '<span class="price price-l">$655.00</span>' in text(visitor, f"{T14}?offer=T14-A-32")
    for address in ("?offer=NOPE", "?offer=M500", "?offer=%00", "?offer=" + "x" * 5000, "?offer="):
        assert '<span class="price price-l">$505.00</span>' in text(visitor, T14 + address)


def test_stock_is_said_as_it_is(shop, visitor):
    assert "1 left in this grade and configuration." in text(visitor, f"{T14}?offer=T14-B-16")
    two = text(visitor, f"{T14}?offer=T14-A-16")
    assert "2 in stock in this grade and configuration." in two
    assert 'max="2" value="1"' in two
    gone = text(visitor, f"{T14}?offer=T14-C-16")
    assert "Sold out" in gone
    assert 'action="/cart/add/"' not in gone
    assert 'max="3" value="1"' in text(visitor, "/p/m500/")


def test_the_units_show_what_was_measured_and_only_the_ends_of_a_serial(shop, visitor):
    page = text(visitor, f"{T14}?offer=T14-B-16")
    assert "PF•••••9M4" in page
    assert "PF3CCCC9M4" not in page
    assert "91 % of its first capacity" in page
    assert "2 of 3 checks passed" in page
    assert "camera: fail" in page
    assert "Worn lid" in page
    assert "Illustration. No photos of this unit yet" in page
    assert '<time datetime="2026-11-18">18 November 2026</time>' in page
    several = text(visitor, f"{T14}?offer=T14-A-16")
    assert "The next unit" in several
    assert "The units behind it (1)" in several
    assert "3 checks passed" in several


def test_a_part_without_records_says_so(shop, visitor):
    page = text(visitor, "/p/m500/")
    assert "<dt>On the shelf</dt><dd>5 in stock</dd>" in page
    assert "not recorded" in page


def test_price_delivery_and_total_stand_before_the_button(shop, visitor):
    page = text(visitor, f"{T14}?offer=T14-A-16")
    assert "VAT included" in page
    assert "<b>$602.00</b>" in page
    assert "or pick it up, free of charge" in page
    assert "12 months of warranty." in page
    assert "65 W USB-C charger" in page


def test_every_spec_of_the_category_has_a_row_and_a_missing_one_says_so(shop, visitor):
    page = text(visitor, f"{T14}?offer=T14-A-32")
    assert "Core i5-1245U" in page
    assert "32\N{NO-BREAK SPACE}GB" in page
    assert '<dt>Weight</dt><dd><span class="muted">not recorded</span></dd>' in page


def test_what_has_no_price_is_found_but_not_sold(shop, visitor):
    make_variant(make_product("Rare", slug="rare", category=make_category("mouse")), price=None, units=2)
    page = text(visitor, "/p/rare/")
    assert "No price at the moment" in page
    assert 'action="/cart/add/"' not in page
    assert "$0.00" not in page


def test_a_product_without_offers_is_still_a_page(shop, visitor):
    make_product("Empty", slug="empty", category=make_category("mouse"))
    assert "Nothing of this is offered at the moment." in text(visitor, "/p/empty/")


def test_what_was_withdrawn_is_not_there(shop, visitor):
    Product.objects.filter(pk=shop.laptop.pk).update(status="retired")
    gone = visitor.get(T14)
    assert gone.status_code == 410
    page = gone.content.decode()
    assert "We no longer sell the Lenovo ThinkPad T14 Gen 3" in page
    assert '<meta name="robots" content="noindex">' in page
    assert 'rel="canonical"' not in page
    assert 'action="/cart/add/"' not in page
    shop.mouse.product.category.is_visible = False
    shop.mouse.product.category.save()
    assert visitor.get("/p/m500/").status_code == 404
    assert visitor.get("/p/nothing/").status_code == 404
    assert visitor.post("/p/m500/").status_code == 405


def test_stored_text_is_shown_as_text(shop, visitor):
    nasty = '<script>alert("x")</script>'
    product = make_product(
        nasty, slug="nasty", category=shop.laptops, description=nasty, box_contents=[nasty], specs={"cpu": nasty}
    )
    variant = make_variant(product, sku="N<b>", options={"ram_gb": nasty})
    make_units(variant, serials=["<b>AAAAAAAA"], grade_notes=nasty, test_report={nasty: nasty})
    page = text(visitor, "/p/nasty/")
    assert "<script>alert" not in page
    assert "<b>AA" not in page
    assert page.count("&lt;script&gt;") >= 6


@pytest.mark.parametrize("offers", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_offers(shop, visitor, django_assert_num_queries, offers):
    if offers == 1:
        Variant.objects.filter(product=shop.laptop).exclude(pk=shop.excellent.pk).update(is_offered=False)
    make_units(shop.excellent, quantity=offers)
    fill_cart(visitor, (shop.mouse, 1))
    text(visitor, "/p/m500/")  # the frame and the ways of shipping are in the cache now
    with django_assert_num_queries(9):
        text(visitor, T14)
    with django_assert_num_queries(4):  # two for what it depends on, the cart, and what was looked at before
        text(visitor, T14)
    # Whoever has an account, or comes with something else in the address, gets it made anew.
    with django_assert_num_queries(7):
        text(visitor, f"{T14}?from=letter")
    assert Unit.objects.available().filter(variant=shop.excellent).count() == 2 + offers
