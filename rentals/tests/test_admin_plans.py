"""Plans and policies in the admin: proposals, offering, and versions that are never changed."""

from decimal import Decimal as D

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import make_staff
from catalog.models import RentalPlan, Unit
from catalog.tests.factories import make_variant
from catalog.tests.test_admin import form_of
from core.models import AuditEntry
from core.refusals import Refusal
from core.versions import SHOP, current_versions
from rentals.admin.policies import DEFAULTS, LISTS
from rentals.models import RentalPolicy
from rentals.plans import publish_plan, set_price
from rentals.policies import current_policy
from rentals.tests.factories import make_agreement, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def variant():
    variant = make_variant(price="600.00", units=1)
    Unit.objects.filter(variant=variant).update(cost=D("310.00"))
    return variant


def tool(variant):
    return reverse("admin:catalog_variant_rental_plans", args=[variant.pk])


def change(variant):
    return reverse("admin:catalog_variant_change", args=[variant.pk])


def text(answer):
    return answer.content.decode()


def messages(answer):
    return [str(message) for message in answer.context["messages"]]


def told(**values):
    """Return what the plans' form posts."""
    return {"price_3": "", "price_6": "", "price_12": "", **values}


def test_the_tool_proposes_prices_and_tells_what_they_come_to(boss, client, variant):
    page = text(client.get(tool(variant)))
    for words in ("$65.00", "$780.00", "1.3000", "$310.00: after 5 of 12", "$115.00", "$215.00"):
        assert words in page
    assert tool(variant) in text(client.get(change(variant)))


def test_a_proposal_never_leaves_the_cap(boss, client, variant):
    page = text(client.get(tool(variant), {"ratio_3": "1.1", "ratio_6": "1.2", "ratio_12": "9"}))
    assert "$100.00" in page  # 12 × 100 = twice the cash price
    assert "2.0000" in page


def test_prices_are_set_and_offered_term_by_term(boss, client, variant):
    answer = client.post(tool(variant), told(price_12="65.00", offer_12="on", price_3="215.00"), follow=True)
    assert messages(answer) == ["12 months is offered from now on."]
    plan = RentalPlan.objects.get()
    assert (plan.months, plan.monthly_price, plan.is_published) == (12, D(65), True)
    client.post(tool(variant), told(price_12="66.00", offer_12="on"))
    plan.refresh_from_db()
    assert (plan.monthly_price, plan.is_published) == (D(66), True)
    client.post(tool(variant), told(price_12="66.00"))
    plan.refresh_from_db()
    assert not plan.is_published
    kinds = AuditEntry.objects.filter(object_code=f"{variant.sku}:12").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["priced", "published", "priced", "unpublished"]


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"price_12": "100.01", "offer_12": "on"}, "exceeds the allowed multiple"),
        ({"price_12": "0.50", "offer_12": "on"}, "below the minimum"),
        ({"offer_12": "on"}, "Enter the monthly price."),
        ({"price_12": "many", "offer_12": "on"}, "Enter a number."),
    ],
)
def test_what_cannot_be_offered_is_told_at_its_price(boss, client, variant, posted, words):
    answer = client.post(tool(variant), told(**posted))
    assert answer.status_code == 400
    assert words in text(answer)
    assert not RentalPlan.objects.exists()


def test_a_machine_without_a_price_has_no_tool(boss, client):
    answer = client.get(tool(make_variant(price=None)))
    assert "there is no cash price" in text(answer)
    assert "price_12" not in text(answer)


@pytest.mark.parametrize(("granted", "status"), [([], 403), (["view_variant", "view_rentalplan"], 200)])
def test_looking_needs_its_permission_and_setting_another(client, variant, granted, status):
    user = make_staff()
    user.user_permissions.set(Permission.objects.filter(codename__in=granted))
    client.force_login(user)
    assert client.get(tool(variant)).status_code == status
    assert client.post(tool(variant), told(price_12="65.00", offer_12="on")).status_code == 403
    assert not RentalPlan.objects.exists()


def test_a_price_cut_ends_the_plans_it_forbids_and_says_so(boss, client, variant):
    dear, cheap = make_plan(variant, monthly="100.00"), make_plan(variant, months=6, monthly="50.00")
    for plan in (dear, cheap):
        publish_plan(plan, by=None)
    answer = client.post(change(variant), form_of(client, change(variant), price="599.99"), follow=True)
    assert any("12 months at $100.00 is no longer offered" in words for words in messages(answer))
    assert list(RentalPlan.objects.filter(is_published=True)) == [cheap]


def test_a_plans_page_offers_it_and_stops_it(boss, client, variant):
    plan = make_plan(variant)
    page = reverse("admin:catalog_rentalplan_change", args=[plan.pk])
    assert "Offer it" in text(client.get(page))
    client.post(reverse("admin:catalog_rentalplan_publish", args=[plan.pk]))
    plan.refresh_from_db()
    assert plan.is_published
    stop = reverse("admin:catalog_rentalplan_unpublish", args=[plan.pk])
    assert "Say in a few words why." in text(client.post(stop, {"reason": ""}))
    client.post(stop, {"reason": "too dear to service"})
    plan.refresh_from_db()
    assert not plan.is_published
    assert AuditEntry.objects.filter(kind="unpublished", reason="too dear to service").exists()


def test_a_plan_that_the_policy_forbids_is_refused_on_its_page(boss, client, variant):
    plan = make_plan(variant, monthly="100.01")
    answer = client.post(reverse("admin:catalog_rentalplan_publish", args=[plan.pk]), follow=True)
    assert any("exceeds the allowed multiple" in words for words in messages(answer))
    plan.refresh_from_db()
    assert not plan.is_published


def test_only_known_terms_have_a_price(variant):
    with pytest.raises(Refusal) as refused:
        set_price(variant, months=4, monthly_price=D("65.00"), by=None)
    assert refused.value.code == "term_unknown"
    assert not RentalPlan.objects.exists()


def new_version(**changed):
    """Return what the form for a new policy posts: the default numbers, some changed."""
    values = {name: value for name, value in DEFAULTS.items() if not isinstance(value, bool)}
    return {**values, "reason": "a lawyer asked for it", **changed}


def test_a_new_version_leaves_the_old_one_and_its_agreements(boss, client):
    agreement, before = make_agreement(), current_versions([SHOP])[SHOP]
    answer = client.post(reverse("admin:rentals_rentalpolicy_add"), new_version(cooling_off_days="14"), follow=True)
    assert answer.status_code == 200
    newest = current_policy()
    assert (newest.version, newest.rules.cooling_off_days, newest.published_by) == (2, 14, boss)
    agreement.refresh_from_db()
    assert agreement.numbers["cooling_off_days"] == 7
    assert current_versions([SHOP])[SHOP] == before + 1


def test_numbers_are_posted_as_the_rules_read_them(boss, client):
    current_policy()
    client.post(reverse("admin:rentals_rentalpolicy_add"), new_version(retry_days="1, 4", **{"buyout.sac_days": ""}))
    rules = current_policy().rules
    assert (rules.retry_days, rules.buyout.sac_days, rules.late_fee.grace_days) == ((1, 4), None, 7)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"max_total_to_cash_ratio": "0.9"}, "is below 1"),
        ({"late_fee.pct": "1.5"}, "is not between 0 and 1"),
        ({"default_after_days": "3"}, "is not longer than the grace of a late fee"),
        ({"retry_days": "soon"}, "Enter whole numbers with commas between them."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_impossible_numbers_are_refused_by_name(boss, client, changed, words):
    current_policy()
    answer = client.post(reverse("admin:rentals_rentalpolicy_add"), new_version(**changed))
    assert answer.status_code == 200
    assert words in text(answer)
    assert RentalPolicy.objects.count() == 1


def test_a_version_is_shown_and_cannot_be_changed(boss, client):
    policy = current_policy()
    url = reverse("admin:rentals_rentalpolicy_change", args=[policy.pk])
    page = text(client.get(url))
    assert "late_fee.grace_days" in page
    assert 'name="_save"' not in page
    assert client.post(url, new_version()).status_code == 403
    assert RentalPolicy.objects.count() == 1


def test_a_stricter_policy_ends_plans_and_says_how_many(boss, client, variant):
    publish_plan(make_plan(variant), by=None)
    answer = client.post(
        reverse("admin:rentals_rentalpolicy_add"), new_version(max_total_to_cash_ratio="1.25"), follow=True
    )
    assert "1 plans are no longer offered: this policy forbids them." in messages(answer)
    assert not RentalPlan.objects.filter(is_published=True).exists()


def test_lists_of_days_are_the_ones_the_policy_has():
    assert {name for name in DEFAULTS if isinstance(DEFAULTS[name], str) and "," in DEFAULTS[name]} == set(LISTS)
