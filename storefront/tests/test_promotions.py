"""What the home page promotes: in its time, in its order, with its picture or a drawing."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.sites import site
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import make_staff
from accounts.tests.signing import ShopClient
from backoffice.roles import sync_roles
from catalog.flow import PhotoState
from catalog.models import Photo
from catalog.tests.factories import make_category
from core import clock
from core.models import AuditEntry
from storefront.admin.promotions import home_at
from storefront.models import Promotion
from storefront.publishing import save_promotion
from storefront.tests.factories import make_promotion

pytestmark = pytest.mark.django_db
HERO = "Good machines, put back to work."
HOSTILE = "<script>alert(1)</script>\"'{{ 7*7 }}"
LIST = "/admin/storefront/promotion/"


def text(client, address="/"):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def staff(role="Catalogue"):
    sync_roles()
    client = ShopClient()
    client.force_login(make_staff(groups=[role]))
    return client


def make_photo(**values):
    facts = {"alt": "Three laptops on a desk", "width": 1200, "height": 900, "content_hash": "0" * 64, "original": "x"}
    return Photo.objects.create(**{**facts, **values})


def ready_photo():
    names = {kind: {"320": f"photos/P/320.{kind}", "640": f"photos/P/640.{kind}"} for kind in ("avif", "webp")}
    return make_photo(state=PhotoState.READY, renditions=names)


def form_of(promotion=None, **changes):
    """Return what the admin's form sends, with the instants in the shop's time."""
    values = {
        "place": "panel",
        "heading": "Students",
        "text": "",
        "link": "",
        "link_label": "",
        "photo": "",
        "position": 0,
    }
    for name, value in (("starts_at", clock.now()), ("ends_at", None)):
        local = timezone.localtime(changes.pop(name, getattr(promotion, name, value)) or clock.now())
        is_set = name == "starts_at" or name in changes or getattr(promotion, name, None)
        values |= {
            f"{name}_0": f"{local:%Y-%m-%d}" if is_set else "",
            f"{name}_1": f"{local:%H:%M:%S}" if is_set else "",
        }
    return {**values, **changes}


def test_without_promotions_the_built_in_hero_stands(visitor):
    page = text(visitor)
    assert f"<h1>{HERO}</h1>" in page
    assert 'class="promo"' not in page


def test_hero_and_panels_are_shown_with_their_links(visitor):
    make_category("laptops")
    make_promotion("Back to school", place="hero", text="From $235", link="/c/laptops/", link_label="See the laptops")
    make_promotion("Second", position=2, link="/cart/")
    make_promotion("First", position=1)
    page = text(visitor)
    assert "<h1>Back to school</h1>" in page
    assert page.count("<h1") == 1
    assert '<a class="btn btn-1" href="/c/laptops/">See the laptops</a>' in page
    assert '<a class="btn btn-s" href="/cart/">Have a look</a>' in page
    assert re.findall(r"<article class=\"promo\">.*?<h3>(\w+)</h3>", page) == ["First", "Second"]
    assert HERO not in page


def test_of_several_heroes_the_first_is_shown(visitor):
    make_promotion("Old", place="hero", starts_at=clock.now() - timedelta(days=2))
    make_promotion("New", place="hero", starts_at=clock.now() - timedelta(days=1))
    make_promotion("Ahead", place="hero", position=0, starts_at=clock.now() + timedelta(days=1))
    assert "<h1>New</h1>" in text(visitor)
    save_promotion(Promotion.objects.get(heading="New"), by=None, values={"position": 1})
    assert "<h1>Old</h1>" in text(visitor)


def test_the_page_changes_with_the_clock_alone(visitor, time_machine):
    """No save and no restart lies between these requests; the shop's zone is seven hours ahead of UTC."""
    start = timezone.make_aware(timezone.datetime(2026, 12, 1, 0, 0))
    assert start.isoformat() == "2026-12-01T00:00:00+07:00"
    make_promotion("December", place="hero", starts_at=start, ends_at=start + timedelta(days=1))
    seen = {}
    for moment in (
        "2026-11-30T16:59:59.999999",
        "2026-11-30T17:00:00",
        "2026-12-01T16:59:59.999999",
        "2026-12-01T17:00:00",
    ):
        time_machine.move_to(f"{moment}+00:00", tick=False)
        seen[moment] = "<h1>December</h1>" in text(visitor)
    assert list(seen.values()) == [False, True, True, False]


def test_a_photo_is_shown_in_its_widths_with_its_size(visitor):
    make_promotion(photo=ready_photo())
    page = text(visitor)
    url = default_storage.url("photos/P/")
    assert f'<source type="image/avif" srcset="{url}320.avif 320w, {url}640.avif 640w"' in page
    assert f'<img src="{url}640.webp" srcset="{url}320.webp 320w, {url}640.webp 640w"' in page
    assert 'width="1200" height="900" alt="Three laptops on a desk"' in page


def test_a_drawing_stands_in_for_a_photo_that_cannot_be_shown(visitor):
    make_category("memory")
    make_promotion("One", photo=make_photo())
    make_promotion("Two", link="/c/memory/")
    removed = ready_photo()
    make_promotion("Three", photo=removed)
    Photo.objects.filter(pk=removed.pk).update(removed_at=clock.now())
    page = text(visitor)
    assert page.count('<figure class="pic"><span class="thumb" aria-hidden="true"><svg') == 3
    assert "<picture>" not in page


def test_markup_is_shown_as_text(visitor):
    make_promotion(HOSTILE, place="hero", text=HOSTILE, link="/cart/", link_label=HOSTILE[:40])
    make_promotion(HOSTILE, text=HOSTILE)
    page = text(visitor)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
    assert "{{ 7*7 }}" in page


@pytest.mark.parametrize("count", [1, 3])
def test_promotions_cost_one_query(visitor, django_assert_num_queries, count):
    for number in range(count):
        make_promotion(f"Promotion {number}", photo=ready_photo() if number == 0 else None)
    text(visitor)
    with django_assert_num_queries(2):  # versions and promotions; the rest is kept
        text(visitor)


def test_staff_see_the_page_of_another_moment_and_nobody_else_does(visitor, customer):
    later = make_promotion("December", place="hero", starts_at=clock.now() + timedelta(days=9))
    address = home_at(later)
    assert parse_qs(urlsplit(address).query)["at"] == [
        timezone.localtime(later.starts_at).replace(tzinfo=None).isoformat()
    ]
    for client in (visitor, customer):
        page = text(client, address)
        assert "December" not in page
        assert "Preview" not in page
    page = text(staff(), address)
    assert "<h1>December</h1>" in page
    assert "Preview for staff" in page
    assert home_at(make_promotion("Now")) == "/"


@pytest.mark.parametrize("moment", ["", "soon", "2026-13-01", "2026-02-30T00:00:00", "9" * 10_000, "\x00", "<b>"])
def test_moments_that_make_no_sense_show_today(moment):
    assert f"<h1>{HERO}</h1>" in text(staff(), f"/?at={moment}")


def test_the_list_tells_now_planned_and_over_apart(client):
    boss = staff()
    now = clock.now()
    make_promotion("Shown", link="/cart/")
    make_promotion("Ahead", starts_at=now + timedelta(days=1))
    make_promotion("Past", starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    found = {}
    for choice in ("now", "planned", "over", "nonsense"):
        rows = boss.get(f"{LIST}?when={choice}").context["cl"].result_list
        found[choice] = sorted(row.heading for row in rows)
    assert found == {"now": ["Shown"], "planned": ["Ahead"], "over": ["Past"], "nonsense": ["Ahead", "Past", "Shown"]}
    page = text(boss, LIST)
    assert re.findall(r'class="field-when">(\w+)<', page).count("planned") == 1
    assert page.count(">See the page</a>") == 3
    words = site._registry[Promotion]
    assert words.picture(Promotion(photo=make_photo())) == "Three laptops on a desk (not ready, a drawing until then)"


def test_staff_write_a_promotion_in_the_admin(visitor):
    boss = staff()
    response = boss.post(f"{LIST}add/", form_of(heading="Students", link="http://testserver/cart/", link_label="Go"))
    assert response.status_code == 302, response.context["errors"]
    promotion = Promotion.objects.get()
    assert promotion.link == "/cart/"
    assert "<h3>Students</h3>" in text(visitor)
    page = reverse("admin:storefront_promotion_change", args=[promotion.pk])
    assert 'href="/"' in text(boss, page)
    boss.post(page, form_of(promotion, heading="Pupils", link="/cart/"))
    assert "<h3>Pupils</h3>" in text(visitor)
    assert AuditEntry.objects.filter(model="storefront.promotion", object_code=str(promotion.pk)).count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"link": "https://evil.example/"}, "Enter a path of this shop"),
        ({"link": "//evil.example/"}, "Enter a path of this shop"),
        ({"link": "javascript:alert(1)"}, "Enter a path of this shop"),
        ({"link": "/nowhere/"}, "This shop has no such page."),
        ({"heading": "x" * 10_000}, "at most 80 characters"),
        ({"starts_at_0": "tomorrow"}, "Enter a valid date."),
        ({"starts_at_0": "2026-02-30"}, "Enter a valid date."),
        ({"starts_at_1": "25:00"}, "Enter a valid time."),
        ({"ends_at_0": "2001-01-01", "ends_at_1": "00:00:00"}, "It would end before it starts."),
        ({"place": "roof"}, "not one of the available choices"),
        ({"photo": "nothing"}, "not one of the available choices"),
        ({"position": "-1"}, "greater than or equal to 0"),
    ],
)
def test_wrong_input_is_refused_in_words_and_changes_nothing(changes, words):
    response = staff().post(f"{LIST}add/", form_of(**changes))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Promotion.objects.exists()
    assert not AuditEntry.objects.filter(model="storefront.promotion").exists()


@pytest.mark.parametrize(
    ("role", "status"),
    [("Support", 403), ("Warehouse", 403), ("Catalogue", 302), ("Finance", 403), ("Manager", 302), ("Auditor", 403)],
)
def test_who_may_write(role, status):
    client = staff(role)
    assert client.post(f"{LIST}add/", form_of()).status_code == status
    page = {"title": "T", "slug": "t", "summary": "", "body": "B", "place": "help", "position": 0}
    assert client.post("/admin/storefront/textpage/add/", page).status_code == status
    assert client.get(LIST).status_code == 200
    assert Promotion.objects.count() == (status == 302)


def test_the_slug_of_a_page_is_given_once_and_hostile_texts_stay_texts():
    boss = staff()
    page = {"title": HOSTILE, "slug": "t", "summary": HOSTILE, "body": HOSTILE, "place": "help", "position": 0}
    assert boss.post("/admin/storefront/textpage/add/", page).status_code == 302
    listed = text(boss, "/admin/storefront/textpage/")
    assert "<script>alert" not in listed
    from storefront.models import TextPage

    saved = TextPage.objects.get()
    change = reverse("admin:storefront_textpage_change", args=[saved.pk])
    form = text(boss, change)
    assert 'href="/about/t/"' in form
    assert 'name="slug"' not in form
    boss.post(change, {**page, "slug": "other", "body": "x" * 40_001})
    boss.post(change, {**page, "slug": "other", "is_published": "on"})
    saved.refresh_from_db()
    assert (saved.slug, saved.body, saved.is_published) == ("t", HOSTILE, True)
