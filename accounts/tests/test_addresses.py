"""The address book and the profile."""

import pytest

from accounts.addresses import delete_address, make_default, save_address
from accounts.models import Address
from accounts.profile import save_profile
from accounts.tests.factories import make_address, make_user
from core.refusals import Conflict, Refusal

pytestmark = pytest.mark.django_db
HOME = {"full_name": " Sok Dara ", "line1": "12 Street 240", "city": "Phnom Penh", "country": "kh"}


def defaults(user) -> list[bool]:
    return list(user.addresses.order_by("pk").values_list("is_default", flat=True))


def test_first_address_is_the_default():
    user = make_user()
    home = save_address(user, values=HOME, by=user)
    home.refresh_from_db()
    assert (home.full_name, home.country, home.phone, home.is_default) == ("Sok Dara", "KH", "", True)
    assert len(home.code) == 10
    save_address(user, values=HOME, by=user)
    assert defaults(user) == [True, False]


def test_one_default_at_a_time():
    user = make_user()
    rows = [make_address(user) for _ in range(3)]
    other = make_address()
    assert make_default(rows[2], by=user).is_default
    assert make_default(rows[1], by=user).is_default
    assert defaults(user) == [False, True, False]
    assert defaults(other.user) == [True]
    assert list(user.addresses.all()) == [rows[1], rows[0], rows[2]]


def test_deleting_the_default_passes_it_on():
    user = make_user()
    rows = [make_address(user) for _ in range(3)]
    delete_address(rows[0], by=user)
    assert defaults(user) == [True, False]
    delete_address(rows[2], by=user)
    delete_address(rows[2], by=user)
    assert defaults(user) == [True]


def test_change_keeps_what_is_not_named():
    address = make_address(line2="2nd floor")
    changed = save_address(address.user, values={"city": "Siem Reap"}, address=address, by=address.user)
    assert (changed.pk, changed.code, changed.city, changed.line2) == (
        address.pk,
        address.code,
        "Siem Reap",
        "2nd floor",
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"country": "ZZ"}, "country"),
        ({"country": ""}, "country"),
        ({"full_name": "  "}, "full_name"),
        ({"line1": "x" * 201}, "line1"),
        ({"city": "Phnom\nPenh"}, "city"),
        ({"phone": "call me"}, "phone"),
    ],
)
def test_bad_values_change_nothing(values, field):
    address = make_address()
    for target in (address, None):
        with pytest.raises(Refusal) as refused:
            save_address(address.user, values={**HOME, **values}, address=target, by=address.user)
        assert refused.value.code == "invalid_values"
        assert list(refused.value.facts["fields"]) == [field]
    assert Address.objects.get().city == "Phnom Penh"


def test_fifty_are_enough():
    user = make_user()
    Address.objects.bulk_create(Address(user=user, code=f"C{n}", full_name="x", country="KH") for n in range(50))
    with pytest.raises(Refusal) as refused:
        save_address(user, values=HOME, by=user)
    assert (refused.value.code, refused.value.facts) == ("too_many_addresses", {"most": 50})
    assert user.addresses.count() == 50


def test_foreign_or_deleted_address_is_gone():
    address, user = make_address(), make_user()
    with pytest.raises(Conflict) as conflict:
        save_address(user, values={"city": "Kampot"}, address=address, by=user)
    assert conflict.value.code == "address_gone"
    address.refresh_from_db()
    assert address.city == "Phnom Penh"
    Address.objects.all().delete()
    with pytest.raises(Conflict):
        make_default(address, by=user)


def test_profile():
    user = make_user()
    saved = save_profile(user, first_name=" ដារ៉ា ", last_name="Sok", phone=" 012 345 678 ", by=user)
    saved.refresh_from_db()
    assert (saved.first_name, saved.last_name, saved.phone) == ("ដារ៉ា", "Sok", "012 345 678")
    with pytest.raises(Refusal) as refused:
        save_profile(user, first_name="x" * 81, last_name="", phone="", by=user)
    assert list(refused.value.facts["fields"]) == ["first_name"]
    saved.refresh_from_db()
    assert saved.first_name == "ដារ៉ា"
