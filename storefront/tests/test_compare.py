"""Up to four offers side by side."""

import re
from urllib.parse import quote

import pytest
from django.test import Client

from catalog.listings import rebuild
from catalog.models import Product, Unit
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from storefront.compare_cookie import LONGEST_COOKIE
from storefront.comparing import Row, Verdict

pytestmark = pytest.mark.django_db
LAPTOPS = "/c/computers/laptops/"
HTMX = {"HX-Request": "true"}


def text(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def compare(client, *skus):
    for sku in skus:
        assert client.post("/compare/add/", {"sku": sku}).status_code == 302


def rows(page):
    """Return the rows of the table: label to (differs, values)."""
    found = {}
    for differs, label, cells in re.findall(
        r'<tr( class="differs")?><th scope="row">([^<]+)(.*?)</tr>', page, re.DOTALL
    ):
        values = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", cells, re.DOTALL)]
        found[label.strip()] = (bool(differs), values)
    return found


# --- Choosing -------------------------------------------------------------------------------------------------------


def test_what_is_compared_lies_in_a_cookie_of_skus(shop, visitor):
    response = visitor.post("/compare/add/", {"sku": "T14-A-16"}, headers={"Referer": f"http://testserver{LAPTOPS}"})
    assert response["Location"] == f"http://testserver{LAPTOPS}"
    cookie = response.cookies["compare"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["secure"]) == ("T14-A-16", True, "Lax", "")
    assert "Lenovo ThinkPad T14 Gen 3 is in the comparison, 1 of 4." in text(visitor, LAPTOPS)
    compare(visitor, "M500", "T14-A-16")
    assert visitor.cookies["compare"].value == "T14-A-16|M500"
    visitor.post("/compare/remove/", {"sku": "T14-A-16"})
    assert visitor.cookies["compare"].value == "M500"
    assert visitor.post("/compare/remove/", {"sku": "M500"}).cookies["compare"].value == ""


def test_over_https_the_cookie_is_secure(shop, visitor):
    assert visitor.post("/compare/add/", {"sku": "M500"}, secure=True).cookies["compare"]["secure"] is True


@pytest.mark.parametrize("sku", ["A|B", "A B", "ឡាន១២", "A%7C!;=,", '"quoted"'])
def test_any_sku_survives_the_cookie(shop, visitor, sku):
    make_variant(shop.laptop, sku=sku, units=1)
    compare(visitor, "M500", sku)
    page = text(visitor, "/compare/")
    assert page.count('<th scope="col">') == 2
    assert f"offer={quote(sku, safe='/')}" in page


def test_cards_and_product_pages_have_the_button_and_it_knows_what_is_compared(shop, visitor):
    rebuild([shop.laptop.pk])
    fresh = text(visitor, LAPTOPS)
    assert 'name="sku" value="T14-B-16" formaction="/compare/add/"' in fresh
    assert 'Compare<span class="vh"> Lenovo ThinkPad T14 Gen 3</span>' in fresh
    compare(visitor, "T14-B-16", "M500")
    again = text(visitor, LAPTOPS)
    assert 'name="sku" value="T14-B-16" formaction="/compare/remove/"' in again
    assert 'href="/compare/">See all 2<' in again
    assert 'formaction="/compare/add/"' in text(visitor, "/p/thinkpad-t14/?offer=T14-A-16")
    assert 'formaction="/compare/remove/"' in text(visitor, "/p/thinkpad-t14/?offer=T14-B-16")
    assert "/compare/remove/" not in text(Client(), LAPTOPS)


def test_a_fifth_is_refused_by_naming_the_four(shop, visitor):
    fifth = make_variant(shop.laptop, sku="T14-C-32", grade="C", options={"ram_gb": 32}, units=1)
    compare(visitor, "T14-A-16", "T14-B-16", "T14-A-32", "M500")
    words = (
        "You compare 4 already: Lenovo ThinkPad T14 Gen 3, Excellent; Lenovo ThinkPad T14 Gen 3, Good; "
        "Lenovo ThinkPad T14 Gen 3, Excellent; Logitech M500, New. Take one out first."
    )
    compare(visitor, fifth.sku)
    assert visitor.cookies["compare"].value == "T14-A-16|T14-B-16|T14-A-32|M500"
    assert words in text(visitor, "/compare/")
    body = visitor.post("/compare/add/", {"sku": fifth.sku}, headers=HTMX).content.decode()
    assert body.count(words) == 2  # seen, and said
    assert 'hx-post="/compare/add/"' in body
    assert 'href="/compare/">See all 4<' in body
    # What nobody can open any more makes room.
    Product.objects.filter(pk=shop.mouse.product_id).update(status="retired")
    compare(visitor, fifth.sku)
    assert visitor.cookies["compare"].value == "T14-A-16|T14-B-16|T14-A-32|T14-C-32"


def test_htmx_gets_the_button_and_a_sentence(shop, visitor):
    body = visitor.post("/compare/add/", {"sku": "M500"}, headers=HTMX).content.decode()
    assert body.startswith('<span class="choose" data-say="Logitech M500 is in the comparison, 1 of 4."><button ')
    assert 'hx-post="/compare/remove/"' in body
    assert "See it<" in body
    body = visitor.post("/compare/remove/", {"sku": "M500"}, headers=HTMX).content.decode()
    assert 'data-say="Logitech M500 is out of the comparison."' in body
    assert 'hx-post="/compare/add/"' in body


@pytest.mark.parametrize("sku", ["NOPE", "x" * 4000, "T14\x00", "", "' OR 1=1 --"])
def test_an_unknown_offer_is_not_found(shop, visitor, sku):
    for path in ("/compare/add/", "/compare/remove/"):
        response = visitor.post(path, {"sku": sku})
        assert response.status_code == 404
        assert "compare" not in response.cookies


@pytest.mark.parametrize("path", ["/compare/add/", "/compare/remove/"])
def test_changes_are_posts_with_a_token(path, visitor):
    assert visitor.get(path).status_code == 405
    assert Client(enforce_csrf_checks=True).post(path, {"sku": "M500"}).status_code == 403


@pytest.mark.parametrize(
    "value",
    [
        "|".join(f"SKU{number}" for number in range(10_000)),
        "|".join(f"S{number}" for number in range(200)),
        "|" * 1000,
        "%00|%0d%0aSet-Cookie: a=b|%ff%fe|%",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "x" * LONGEST_COOKIE,
        "M500|" * 200,
        "é" * 300,
    ],
    ids=lambda value: value[:12],
)
def test_junk_in_the_cookie_is_ignored(shop, visitor, value, django_assert_max_num_queries):
    visitor.cookies["compare"] = value
    with django_assert_max_num_queries(12):
        page = text(visitor, "/compare/")
        text(visitor, LAPTOPS)
    assert "<script>alert" not in page
    assert page.count('<th scope="col">') == (1 if value.startswith("M500") else 0)
    assert "compare" not in visitor.get("/compare/").cookies
    # And it stands in nobody's way.
    compare(visitor, "T14-A-16")
    assert "T14-A-16" in visitor.cookies["compare"].value.split("|")
    assert "Compared<" in text(visitor, "/p/thinkpad-t14/?offer=T14-A-16")


# --- The table ------------------------------------------------------------------------------------------------------


def test_the_table_marks_what_differs(shop, visitor):
    compare(visitor, "T14-A-16", "T14-B-16", "T14-A-32")
    page = text(visitor, "/compare/")
    assert rows(page) == {
        "Price": (True, ["$600.00", "$505.00", "$655.00"]),
        "Condition": (True, ["Excellent", "Good", "Excellent"]),
        "Stock": (True, ["2 in stock", "1 left", "1 left"]),
        "Warranty": (False, ["12 months"] * 3),
        "Battery": (False, ["91 % of its first capacity"] * 3),
        "Processor": (False, ["Core i5-1245U"] * 3),
        "Memory": (True, ["16\N{NO-BREAK SPACE}GB", "16\N{NO-BREAK SPACE}GB", "32\N{NO-BREAK SPACE}GB"]),
        "Screen size": (False, ["14″"] * 3),
        "Weight": (False, ["not recorded"] * 3),
    }
    # The mark is a word and an icon, the colour comes on top.
    assert page.count('i-compare"/></svg>differs</span>') == 4
    assert '<div class="scroll compare panel" role="region" aria-labelledby="compare-caption" tabindex="0">' in page
    assert page.count('action="/cart/add/"') == 3


def test_only_differences(shop, visitor):
    compare(visitor, "T14-A-16", "T14-A-32")
    page = text(visitor, "/compare/")
    assert 'href="/compare/?only=differences"' in page
    less = text(visitor, "/compare/?only=differences")
    assert list(rows(less)) == ["Price", "Stock", "Memory"]
    assert "6 rows that are the same are left out" in less
    assert '<a class="btn btn-s" href="/compare/">' in less
    assert len(rows(text(visitor, "/compare/?only=everything"))) == 9


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (("a", "a"), Verdict.SAME),
        (("", ""), Verdict.SAME),
        (("a", "b"), Verdict.DIFFERS),
        (("a", "b", ""), Verdict.DIFFERS),
        (("a", ""), Verdict.UNKNOWN),
        (("a", None), Verdict.UNKNOWN),
        (("", None), Verdict.SAME),
        ((None, "a", "a"), Verdict.UNKNOWN),
        ((None, "a", "b"), Verdict.DIFFERS),
    ],
)
def test_what_is_missing_is_neither_the_same_nor_different(values, verdict):
    assert Row("Label", values).verdict == verdict


def test_goods_of_different_departments_stand_side_by_side(shop, visitor):
    shop.mouse.product.category.spec_definitions = [
        {"key": "buttons", "label": "Buttons", "kind": "integer"},
        {"key": "weight_kg", "label": "Weight", "kind": "decimal", "unit": "kg"},
    ]
    shop.mouse.product.category.save()
    shop.mouse.product.specs = {"buttons": 3, "weight_kg": 0.1}
    shop.mouse.product.save()
    compare(visitor, "T14-A-16", "M500")
    page = text(visitor, "/compare/")
    found = rows(page)
    assert list(found)[:2] == ["Price", "Department"]
    assert found["Department"] == (True, ["Laptops", "Mouse"])
    assert found["Memory"] == (False, ["16\N{NO-BREAK SPACE}GB", "does not apply"])
    assert found["Buttons"] == (False, ["does not apply", "3"])
    assert found["Weight"] == (False, ["not recorded", "0.1\N{NO-BREAK SPACE}kg"])
    assert found["Battery"] == (False, ["91 % of its first capacity", "not recorded"])
    assert {"Weight", "Memory", "Buttons"} <= set(rows(text(visitor, "/compare/?only=differences")))


def test_the_battery_is_that_of_the_unit_an_order_would_take(shop, visitor):
    first = Unit.objects.filter(variant=shop.excellent).order_by("pk").first()
    first.battery_health_percent = 71
    first.save()
    make_units(shop.excellent, quantity=1, battery_health_percent=99)
    compare(visitor, "T14-A-16", "T14-B-16")
    assert rows(text(visitor, "/compare/"))["Battery"][1] == [
        "71 % of its first capacity",
        "91 % of its first capacity",
    ]
    Unit.objects.filter(pk=first.pk).update(state="repair")
    assert rows(text(visitor, "/compare/"))["Battery"][1][0] == "91 % of its first capacity"


def test_goods_without_batteries_have_no_such_row(shop, visitor):
    other = make_variant(make_product(category=shop.mouse.product.category), units=1)
    compare(visitor, "M500", other.sku)
    assert list(rows(text(visitor, "/compare/"))) == ["Price", "Condition", "Stock", "Warranty"]


def test_sold_out_unpriced_and_equal_things(shop, visitor):
    unpriced = make_variant(shop.laptop, sku="LATER", price=None, grade="C", options={"ram_gb": 16})
    compare(visitor, "T14-C-16", unpriced.sku)
    page = text(visitor, "/compare/")
    assert rows(page)["Price"] == (True, ["$449.00", "no price"])
    assert rows(page)["Stock"] == (False, ["sold out", "sold out"])
    assert "Not for sale now" in page
    assert 'action="/cart/add/"' not in page
    twin = make_variant(shop.laptop, sku="TWIN", price="449.00", grade="C", options={"ram_gb": 16})
    page = text(visitor, f"/compare/?sku=T14-C-16&sku={twin.sku}&only=differences")
    assert "They are the same in everything that is recorded." in page


def test_one_thing_asks_for_another_and_none_shows_the_way(shop, visitor):
    assert "Nothing to compare yet" in text(visitor, "/compare/")
    compare(visitor, "M500")
    page = text(visitor, "/compare/")
    assert "Add another one" in page
    assert "Only differences" not in page
    assert 'class="differs"' not in page


# --- Sharing it -----------------------------------------------------------------------------------------------------


def test_the_address_shows_the_same_to_everybody_and_changes_nobodys_own(shop, visitor):
    compare(visitor, "T14-A-16", "M500")
    shared = re.search(r'href="http://testserver(/compare/\?sku=[^"]+)">Link to this', text(visitor, "/compare/"))[1]
    assert shared == "/compare/?sku=T14-A-16&amp;sku=M500"
    friend = Client()
    compare(friend, "T14-B-16")
    page = text(friend, "/compare/?sku=T14-A-16&sku=M500")
    assert rows(page)["Price"][1] == ["$600.00", "$12.00"]
    assert 'href="/compare/?sku=M500">Leave out<' in page
    assert 'href="/compare/?sku=T14-A-16&amp;sku=M500&amp;only=differences"' in page
    assert "/compare/remove/" not in page
    assert friend.cookies["compare"].value == "T14-B-16"
    assert '<meta name="robots" content="noindex">' in page
    assert "no-store" in friend.get("/compare/?sku=M500")["Cache-Control"]


@pytest.mark.parametrize(
    ("query", "shown", "words"),
    [
        ("sku=T14-A-16&sku=T14-A-16", 1, ""),
        ("sku=NOPE&sku=M500", 1, "we no longer offer everything"),
        ("sku=NOPE", 0, "We no longer offer what was to be compared."),
        ("sku=", 0, "Nothing to compare yet"),
        ("sku=%00&sku=" + "x" * 5000, 0, "Nothing to compare yet"),
        ("sku=T14-A-16&sku=T14-B-16&sku=T14-A-32&sku=T14-C-16&sku=M500", 4, "Four can stand side by side"),
        ("&".join(f"sku=S{number}" for number in range(900)), 0, "We no longer offer what was to be compared."),
        ("sku=m500", 0, "We no longer offer what was to be compared."),
        ("only=%3Cscript%3E&sku=M500&page=2&x=y", 1, ""),
    ],
    ids=lambda value: str(value)[:16],
)
def test_strange_addresses(shop, visitor, query, shown, words, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        page = text(visitor, f"/compare/?{query}")
    assert page.count('<th scope="col">') == shown
    assert words in page
    assert "<script>" not in page


def test_what_was_withdrawn_leaves_the_table(shop, visitor):
    compare(visitor, "T14-A-16", "M500")
    secret = make_category("secret", is_visible=False)
    Product.objects.filter(pk=shop.mouse.product_id).update(category=secret)
    page = text(visitor, "/compare/")
    assert page.count('<th scope="col">') == 1
    assert "we no longer offer everything" in page


@pytest.mark.parametrize("things", [2, 4])
def test_the_page_takes_the_same_queries_for_two_and_four(shop, visitor, django_assert_num_queries, things):
    compare(visitor, *["T14-A-16", "M500", "T14-A-32", "T14-B-16"][:things])
    text(visitor, "/compare/")
    with django_assert_num_queries(4):  # versions, the offers, their photos, their first units
        text(visitor, "/compare/")
