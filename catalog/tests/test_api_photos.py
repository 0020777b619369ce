"""Photos over the API."""

import pytest
from django.test import Client

from catalog.photos import describe_photo, remove_photo, reorder_photos
from catalog.tests.factories import make_product, make_variant
from catalog.tests.photos import make_photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def get(product, **headers):
    return Client().get(f"/api/v1/products/{product.slug}/", headers=headers)


def test_a_product_tells_its_photos_with_every_file():
    product = make_product()
    make_variant(product, units=1)
    assert get(product).json()["photos"] == []
    photo = make_photo(product, "Lid", width=200, height=300)
    make_photo(product, "Keyboard")
    make_photo(product, "not yet", ready=False)
    first, second = get(product).json()["photos"]
    base = f"http://testserver/media/photos/{photo.code}/1"
    assert first == {
        "alt": "Lid",
        "width": 200,
        "height": 300,
        "files": [
            {"format": kind, "width": width, "url": f"{base}/{width}.{kind}"}
            for kind in ("avif", "webp")
            for width in (160, 200)
        ],
    }
    assert second["alt"] == "Keyboard"


def test_the_tag_changes_with_the_photos():
    product = make_product()
    make_variant(product, units=1)
    one = make_photo(product, "one")
    two = make_photo(product, "two")
    changes = (
        lambda: describe_photo(one, by=None, alt="first"),
        lambda: reorder_photos(product, by=None, codes=[two.code, one.code]),
        lambda: remove_photo(one, by=None),
        lambda: make_photo(product, "three"),
    )
    tag = get(product)["ETag"]
    for change in changes:
        assert get(product, **{"If-None-Match": tag}).status_code == 304
        change()
        answer = get(product, **{"If-None-Match": tag})
        assert answer.status_code == 200
        tag = answer["ETag"]
    assert [shown["alt"] for shown in get(product).json()["photos"]] == ["two", "three"]


@pytest.mark.parametrize("photos", [1, 3])
def test_photos_take_one_query_more(django_assert_num_queries, photos):
    product = make_product()
    make_variant(product, units=1)
    with django_assert_num_queries(4):
        get(product)
    for _ in range(photos):
        make_photo(product)
    with django_assert_num_queries(5):
        get(product)
