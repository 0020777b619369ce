"""Staff write texts and promotions: what is refused, what is on record, what pages then know."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import make_staff
from catalog.tests.factories import make_category, make_product
from core import clock
from core.models import AuditEntry
from core.refusals import Conflict, Refusal
from core.versions import SHOP, current_versions
from storefront.default_pages import PAGES, TEXTS, ensure_default_pages
from storefront.models import Promotion, TextPage
from storefront.prose import parse
from storefront.publishing import save_promotion, save_text_page, shop_path
from storefront.tests.factories import make_promotion, make_text_page

pytestmark = pytest.mark.django_db


def test_a_change_of_a_page_is_on_record_and_raises_the_version():
    staff = make_staff("writer@example.com")
    page = make_text_page("grades", title="Grades", body="Old")
    save_text_page(page, by=staff, values={"body": "New", "title": "Grades"})
    page.refresh_from_db()
    assert page.body == "New"
    first, second = AuditEntry.objects.filter(model="storefront.textpage", object_code="grades").order_by("id")
    assert (first.kind, first.facts["body"]) == ("created", [None, "Old"])
    assert (second.kind, second.actor_label, second.facts) == (
        "changed",
        "writer@example.com",
        {"body": ["Old", "New"]},
    )
    assert current_versions([SHOP]) == {SHOP: 2}


def test_a_save_that_changes_nothing_leaves_no_trace():
    page = make_text_page(body="Old")
    save_text_page(page, by=None, values={"body": "Old"})
    assert AuditEntry.objects.count() == 1
    assert current_versions([SHOP]) == {SHOP: 1}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": "x" * 40_001}, "body"),
        ({"body": ""}, "body"),
        ({"title": "x" * 81}, "title"),
        ({"summary": "x" * 10_000}, "summary"),
        ({"slug": "with space"}, "slug"),
        ({"slug": "<b>"}, "slug"),
        ({"place": "elsewhere"}, "place"),
        ({"position": 1000}, "position"),
    ],
)
def test_wrong_values_of_a_page_are_refused(values, field):
    page = make_text_page()
    with pytest.raises(Refusal) as refused:
        save_text_page(page, by=None, values=values)
    assert refused.value.code == "invalid_values"
    assert set(refused.value.facts["fields"]) == {field}
    assert AuditEntry.objects.count() == 1


def test_two_pages_cannot_have_one_address():
    make_text_page("terms")
    with pytest.raises(Conflict, match="already") as refused, transaction.atomic():
        make_text_page("terms")
    assert refused.value.code == "already_there"
    assert TextPage.objects.count() == 1


def test_promotions_are_shown_from_their_first_instant_to_just_before_their_last(time_machine):
    start, end = datetime(2026, 11, 24, 17, 0, tzinfo=UTC), datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
    promotion = make_promotion(starts_at=start, ends_at=end)
    microsecond = timedelta(microseconds=1)
    found = {}
    for moment in (start - microsecond, start, end - microsecond, end):
        time_machine.move_to(moment, tick=False)
        now = clock.now()
        reads = {"shown": "shown_at", "planned": "planned_at", "over": "over_at"}
        found[moment] = [name for name, read in reads.items() if getattr(Promotion.objects, read)(now).exists()]
    assert list(found.values()) == [["planned"], ["shown"], ["shown"], ["over"]]
    save_promotion(promotion, by=None, values={"ends_at": None})
    assert Promotion.objects.shown_at(end + timedelta(days=10_000)).exists()


@pytest.mark.parametrize("minutes", [0, -1, -100_000])
def test_a_promotion_ends_after_it_starts(minutes):
    start = clock.now()
    with pytest.raises(Refusal) as refused:
        make_promotion(starts_at=start, ends_at=start + timedelta(minutes=minutes))
    assert refused.value.facts["fields"] == {"ends_at": ["It would end before it starts."]}
    assert not Promotion.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.create(heading="x", starts_at=start, ends_at=start + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    "values",
    [{"heading": ""}, {"heading": "x" * 10_000}, {"text": "x" * 301}, {"link_label": "x" * 41}, {"place": "x"}],
)
def test_wrong_values_of_a_promotion_are_refused(values):
    with pytest.raises(Refusal) as refused:
        make_promotion(**values)
    assert set(refused.value.facts["fields"]) == set(values)
    assert not Promotion.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example/",
        "https://evil.example/",
        "http://testserver.evil.example/",
        "http://testserver@evil.example/",
        "javascript:alert(1)",
        "/\\evil.example",
        "\\\\evil.example",
        "cart/",
        "#departments",
        "/cart/\nX: y",
        "/cart/ /",
        '/cart/"><script>',
        "/nowhere/",
        "/admin/",
        "/api/v1/products/",
        "/auth/",
        "/%2fevil.example/",
        "/c/nothing/",
        "/c/hidden/",
        "/p/nothing/",
        "/about/nothing/",
        "/about/draft/",
        "/" + "x" * 10_000,
        "mailto:a@b.example",
        "\x00",
    ],
)
def test_a_link_leads_only_to_pages_of_this_shop(address):
    make_category("hidden", is_visible=False)
    make_text_page("draft", is_published=False)
    with pytest.raises(Refusal) as refused:
        make_promotion(link=address)
    assert set(refused.value.facts["fields"]) == {"link"}
    assert not Promotion.objects.exists()


def test_good_links_are_kept_as_paths(settings):
    make_category("laptops")
    product = make_product()
    make_text_page("grades")
    for path in (
        "/",
        "/cart/",
        "/c/laptops/?grade=A#list",
        f"/p/{product.slug}/",
        "/about/grades/#s-how",
        "/search/?q=a",
    ):
        assert shop_path(path) == path
        assert shop_path(f" {settings.SITE_URL}{path} ") == path
    assert shop_path("  ") == ""


def test_the_pages_of_a_fresh_shop_are_complete_and_their_links_lead_somewhere():
    assert ensure_default_pages(by=None) == [page.slug for page in PAGES]
    assert {path.stem for path in TEXTS.glob("*.md")} == {page.slug for page in PAGES}
    links = set()

    def collect(nodes):
        for node in nodes:
            links.update({node.href} if node.href else ())
            collect(node.children)

    for page in TextPage.objects.all():
        collect(parse(page.body))
    assert {shop_path(link) for link in links} == links
    assert "/about/returns/" in links


def test_pages_that_exist_stay_as_staff_left_them():
    ensure_default_pages(by=None)
    save_text_page(TextPage.objects.get(slug="terms"), by=None, values={"body": "Ours.", "is_published": False})
    TextPage.objects.filter(slug="questions").delete()
    version = current_versions([SHOP])
    assert ensure_default_pages(by=None) == ["questions"]
    assert ensure_default_pages(by=None) == []
    assert TextPage.objects.get(slug="terms").body == "Ours."
    assert not TextPage.objects.get(slug="terms").is_published
    assert current_versions([SHOP])[SHOP] == version[SHOP] + 1
