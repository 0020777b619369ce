"""What staff set: kept by name, on record, and known everywhere at once."""

import pytest

from accounts.tests.factories import make_staff
from core.models import AuditEntry, ShopSetting
from core.shop_settings import save_shop_settings, sender, shop_name, shop_settings
from core.versions import SHOP, current_versions

pytestmark = pytest.mark.django_db


def test_a_shop_that_set_nothing_has_the_environments_name():
    assert shop_settings() == {}
    assert shop_name() == "Commercia"


def test_a_change_is_stored_recorded_and_raises_the_version_once():
    staff = make_staff("boss@example.com")
    save_shop_settings({"shop_name": "Mekong Laptops", "note_text": "Open on Sunday"}, by=staff)
    assert shop_settings() == {"shop_name": "Mekong Laptops", "note_text": "Open on Sunday"}
    assert shop_name() == "Mekong Laptops"
    entry = AuditEntry.objects.get()
    assert (entry.model, entry.object_code, entry.actor_label) == ("core.shopsetting", "shop", "boss@example.com")
    assert entry.facts == {"shop_name": [None, "Mekong Laptops"], "note_text": [None, "Open on Sunday"]}
    assert current_versions([SHOP]) == {SHOP: 1}


def test_what_stays_the_same_leaves_no_trace():
    save_shop_settings({"shop_name": "Mekong Laptops"}, by=None)
    save_shop_settings({"shop_name": "Mekong Laptops", "note_text": None}, by=None)
    assert AuditEntry.objects.count() == 1
    assert current_versions([SHOP]) == {SHOP: 1}


def test_none_goes_back_to_the_default():
    save_shop_settings({"shop_name": "Mekong Laptops"}, by=None)
    save_shop_settings({"shop_name": None}, by=None)
    assert not ShopSetting.objects.exists()
    assert shop_name() == "Commercia"
    assert AuditEntry.objects.last().facts == {"shop_name": ["Mekong Laptops", None]}


def test_letters_come_from_the_shop_under_its_new_name(settings):
    settings.DEFAULT_FROM_EMAIL = "Commercia <shop@example.com>"
    assert sender() == "Commercia <shop@example.com>"
    save_shop_settings({"shop_name": "Mekong, Laptops & Co."}, by=None)
    assert sender() == '"Mekong, Laptops & Co." <shop@example.com>'
    settings.DEFAULT_FROM_EMAIL = "The orders desk <orders@example.com>"
    assert sender() == "The orders desk <orders@example.com>"
