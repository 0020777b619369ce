"""The admin's pages of photos: several files at once, order, words, removal, and what went wrong."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import make_staff
from catalog.models import Photo, ProductPhoto, UnitPhoto
from catalog.photos import remove_photo
from catalog.pictures import pictures_of
from catalog.tests.factories import make_product, make_units, make_variant
from catalog.tests.photos import make_photo
from core.tests.pictures import HTML, SVG, picture, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
ADD = "admin:catalog_photo_add"


@pytest.fixture
def boss(client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def photos_page(subject):
    return reverse(f"admin:catalog_{subject._meta.model_name}_photos", args=[subject.pk])


def text(response):
    return response.content.decode()


def sent(*rows, **more):
    """Return what the form for new photos sends: a file (or None) and a description for each row."""
    told = {"upload": "Add", "new-TOTAL_FORMS": "5", "new-INITIAL_FORMS": "0", **more}
    for number, (content, alt) in enumerate(rows):
        told[f"new-{number}-alt"] = alt
        if content is not None:
            told[f"new-{number}-upload"] = upload(content, f"photo-{number}.png")
    return told


def arranged(client, subject, *changes):
    """Return what the form of the standing photos sends; `changes` are (index, field, value)."""
    shown = client.get(photos_page(subject)).context["shown"]
    told = {"save": "Save", "shown-TOTAL_FORMS": str(len(shown.forms)), "shown-INITIAL_FORMS": str(len(shown.forms))}
    for form in shown.forms:
        for name in ("code", "position", "alt"):
            told[form.add_prefix(name)] = form[name].value()
    return told | {f"shown-{index}-{name}": value for index, name, value in changes}


def words(subject):
    found = pictures_of(subject.pk).of_product
    return [shown["alt"] for shown in found]


def test_several_photos_at_once(boss, client):
    product = make_product()
    page = photos_page(product)
    assert "No photos yet." in text(client.get(page))
    rows = [(picture(400, 300 + n), f"Side {n}") for n in range(5)]
    answer = client.post(page, sent(*rows), follow=True)
    assert "5 photos added; the pages show them in a moment." in text(answer)
    assert list(ProductPhoto.objects.values_list("product", "photo__alt", "photo__uploaded_by")) == [
        (product.pk, f"Side {n}", boss.pk) for n in range(5)
    ]
    assert text(answer).count("Being prepared.") == 5


def test_a_refused_file_does_not_hold_up_the_others_and_says_why(boss, client):
    product = make_product()
    answer = client.post(
        photos_page(product),
        sent((picture(), "Lid"), (SVG, "A drawing"), (picture(500, 400), ""), (None, "Forgotten"), (HTML, "<b>x</b>")),
    )
    page = text(answer)
    assert answer.status_code == 400
    assert [photo.alt for photo in Photo.objects.all()] == ["Lid"]
    assert "photo-1.png: This is not a JPEG, PNG, WebP or AVIF picture that can be opened" in page
    assert "photo-2.png: description: This field is required." in page
    assert "Its description was: A drawing" in page
    assert "Its description was: Forgotten" in page
    assert "Its description was: &lt;b&gt;x&lt;/b&gt;" in page
    assert "1 photo added" in page


@pytest.mark.parametrize("more", [{"new-TOTAL_FORMS": "x"}, {"new-TOTAL_FORMS": "9999"}, {"new-TOTAL_FORMS": ""}])
def test_a_bent_form_changes_nothing(boss, client, more):
    answer = client.post(photos_page(make_product()), sent(**more))
    assert answer.status_code in (302, 400)
    assert not Photo.objects.exists()


def test_nothing_chosen_is_said(boss, client):
    answer = client.post(photos_page(make_product()), sent(), follow=True)
    assert "Choose at least one picture." in text(answer)


def test_order_words_and_removal_in_one_go(boss, client):
    product = make_product()
    for alt in ("one", "two", "three"):
        make_photo(product, alt)
    answer = client.post(
        photos_page(product),
        arranged(client, product, (0, "position", "9"), (1, "remove", "on"), (2, "alt", "third")),
        follow=True,
    )
    assert "Saved." in text(answer)
    assert words(product) == ["third", "one"]
    assert Photo.objects.exclude(removed_at=None).get().alt == "two"
    assert text(answer).index("third") < text(answer).index('value="one"')


@pytest.mark.parametrize(("name", "value"), [("position", "0"), ("position", "x"), ("alt", ""), ("alt", "x" * 161)])
def test_a_bad_order_or_description_changes_nothing(boss, client, name, value):
    product = make_product()
    make_photo(product, "one")
    make_photo(product, "two")
    told = arranged(client, product, (0, name, value), (1, "remove", "on"))
    answer = client.post(photos_page(product), told)
    assert answer.status_code == 400
    assert words(product) == ["one", "two"]


def test_a_form_that_lay_open_while_somebody_removed_a_photo_changes_nothing(boss, client):
    product = make_product()
    one, _ = make_photo(product, "one"), make_photo(product, "two")
    told = arranged(client, product, (1, "alt", "changed"))
    remove_photo(one, by=None)
    answer = client.post(photos_page(product), told, follow=True)
    assert "Somebody has just added or removed a photo. Nothing was changed." in text(answer)
    assert words(product) == ["two"]


def test_a_photo_of_another_product_cannot_be_slipped_in(boss, client):
    product, other = make_product(), make_product()
    make_photo(product, "mine")
    stranger = make_photo(other, "theirs")
    told = arranged(client, product, (0, "code", stranger.code), (0, "remove", "on"))
    client.post(photos_page(product), told)
    assert (words(product), words(other)) == (["mine"], ["theirs"])


def test_a_unit_has_a_page_of_its_own(boss, client):
    (unit,) = make_units(make_variant(), serials=["PF1"])
    client.post(photos_page(unit), sent((picture(), "Scratch on the lid")))
    assert UnitPhoto.objects.get().unit == unit
    page = text(client.get(reverse("admin:catalog_unit_change", args=[unit.pk])))
    assert f'href="{photos_page(unit)}">Photos (1)</a>' in page
    product_page = text(client.get(reverse("admin:catalog_product_change", args=[unit.variant.product_id])))
    assert ">Photos (0)</a>" in product_page


def test_a_failed_photo_says_why_and_can_be_tried_again(boss, client):
    product = make_product()
    photo = make_photo(product, ready=False)
    Photo.objects.update(state="failed", failure="This picture is damaged.")
    page = text(client.get(photos_page(product)))
    again = reverse("admin:catalog_photo_try_again", args=[photo.pk])
    assert "This picture is damaged." in page
    assert f'formaction="{again}"' in page
    answer = client.post(again, follow=True)
    assert "It is being prepared again." in text(answer)
    photo.refresh_from_db()
    assert (photo.state, photo.failure) == ("waiting", "")
    assert photos_page(product) in text(answer)


def test_thumbnails_show_the_smallest_rendition(boss, client):
    product = make_product()
    photo = make_photo(product, "Lid")
    source = f'src="/media/photos/{photo.code}/1/160.webp" alt="Lid"'
    for url in (
        photos_page(product),
        reverse("admin:catalog_photo_changelist"),
        reverse("admin:catalog_photo_change", args=[photo.pk]),
    ):
        assert source in text(client.get(url))


def test_the_shops_own_photos_are_added_in_the_list_of_all(boss, client):
    url = reverse(ADD)
    assert client.get(url).status_code == 200
    answer = client.post(url, sent((picture(), "The counter"), (SVG, "x")))
    assert answer.status_code == 400
    answer = client.post(url, sent((picture(500, 400), "The door")))
    assert answer.url == reverse("admin:catalog_photo_changelist")
    assert list(Photo.objects.order_by("pk").values_list("alt", flat=True)) == ["The counter", "The door"]
    popup = client.post(url, sent((picture(600, 400), "The street"), _popup="1"))
    assert str(Photo.objects.get(alt="The street").pk) in text(popup)


def test_the_shops_own_photo_is_removed_by_a_button_and_one_of_goods_is_not(boss, client):
    own, of_goods = make_photo(None, "own"), make_photo(make_product(), "goods")
    for photo in (own, of_goods):
        client.post(reverse("admin:catalog_photo_remove", args=[photo.pk]))
    assert Photo.objects.get(removed_at=None) == of_goods
    listed = client.get(reverse("admin:catalog_photo_changelist")).context["cl"].result_list
    assert list(listed) == [of_goods]
    assert "has been removed" in text(client.get(reverse("admin:catalog_photo_change", args=[own.pk])))


def test_words_are_edited_on_the_photos_page_too(boss, client):
    photo = make_photo(make_product(), "Lid")
    url = reverse("admin:catalog_photo_change", args=[photo.pk])
    client.post(url, {"alt": "Lid, closed", "state": "failed"})
    photo.refresh_from_db()
    assert (photo.alt, photo.state) == ("Lid, closed", "ready")
    assert "at most 160 characters" in text(client.post(url, {"alt": "x" * 161}))


@pytest.mark.parametrize("noun", ["product", "unit"])
@pytest.mark.parametrize("granted", ["", "view_photo", "view_photo add_photo change_photo delete_photo"])
@pytest.mark.parametrize("may_change", [False, True])
def test_who_may_change_the_goods_may_change_their_photos(client, noun, granted, may_change):
    (unit,) = make_units(make_variant(), serials=["PF1"])
    subject = unit if noun == "unit" else unit.variant.product
    user = make_staff()
    names = [*granted.split(), f"view_{noun}", *([f"change_{noun}"] if may_change else [])]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    page = photos_page(subject)
    may_edit = may_change and "delete_photo" in granted
    answer = client.get(page)
    assert answer.status_code == (200 if granted else 403)
    assert ("Add photos" in text(answer)) == may_edit
    client.post(page, sent((picture(), "Lid")))
    assert Photo.objects.count() == may_edit
    link = f'href="{page}"' in text(client.get(reverse(f"admin:catalog_{noun}_change", args=[subject.pk])))
    assert link == bool(granted)


def test_strangers_see_nothing(client):
    product = make_product()
    assert client.get(photos_page(product)).status_code == 302
    client.force_login(make_staff())
    assert client.get(photos_page(product)).status_code == 403
    assert client.post(reverse(ADD), sent((picture(), "Lid"))).status_code == 403
    assert not Photo.objects.exists()


def test_a_product_that_is_not_there(boss, client):
    assert client.get(reverse("admin:catalog_product_photos", args=[987_654])).status_code == 302


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_photos(boss, client, django_assert_num_queries, number):
    product = make_product()
    for _ in range(number):
        make_photo(product)
    with django_assert_num_queries(5):  # session, user, product, photos, the shop's name
        client.get(photos_page(product))
