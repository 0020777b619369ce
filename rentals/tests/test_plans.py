"""Policies in versions, and plans that the policy lets the shop offer."""

from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_staff
from catalog.editing import save_variant
from catalog.models import ListingDirty, RentalPlan
from catalog.tests.factories import make_variant
from core.models import AuditEntry
from core.refusals import Refusal
from notifications.models import Email
from rentals.models import RentalPolicy
from rentals.plans import publish_plan, unpublish_plan, unpublish_what_policy_forbids
from rentals.policies import current_policy, publish_policy
from rentals.rules.policy import DEFAULT_NUMBERS, merged, numbers_of, policy_from
from rentals.tests.factories import make_agreement, make_plan, make_rental_policy
from rentals.tests.stage import make_policy

pytestmark = pytest.mark.django_db


def test_the_first_policy_is_the_default_one():
    assert current_policy().numbers == DEFAULT_NUMBERS
    assert current_policy().version == 1
    assert RentalPolicy.objects.count() == 1


def test_a_new_version_leaves_signed_agreements_alone():
    agreement = make_agreement()
    newer = make_rental_policy(cooling_off_days=14)
    agreement.refresh_from_db()
    assert (newer.version, current_policy()) == (2, newer)
    assert (agreement.policy.version, agreement.numbers["cooling_off_days"]) == (1, 7)


def test_a_policy_is_never_changed():
    policy = current_policy()
    for change in (policy.save, policy.delete, RentalPolicy.objects.all().delete):
        with pytest.raises(TypeError, match=r"never"):
            change()
    with pytest.raises(TypeError, match="written once"):
        RentalPolicy.objects.update(version=2)


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"max_total_to_cash_ratio": "0.99"}, "max_total_to_cash_ratio"),
        ({"min_instalment": {"USD": "0.00"}}, "min_instalment"),
        ({"min_instalment": {"EUR": "1.00"}}, "min_instalment"),
        ({"min_instalment": {"USD": "1.005"}}, "min_instalment"),
        ({"quantum": {"USD": "0.05"}}, "quantum"),
        ({"late_fee": {"pct": "1.5"}}, "late_fee.pct"),
        ({"late_fee": {"pct": "-0.01"}}, "late_fee.pct"),
        ({"late_fee": {"floor": {"USD": "9.00", "KHR": "8000"}}}, "late_fee.floor"),
        ({"late_fee": {"grace_days": -1}}, "late_fee.grace_days"),
        ({"default_after_days": 7}, "default_after_days"),
        ({"first_due_offset_months": 2}, "first_due_offset_months"),
        ({"buyout": {"sac_days": -1}}, "buyout.sac_days"),
        ({"buyout": {"quote_ttl_hours": 0}}, "buyout.quote_ttl_hours"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"reinstate_returned_days_two_thirds": 20}, "reinstate_returned_days_two_thirds"),
        ({"cooling_off_days": -1}, "cooling_off_days"),
        ({"retry_days": [2, 2]}, "retry_days"),
        ({"late_fee": 5}, "late_fee"),
        ({"late_fee": {"pct": 0.05}}, "numbers"),
        ({"late_fee": {"pct": "NaN"}}, "numbers"),
        ({"buyout": {"method": "a_guess"}}, "numbers"),
        ({"cooling_off_days": "7"}, "numbers"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_numbers_are_refused_by_name(overrides, field):
    with pytest.raises(Refusal) as refused:
        publish_policy(merged(overrides), by=None, reason="a try")
    assert refused.value.code == "policy_impossible"
    assert field in refused.value.facts["fields"]
    assert not RentalPolicy.objects.exists()


def test_a_missing_number_is_refused_by_name():
    numbers = {name: value for name, value in DEFAULT_NUMBERS.items() if name != "late_fee"}
    with pytest.raises(Refusal) as refused:
        publish_policy(numbers, by=None, reason="a try")
    assert refused.value.facts["fields"] == {"late_fee": "is missing"}


def test_a_policy_needs_a_reason():
    with pytest.raises(Refusal, match="Say why"):
        publish_policy(DEFAULT_NUMBERS, by=None, reason=" ")


def test_numbers_are_read_back_as_they_were_written():
    assert numbers_of(make_policy()) == DEFAULT_NUMBERS
    assert policy_from(numbers_of(make_policy(prorate_on_return=True))) == make_policy(prorate_on_return=True)


def test_publishing_offers_the_plan_and_is_on_record():
    staff, plan = make_staff(), make_plan()
    published = publish_plan(plan, by=staff)
    plan.refresh_from_db()
    assert published.is_published
    assert plan.is_published
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.actor, entry.object_code) == ("published", staff, f"{plan.variant.sku}:12")
    assert ListingDirty.objects.filter(product=plan.variant.product).exists()
    publish_plan(plan, by=staff)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("monthly", "code"), [("100.01", "ratio_above_cap"), ("0.99", "instalment_below_minimum"), ("50.00", None)]
)
def test_the_policy_decides_what_can_be_offered(monthly, code):
    plan = make_plan(monthly=monthly)
    if code:
        with pytest.raises(Refusal) as refused:
            publish_plan(plan, by=None)
        assert refused.value.code == code
    else:
        publish_plan(plan, by=None)
    plan.refresh_from_db()
    assert plan.is_published is (code is None)


def test_a_machine_without_a_price_is_not_offered():
    with pytest.raises(Refusal) as refused:
        publish_plan(make_plan(make_variant(price=None)), by=None)
    assert refused.value.code == "not_for_sale"


def test_a_price_cut_stops_the_plans_it_forbids_and_no_others():
    variant = make_variant(price="600.00")
    dear, cheap = make_plan(variant, monthly="100.00"), make_plan(variant, months=6, monthly="110.00")
    for plan in (dear, cheap):
        publish_plan(plan, by=None)
    variant.price = D("599.99")
    variant.save()
    assert unpublish_what_policy_forbids([variant.pk], by=None) == [dear]
    assert list(RentalPlan.objects.filter(is_published=True)) == [cheap]
    assert unpublish_what_policy_forbids(by=None) == []
    entry = AuditEntry.objects.filter(kind="unpublished").get()
    assert entry.reason.startswith("Total of payments exceeds")


def test_a_stricter_policy_stops_plans_everywhere():
    plan = publish_plan(make_plan(), by=None)
    make_rental_policy(max_total_to_cash_ratio="1.25")
    assert unpublish_what_policy_forbids(by=None) == [plan]


def test_a_plan_can_be_taken_back():
    plan = publish_plan(make_plan(), by=None)
    assert not unpublish_plan(plan, by=None, reason="sold out for good").is_published


def test_a_price_cut_takes_forbidden_plans_off_the_shop_and_tells_staff(settings):
    settings.SHOP_EMAIL = "shop@example.com"
    dear, fair = make_plan(monthly="95.00"), make_plan(monthly="65.00")
    for plan in (dear, fair):
        publish_plan(plan, by=make_staff())
    for plan in (dear, fair):
        save_variant(plan.variant, by=None, values={"price": D("500.00")})
    dear.refresh_from_db()
    fair.refresh_from_db()
    assert (dear.is_published, fair.is_published) == (False, True)
    letter = Email.objects.get(kind="rental_plan_unpublished")
    assert (letter.to, dear.variant.sku in letter.text) == ("shop@example.com", True)
