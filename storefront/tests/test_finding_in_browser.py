"""Finding a machine in a browser: narrowing a list and coming back, suggestions by keyboard, what a page weighs."""

import gzip
import json
from urllib.parse import urlsplit

import pytest

from catalog.listings import rebuild
from catalog.models import Variant
from catalog.tests.factories import make_product, make_variant
from commercia.tests.browser import expect
from storefront.tests.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LAPTOPS = "/c/computers/laptops/"
HEAVIEST = {"document": 30_000, "stylesheet": 20_000, "script": 30_000}  # bytes with gzip, quality G15


def fill_laptops(shop, count=60):
    """Laptops of many prices, grades and sizes: some fit, some are too dear, too small or too worn."""
    products = []
    for number in range(count):
        product = make_product(f"Model {number:02}", category=shop.laptops, slug=f"model-{number}")
        make_variant(
            product,
            sku=f"M{number}",
            price=f"{200 + (number * 37) % 600}.00",
            grade="ABC"[number % 3],
            units=1,
            options={"ram_gb": (8, 16, 32)[number % 4 % 3]},
        )
        products.append(product.pk)
    rebuild(products)


def names_in_sql():
    """From the truth: laptops, 16 GB or more, Good or better, at most 500 USD, cheapest first."""
    rows = Variant.objects.filter(
        product__category__slug="laptops", is_offered=True, grade__in="NAB", price__lte=500, options__ram_gb__gte=16
    )
    best = {}
    for row in rows.select_related("product__brand").order_by("price", "product_id"):
        best.setdefault(row.product_id, row.product.full_name)
    return list(best.values())


def names_on(page):
    found = page.locator(".cards h2 a").all_inner_texts()
    while page.get_by_role("link", name="Next").count():
        page.get_by_role("link", name="Next").click()
        page.wait_for_load_state()
        found += page.locator(".cards h2 a").all_inner_texts()
    return found


def scroll_to(page, place):
    """Scroll as a person does: the page has heard of it before anything else happens."""
    wait = "requestAnimationFrame(() => requestAnimationFrame(done))"
    page.evaluate(f"() => new Promise((done) => {{ scrollTo(0, {place}); {wait}; }})")


def test_a_shopper_narrows_a_list_and_finds_it_again(shop, page, complaints):
    fill_laptops(shop)
    expected = names_in_sql()
    assert len(expected) == 10
    page.goto(LAPTOPS)
    for label in ("Good", "Excellent"):
        page.get_by_role("checkbox", name=label).check()
        page.get_by_role("link", name=f"Remove filter {label}").wait_for()
    page.get_by_role("checkbox", name="16\N{NO-BREAK SPACE}GB").check()
    page.get_by_role("link", name="Remove filter Memory: 16").wait_for()
    page.get_by_role("checkbox", name="32\N{NO-BREAK SPACE}GB").check()
    page.get_by_role("link", name="Remove filter Memory: 32").wait_for()
    page.get_by_label("Up to").first.fill("500")
    page.get_by_label("Up to").first.press("Tab")
    page.get_by_role("link", name="Remove filter up to $500.00").wait_for()
    page.get_by_label("Sort by").select_option("price")
    page.wait_for_url("**sort=price")
    expect(page.locator("[role=status] b").first).to_have_text(f"{len(expected)} results")
    address = page.url
    assert names_on(page) == expected

    page.goto("/")
    page.goto(address)
    assert names_on(page) == expected

    # Back, from the goods and from the last filter, to the place on the page where one was.
    page.goto(address)
    third = page.get_by_role("link", name=expected[3], exact=True)
    third.scroll_into_view_if_needed()
    scroll_to(page, 500)
    place = page.evaluate("scrollY")
    assert place > 300
    third.click()
    page.get_by_role("heading", level=1, name=expected[3]).wait_for()
    page.go_back()
    page.wait_for_function(f"() => scrollY === {place}")
    assert page.url == address
    page.get_by_role("link", name="Remove filter Good").evaluate("link => link.click()")
    page.wait_for_url(lambda url: url != address)
    page.go_back()
    page.wait_for_url(address)
    page.wait_for_function(f"() => scrollY === {place}")
    expect(page.get_by_role("link", name="Remove filter Good")).to_have_count(1)

    page.get_by_label("Up to").first.fill("150")
    page.get_by_label("Up to").first.press("Tab")
    page.get_by_text("The filter that empties the list is “Price up to $150.00”.").wait_for()
    expect(page.get_by_role("link", name=f"Drop “Price up to $150.00”, show {len_without_price()}")).to_be_visible()
    assert complaints == []


def len_without_price():
    rows = Variant.objects.filter(
        product__category__slug="laptops", is_offered=True, grade__in="NAB", options__ram_gb__gte=16
    )
    return rows.values("product").distinct().count()


def test_a_filter_in_place_and_back_restore_the_place_on_the_page(shop, page, complaints):
    fill_laptops(shop)
    page.goto(LAPTOPS)
    scroll_to(page, 700)
    page.get_by_role("checkbox", name="Good").evaluate("box => box.click()")
    page.get_by_role("link", name="Remove filter Good").wait_for()
    scroll_to(page, 100)
    page.go_back()
    page.wait_for_url(f"**{LAPTOPS}")
    page.wait_for_function("() => scrollY === 700")
    expect(page.get_by_role("link", name="Remove filter Good")).to_have_count(0)
    page.go_forward()
    page.wait_for_url("**?grade=B")
    page.wait_for_function("() => scrollY === 100")
    assert page.get_by_role("checkbox", name="Good").is_checked()
    assert complaints == []


def test_suggestions_by_keyboard(shop, page, complaints):
    page.goto("/")
    field = page.get_by_role("combobox", name="Search computers and parts")
    field.press_sequentially("think")
    listbox = page.get_by_role("listbox")
    listbox.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    expect(page.locator("#live")).to_have_text("1 suggestion")
    assert_good(page, complaints)
    expect(listbox).to_be_visible()
    field.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    assert "Lenovo ThinkPad T14 Gen 3" in chosen.inner_text()
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") is None
    field.press("ArrowUp")
    expect(page.get_by_role("option", selected=True)).to_have_count(1)
    field.press("Escape")
    expect(listbox).to_be_hidden()
    assert (field.input_value(), field.get_attribute("aria-expanded")) == ("think", "false")
    field.press("ArrowDown")
    listbox.wait_for()
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**/p/thinkpad-t14/")
    field.press_sequentially("laptops")
    page.get_by_role("option", name="Laptops").click()
    page.wait_for_url(f"**{LAPTOPS}")
    field.press_sequentially("think")
    listbox.wait_for()
    field.press("Enter")
    page.wait_for_url("**/search/?q=think")
    assert complaints == []


@pytest.mark.parametrize(
    "address", ["/", LAPTOPS, f"{LAPTOPS}?grade=A", "/p/thinkpad-t14/", "/search/?q=model", "/cart/"]
)
def test_a_page_weighs_little_and_asks_nobody_else(shop, page, complaints, address):
    fill_laptops(shop, 24)
    answers = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  (the driver marks what it calls)
    page.goto(address, wait_until="networkidle")
    own = urlsplit(page.url).netloc
    assert {urlsplit(answer.url).netloc for answer in answers if not answer.url.startswith("data:")} == {own}
    weights = dict.fromkeys(HEAVIEST, 0)
    for answer in answers:
        kind = answer.request.resource_type
        if kind in weights:
            weights[kind] += len(gzip.compress(answer.body()))
    assert all(0 < weights[kind] <= HEAVIEST[kind] for kind in HEAVIEST), weights
    # The data for search engines lies in the page, and the policy has nothing to say about it.
    assert complaints == []


def test_structured_data_is_read_and_not_run(shop, page, complaints):
    page.goto("/p/thinkpad-t14/")
    blocks = page.locator("script[type='application/ld+json']").all_text_contents()
    assert [json.loads(block)["@type"] for block in blocks] == ["ProductGroup", "BreadcrumbList"]
    assert complaints == []
