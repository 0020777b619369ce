"""Heads of pages, structured data, sitemaps, and addresses that lead to one page each."""

import json
import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from django.core.cache import cache
from django.test import Client

from catalog.listings import rebuild
from catalog.models import Product, Variant
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from core.caching import forget
from storefront import heads, sitemaps
from storefront.models import TextPage
from storefront.tests.test_browse import LAPTOPS, add_laptops

pytestmark = pytest.mark.django_db
T14 = "/p/thinkpad-t14/"
SITE = "http://testserver"


def html(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return response.content.decode()


def canonical(page):
    return re.findall(r'<link rel="canonical" href="([^"]+)">', page)


def is_indexed(page):
    return '<meta name="robots" content="noindex">' not in page


def data_of(page):
    """Return the page's structured data, parsed, by type."""
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    parsed = [json.loads(block) for block in blocks]
    return {entry["@type"]: entry for entry in parsed}


def facts_of(article):
    return {fact["name"]: fact["value"] for fact in article["additionalProperty"]}


# --- heads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "true_path", "indexed"),
    [
        ("/", "/", True),
        ("/?utm_source=letter", "/", True),
        (T14, T14, True),
        (f"{T14}?offer=T14-A-32", T14, True),
        (LAPTOPS, LAPTOPS, True),
        (f"{LAPTOPS}?utm_source=letter", LAPTOPS, True),
        (f"{LAPTOPS}?grade=A", LAPTOPS, True),
        (f"{LAPTOPS}?sort=price", LAPTOPS, True),
        ("/search/?q=thinkpad", "/search/", False),
        ("/search/", "/search/", False),
        ("/cart/", "/cart/", False),
        ("/account/login/", "/account/login/", False),
        ("/orders/find/", "/orders/find/", False),
    ],
)
def test_every_page_has_one_true_address_and_private_ones_stay_out(shop, visitor, address, true_path, indexed):
    page = html(visitor, address)
    assert canonical(page) == [SITE + true_path]
    assert is_indexed(page) is indexed


@pytest.mark.parametrize(
    "address", ["/cart/", "/checkout/", "/account/", "/orders/", "/orders/find/", "/account/login/"]
)
def test_personal_pages_are_kept_by_nobody(shop, customer, address):
    assert "no-store" in customer.get(address).headers["Cache-Control"]


def test_each_page_of_a_plain_list_is_a_page_of_its_own(shop, visitor):
    add_laptops(shop, 49)
    first, second, third = (html(visitor, f"{LAPTOPS}?page={n}") for n in (1, 2, 3))
    assert [canonical(page) for page in (first, second, third)] == [
        [f"{SITE}{LAPTOPS}"],
        [f"{SITE}{LAPTOPS}?page=2"],
        [f"{SITE}{LAPTOPS}?page=3"],
    ]
    assert '<link rel="prev"' not in first
    assert f'<link rel="next" href="{LAPTOPS}?page=2">' in first
    assert f'<link rel="prev" href="{LAPTOPS}">' in second
    assert f'<link rel="next" href="{LAPTOPS}?page=3">' in second
    assert '<link rel="next"' not in third
    beyond = html(visitor, f"{LAPTOPS}?page=4", 404)
    assert not is_indexed(beyond)
    assert '<link rel="prev"' not in beyond


def test_what_is_shared_names_page_and_shop(shop, visitor):
    page = html(visitor, T14)
    assert '<meta property="og:title" content="Lenovo ThinkPad T14 Gen 3 · ' in page
    assert '<meta property="og:type" content="product">' in page
    assert f'<meta property="og:url" content="{SITE}{T14}">' in page
    assert '<meta property="og:site_name" content="Commercia">' in page
    assert '<meta name="twitter:card" content="summary">' in page
    assert page.count('<meta name="description"') == page.count('<meta property="og:description"') == 1
    assert "og:" not in html(visitor, "/cart/")


def test_a_second_language_is_one_line(shop, visitor, monkeypatch):
    assert "hreflang" not in html(visitor, T14)
    monkeypatch.setattr(heads, "LANGUAGE_PREFIXES", {"en": "", "km": "/km"})
    cache.clear()  # another release
    forget()
    page = html(visitor, T14)
    assert re.findall(r'hreflang="([^"]+)" href="([^"]+)"', page) == [
        ("en", SITE + T14),
        ("km", f"{SITE}/km{T14}"),
        ("x-default", SITE + T14),
    ]


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/p/ThinkPad-T14/?offer=T14-A-32", T14),
        ("/p/thinkpad-t14", T14),
        ("/c/Computers/LAPTOPS/?grade=A", f"{LAPTOPS}?grade=A"),
        ("/c/computers/laptops", LAPTOPS),
    ],
)
def test_other_spellings_lead_to_the_true_address(shop, visitor, address, leads_to):
    response = visitor.get(address)
    assert (response.status_code, response["Location"]) == (301, leads_to)


def test_an_unknown_address_offers_the_search(shop, visitor):
    page = html(visitor, "/p/nothing-of-ours/", 404)
    assert not is_indexed(page)
    assert canonical(page) == []
    assert 'action="/search/" role="search" aria-label="Search from here"' in page


def test_a_retired_product_is_gone_and_names_similar_ones(shop, visitor):
    other, _ = add_laptops(shop, 2)
    Product.objects.filter(pk=shop.laptop.pk).update(status="retired")
    Variant.objects.filter(product=other).update(price="500.00")
    rebuild([shop.laptop.pk, other.pk])
    page = html(visitor, T14, 410)
    assert "It will not come back." in page
    assert f'href="/p/{other.slug}/"' in page
    assert f'href="{LAPTOPS}"' in page


def test_a_sold_out_product_stays_and_names_similar_ones(shop, visitor):
    other, _ = add_laptops(shop, 2)
    Variant.objects.filter(product=other).update(price="500.00")
    shop.laptop.variants.first().units.model.objects.filter(variant__product=shop.laptop).update(state="scrapped")
    rebuild([shop.laptop.pk, other.pk])
    page = html(visitor, T14)
    assert "Sold out" in page
    assert is_indexed(page)
    assert "Similar and on the shelf" in page
    assert f'href="/p/{other.slug}/"' in page
    offers = {a["sku"]: a["offers"]["availability"] for a in data_of(page)["ProductGroup"]["hasVariant"]}
    assert set(offers.values()) == {"https://schema.org/OutOfStock"}


# --- structured data ----------------------------------------------------------------------------------------------


def test_page_api_and_data_say_the_same_about_a_unit(shop, visitor):
    """What a shopper reads is what programs read."""
    Product.objects.filter(pk=shop.laptop.pk).update(not_in_box=["bag"])
    shop.good.units.update(replaced_parts="Palm rest (new, original)", wipe_certificate="WC-7")
    page = html(visitor, f"{T14}?offer=T14-B-16")
    body = Client().get("/api/v1/products/thinkpad-t14/").json()
    variant = next(row for row in body["variants"] if row["sku"] == "T14-B-16")
    group = data_of(page)["ProductGroup"]
    article = next(row for row in group["hasVariant"] if row["sku"] == "T14-B-16")
    offer, facts, shared = article["offers"], facts_of(article), group["additionalProperty"]
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)

    meaning = "Light scratches on the lid or base, visible from 50 cm"
    condition = next(fact for fact in article["additionalProperty"] if fact["name"] == "Condition")
    assert (variant["grade_name"], condition["value"]) == ("Good", "Good")
    assert meaning == variant["grade_meaning"] == condition["description"]
    assert f"<b>Good</b><small>{meaning}</small>" in text

    assert variant["units"][0]["battery_health_percent"] == facts["Battery health"] == 91
    assert "91 % of its first capacity" in text
    assert variant["units"][0]["tested_on"] == facts["Tested on"] == "2026-11-18"
    assert '<time datetime="2026-11-18">18 November 2026</time>' in text
    assert variant["units"][0]["replaced_parts"] == facts["Replaced parts"] == "Palm rest (new, original)"
    assert "<dt>Replaced parts</dt><dd>Palm rest (new, original)</dd>" in text
    assert variant["units"][0]["wipe_certificate"] == facts["Wipe certificate"] == "WC-7"
    assert '<dd class="mono">WC-7</dd>' in text

    warranty = offer["warranty"]
    assert body["warranty_months"] == warranty["durationOfWarranty"]["value"] == 12
    assert body["warranty_terms"] == warranty["description"]
    assert f"<b>12 months of warranty.</b> {warranty['description']}" in text
    returns = offer["hasMerchantReturnPolicy"]
    assert body["return_days"] == returns["merchantReturnDays"] == 14
    assert body["return_terms"] == returns["description"]
    assert f"<b>14 days to return it.</b> {returns['description']}" in text

    in_box = [fact["value"] for fact in shared if fact["name"] == "In the box"]
    assert body["box_contents"] == in_box == ["the machine", "65 W USB-C charger"]
    assert all(f"{thing[0].upper()}{thing[1:]}</li>" in text for thing in in_box)
    assert body["not_in_box"] == [fact["value"] for fact in shared if fact["name"] == "Not in the box"] == ["bag"]
    assert "Not included: bag" in text

    assert (variant["price"], variant["currency"]) == (offer["price"], offer["priceCurrency"]) == ("505.00", "USD")
    assert '<span class="price price-l">$505.00</span>' in text
    assert offer["itemCondition"] == "https://schema.org/RefurbishedCondition"
    assert (variant["available"], offer["availability"]) == (1, "https://schema.org/InStock")
    assert offer["shippingDetails"]["shippingRate"] == {"@type": "MonetaryAmount", "value": "2.00", "currency": "USD"}
    assert "<b>$507.00</b>" in text


def test_a_group_names_each_offer_and_what_it_varies_by(shop, visitor):
    data = data_of(html(visitor, T14))
    group = data["ProductGroup"]
    assert (group["productGroupID"], group["brand"]["name"], group["variesBy"]) == (
        "thinkpad-t14",
        "Lenovo",
        ["Memory"],
    )
    articles = {article["sku"]: article for article in group["hasVariant"]}
    assert set(articles) == {"T14-A-16", "T14-B-16", "T14-A-32", "T14-C-16"}
    assert articles["T14-C-16"]["offers"]["availability"] == "https://schema.org/OutOfStock"
    assert articles["T14-A-32"]["name"] == "Lenovo ThinkPad T14 Gen 3, Excellent, 32\N{NO-BREAK SPACE}GB"
    assert articles["T14-A-32"]["url"] == f"{SITE}{T14}?offer=T14-A-32"
    # Only the unit of the offer on the page is known to it.
    assert "Battery health" not in facts_of(articles["T14-A-32"])
    assert [entry["name"] for entry in data["BreadcrumbList"]["itemListElement"]] == [
        "Home",
        "Computers",
        "Laptops",
        "Lenovo ThinkPad T14 Gen 3",
    ]


def test_one_offer_is_a_product_and_new_is_new(shop, visitor):
    product = data_of(html(visitor, "/p/m500/"))["Product"]
    assert (product["sku"], product["offers"]["price"]) == ("M500", "12.00")
    assert product["offers"]["itemCondition"] == "https://schema.org/NewCondition"
    assert product["url"] == f"{SITE}/p/m500/"


def test_what_has_no_price_is_not_offered_to_programs_either(shop, visitor, settings):
    settings.RETURN_DAYS = 0
    rare = make_product("Rare", slug="rare", category=make_category("mouse"), warranty_months=0)
    make_variant(rare, price=None, units=2)
    page = html(visitor, "/p/rare/")
    assert "offers" not in data_of(page)["Product"]
    assert "No warranty, no returns" in page
    assert "warranty" not in data_of(page)["Product"]
    mouse = data_of(html(visitor, "/p/m500/"))["Product"]["offers"]["hasMerchantReturnPolicy"]
    assert mouse["returnPolicyCategory"] == "https://schema.org/MerchantReturnNotPermitted"
    make_product("Empty", slug="empty", category=make_category("mouse"))
    assert "hasVariant" not in data_of(html(visitor, "/p/empty/"))["ProductGroup"]


def test_stored_text_cannot_leave_the_data_block(shop, visitor):
    nasty = "</script><script>alert(1)</script><!--\u2028&'\"ចង់"
    product = make_product(nasty, slug="nasty", category=shop.laptops, description=nasty, box_contents=[nasty])
    make_units(make_variant(product, sku="N<b>", grade="B"), quantity=1, replaced_parts=nasty)
    page = html(visitor, "/p/nasty/")
    raw = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(raw) == 2
    assert not any(sign in block for block in raw for sign in "<>&'\u2028")
    assert data_of(page)["Product"]["description"] == nasty


# --- sitemaps -----------------------------------------------------------------------------------------------------


def paths(client, address):
    root = ET.fromstring(html(client, address).split("\n", 1)[1])  # noqa: S314  (our own)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    return [(e.find(f"{space}loc").text.removeprefix(SITE), e.findtext(f"{space}lastmod")) for e in root]


def test_robots_are_told_where_to_go(visitor):
    response = visitor.get("/robots.txt")
    text = response.content.decode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "Disallow: /checkout/\n" in text
    assert text.endswith(f"Sitemap: {SITE}/sitemap.xml\n")
    assert "Disallow: /p/" not in text


def test_the_sitemaps_list_what_everybody_may_see(shop, visitor, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sitemaps, "PART_SIZE", 2)
    TextPage.objects.all().delete()
    TextPage.objects.create(slug="grades", title="Grades", body="…")
    TextPage.objects.create(slug="draft", title="Draft", body="…", is_published=False)
    for n in range(3):
        make_product(slug=f"extra-{n}", category=shop.laptops)
    make_product(slug="old", category=shop.laptops, status="retired")
    make_product(slug="secret", category=make_category("hidden", is_visible=False))
    make_category("empty")
    changed = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
    Product.objects.update(updated_at=changed)
    with django_assert_num_queries(1):
        files = paths(visitor, "/sitemap.xml")
    assert files[0] == ("/sitemap-pages.xml", None)
    assert all(stamp == "2026-11-20T07:30:00+00:00" for _, stamp in files[1:])
    found = []
    for path, _ in files[1:]:
        with django_assert_num_queries(1):
            part = paths(visitor, path)
        assert 1 <= len(part) <= 2
        found += part
    assert sorted(path for path, _ in found) == [
        "/p/extra-0/", "/p/extra-1/", "/p/extra-2/", "/p/m500/", "/p/thinkpad-t14/",
    ]  # fmt: skip
    with django_assert_num_queries(3):
        pages = [path for path, _ in paths(visitor, "/sitemap-pages.xml")]
    assert pages == ["/", "/c/computers/", "/c/computers/laptops/", "/c/mouse/", "/about/grades/"]


@pytest.mark.parametrize("part", ["999999", "9" * 40])
def test_there_is_no_part_without_products(shop, visitor, part):
    assert visitor.get(f"/sitemap-products-{part}.xml").status_code == 404


def test_every_address_of_the_sitemaps_answers(shop, visitor):
    TextPage.objects.all().delete()
    for file, _ in paths(visitor, "/sitemap.xml"):
        for path, _ in paths(visitor, file):
            page = html(visitor, path)
            assert canonical(page) == [SITE + path]
            assert is_indexed(page)
