"""Photos: what is taken in, what is refused, in which order they stand, and how they go."""

import hashlib

import pytest
from django.core.files.storage import default_storage, storages
from django.db import transaction

from accounts.tests.factories import make_staff
from catalog.listings import rebuild
from catalog.models import Listing, ListingDirty, Photo, ProductPhoto, UnitPhoto
from catalog.photo_rendering import render_photo
from catalog.photos import (
    MOST_PHOTOS,
    add_photo,
    describe_photo,
    remove_photo,
    reorder_photos,
    retry_photo,
)
from catalog.pictures import WIDTHS, Pictures, address, card_pictures, pictures_of, srcset, widths_for
from catalog.tests.factories import make_product, make_units, make_variant
from catalog.tests.photos import make_photo
from core.models import AuditEntry, DataVersion
from core.refusals import Conflict, Refusal
from core.tests.pictures import HTML, SVG, animation, bomb, photo_with_place, picture, polyglot, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def entries(kind):
    return list(AuditEntry.objects.filter(model="catalog.photo", kind=kind))


# --- Taking in --------------------------------------------------------------------------------------------------------


def test_an_original_is_kept_privately_under_a_random_name(tmp_path):
    product, staff = make_product(), make_staff()
    content = photo_with_place(orientation=6)
    photo = add_photo(product, by=staff, upload=upload(content, "../../DSC 1.JPG"), alt="  Lid,\n closed ")
    assert (photo.alt, photo.width, photo.height, photo.state) == ("Lid, closed", 480, 640, "waiting")
    assert photo.content_hash == hashlib.sha256(content).hexdigest()
    assert (photo.uploaded_by, photo.renditions) == (staff, {})
    (name,) = files(tmp_path)
    assert name == f"originals/{photo.original.name}"
    assert "DSC" not in name
    assert len(photo.original.name) == len("photos/.jpg") + 32
    assert ProductPhoto.objects.get().product == product
    (entry,) = entries("added")
    assert (entry.object_code, entry.actor, entry.facts["of"]) == (photo.code, staff, product.full_name)


def test_a_unit_has_photos_of_its_own():
    (unit,) = make_units(make_variant(), serials=["PF1"])
    photo = make_photo(unit, ready=False)
    assert UnitPhoto.objects.get().unit == unit
    assert not ListingDirty.objects.exists()
    assert not ProductPhoto.objects.filter(photo=photo).exists()


def test_a_photo_may_be_the_shops_own():
    photo = make_photo(None)
    assert photo.state == "ready"
    assert not ProductPhoto.objects.exists()
    assert DataVersion.objects.get(name="shop").number == 1


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (SVG, "logo.svg", "image_not_recognised"),
        (SVG, "photo.jpg", "image_not_recognised"),
        (HTML, "photo.png", "image_not_recognised"),
        (picture(kind="GIF"), "photo.gif", "image_not_recognised"),
        (picture()[:2000], "photo.jpg", "image_broken"),
        (animation("PNG"), "photo.png", "image_moves"),
        (animation("WEBP"), "photo.webp", "image_moves"),
        (bomb(), "photo.png", "image_too_many_pixels"),
        (picture(159, 400), "photo.jpg", "photo_too_small"),
    ],
    ids=["svg", "svg-as-jpg", "html-as-png", "gif", "cut", "apng", "webp-anim", "bomb", "small"],
)
def test_a_hostile_upload_changes_nothing(tmp_path, content, name, code):
    with pytest.raises(Refusal) as told:
        add_photo(make_product(), by=None, upload=upload(content, name), alt="A photo")
    assert told.value.code == code
    assert not Photo.objects.exists()
    assert files(tmp_path) == []


def test_what_hides_behind_a_picture_is_never_shown():
    photo = add_photo(make_product(), by=None, upload=upload(polyglot()), alt="A photo")
    shown = make_photo(make_product())
    with storages["originals"].open(photo.original.name) as original:
        assert original.read().endswith(b"PK\x03\x04")
    assert render_photo(photo.pk)
    photo.refresh_from_db()
    names = [name for kind in photo.renditions.values() for name in kind.values()]
    assert len(names) == 6
    for name in names:
        with default_storage.open(name) as file:
            assert b"script" not in file.read()
    assert shown.renditions


@pytest.mark.parametrize(
    ("alt", "code"), [("", "alt_missing"), (" \n\t\0", "alt_missing"), ("x" * 161, "alt_too_long")]
)
def test_a_photo_without_words_is_refused(tmp_path, alt, code):
    with pytest.raises(Refusal) as told:
        add_photo(make_product(), by=None, upload=upload(picture()), alt=alt)
    assert told.value.code == code
    assert files(tmp_path) == []
    photo = make_photo(make_product(), "Lid")
    with pytest.raises(Refusal) as told:
        describe_photo(photo, by=None, alt=alt)
    assert (told.value.code, Photo.objects.get().alt) == (code, "Lid")


def test_the_same_photo_twice_is_refused(tmp_path):
    product = make_product()
    photo = add_photo(product, by=None, upload=upload(picture()), alt="Lid")
    with pytest.raises(Conflict) as told:
        add_photo(product, by=None, upload=upload(picture(), "other.jpg"), alt="Again")
    assert (told.value.code, told.value.facts) == ("photo_already_there", {"photo": photo.code})
    assert len(files(tmp_path)) == 1
    add_photo(make_product(), by=None, upload=upload(picture()), alt="Of another model")
    assert Photo.objects.count() == 2


def test_more_photos_than_anybody_looks_at_are_refused(tmp_path):
    product = make_product()
    for _ in range(MOST_PHOTOS):
        make_photo(product, ready=False, width=170, height=200 + _)
    with pytest.raises(Refusal) as told:
        make_photo(product, ready=False)
    assert (told.value.code, Photo.objects.count(), len(files(tmp_path))) == ("too_many_photos", 20, 20)


# --- Order, words, removal --------------------------------------------------------------------------------------------


def test_photos_stand_in_the_order_that_staff_give_them():
    product = make_product()
    one, two, three = (make_photo(product, alt) for alt in ("one", "two", "three"))
    ListingDirty.objects.all().delete()
    reorder_photos(product, by=None, codes=[three.code, one.code, two.code])
    assert [shown["alt"] for shown in pictures_of(product.pk).of_product] == ["three", "one", "two"]
    assert card_pictures([product.pk])[product.pk]["alt"] == "three"
    assert ListingDirty.objects.get().product == product
    entry = AuditEntry.objects.get(kind="photos_reordered")
    assert entry.facts["codes"] == [[one.code, two.code, three.code], [three.code, one.code, two.code]]
    reorder_photos(product, by=None, codes=[three.code, one.code, two.code])
    assert AuditEntry.objects.filter(kind="photos_reordered").count() == 1
    make_photo(product, "four")
    assert [shown["alt"] for shown in pictures_of(product.pk).of_product] == ["three", "one", "two", "four"]


def test_an_order_that_names_other_photos_is_refused():
    product = make_product()
    one, two, other = make_photo(product), make_photo(product), make_photo(make_product())
    for codes in ([one.code], [one.code, two.code, other.code], [one.code, one.code], []):
        with pytest.raises(Conflict) as told:
            reorder_photos(product, by=None, codes=codes)
        assert told.value.code == "photos_changed"
    assert list(ProductPhoto.objects.filter(product=product).values_list("position", flat=True)) == [0, 1]


def test_better_words_are_on_record_and_the_lists_follow():
    photo = make_photo(make_product(), "Lid")
    ListingDirty.objects.all().delete()
    describe_photo(photo, by=None, alt="Lid, closed")
    assert entries("described")[0].facts == {"alt": ["Lid", "Lid, closed"]}
    assert ListingDirty.objects.count() == 1
    describe_photo(photo, by=None, alt="Lid,  closed")
    assert (len(entries("described")), ListingDirty.objects.count()) == (1, 1)


def test_a_removed_photo_is_shown_nowhere_at_once():
    product = make_product()
    first, second = make_photo(product, "first"), make_photo(product, "second")
    ListingDirty.objects.all().delete()
    remove_photo(first, by=None)
    assert [shown["alt"] for shown in pictures_of(product.pk).of_product] == ["second"]
    assert card_pictures([product.pk])[product.pk]["alt"] == "second"
    assert ListingDirty.objects.count() == 1
    remove_photo(first, by=None)
    assert len(entries("removed")) == 1
    remove_photo(second, by=None)
    assert pictures_of(product.pk) == Pictures()


def test_only_a_failed_photo_is_tried_again():
    with pytest.raises(Conflict) as told:
        retry_photo(make_photo(make_product()), by=None)
    assert told.value.code == "wrong_state"


def test_photos_are_stored_outside_transactions():
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside any transaction"):
        add_photo(make_product(), by=None, upload=upload(picture()), alt="Lid")


# --- What pages read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (160, [160]),
        (200, [160, 200]),
        (640, [160, 320, 640]),
        (700, [160, 320, 640, 700]),
        (1200, [160, 320, 640, 960, 1200]),
        (1600, list(WIDTHS)),
        (9000, list(WIDTHS)),
    ],
)
def test_no_rendition_is_wider_than_its_photo(width, widths):
    assert widths_for(width) == widths


def test_addresses_of_a_picture():
    photo = make_photo(make_product(), width=700, height=525)
    shown = pictures_of(photo.of_product.product_id).of_product[0]
    base = f"/media/photos/{photo.code}/1"
    assert srcset(shown, "avif") == ", ".join(f"{base}/{width}.avif {width}w" for width in (160, 320, 640, 700))
    assert address(shown, width=160) == f"{base}/160.webp"
    assert address(shown, width=161) == f"{base}/320.webp"
    assert address(shown, width=5000, kind="avif") == f"{base}/700.avif"
    assert {key: value for key, value in shown.items() if key != "renditions"} == {
        "alt": photo.alt,
        "width": 700,
        "height": 525,
    }


@pytest.mark.parametrize("number", [1, 3])
def test_photos_of_a_product_and_of_its_units_take_one_query(django_assert_num_queries, number):
    product = make_product()
    units = make_units(make_variant(product), quantity=number)
    for count in range(number):
        make_photo(product, f"model {count}", width=170)
        make_photo(units[count], f"unit {count}", width=170)
    make_photo(product, ready=False)
    make_photo(make_units(make_variant(product), quantity=1)[0], "somebody else's")
    with django_assert_num_queries(1):
        found = pictures_of(product.pk, [unit.pk for unit in units])
    assert [shown["alt"] for shown in found.of_product] == [f"model {count}" for count in range(number)]
    assert {pk: [shown["alt"] for shown in rows] for pk, rows in found.of_units.items()} == {
        unit.pk: [f"unit {count}"] for count, unit in enumerate(units)
    }
    assert found.of_product[0]["renditions"]["webp"].keys() == {"160", "170"}


def test_cards_carry_the_first_photo_in_card_widths():
    product = make_product()
    make_variant(product, units=1)
    make_photo(product, ready=False)
    photo = make_photo(product, "Lid", width=1700, height=1275)
    make_photo(product, "Side")
    bare = make_variant()
    rebuild([product.pk, bare.product_id])
    shown = Listing.objects.get(product=product).photo
    assert (shown["alt"], shown["width"], shown["height"]) == ("Lid", 1700, 1275)
    assert {kind: list(names) for kind, names in shown["renditions"].items()} == {
        "avif": ["160", "320", "640"],
        "webp": ["160", "320", "640"],
    }
    assert shown["renditions"]["webp"]["320"] == f"photos/{photo.code}/1/320.webp"
    assert Listing.objects.get(variant=bare).photo is None


@pytest.mark.parametrize("number", [1, 3])
def test_the_photos_of_many_cards_take_one_query(django_assert_num_queries, number):
    products = [make_product() for _ in range(number)]
    for product in products:
        make_photo(product, width=170)
    with django_assert_num_queries(1):
        assert card_pictures([product.pk for product in products]).keys() == {product.pk for product in products}
