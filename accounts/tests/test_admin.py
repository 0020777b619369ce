"""People in the admin."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PASSWORD, make_address, make_staff, make_user
from core.models import AuditEntry
from notifications.models import Email

pytestmark = [pytest.mark.django_db, pytest.mark.urls("accounts.tests.urls")]
CHANGELIST = "/admin/accounts/user/"
ADD = CHANGELIST + "add/"
NO_ADDRESSES = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}


@pytest.fixture
def chief(client):
    user = make_staff("chief@example.com", is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def clerk(client):
    """Somebody whose role may change customers."""
    user = make_staff("clerk@example.com")
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="accounts", codename__in=["view_user", "change_user"])
    )
    client.force_login(user)
    return user


def change_page(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_search_and_filters(client, chief):
    make_user("dara@example.com", first_name="Dara", phone="012345678")
    make_user("waiting@example.com", verified=False)
    for query, found in (
        ({"q": "dara"}, ["dara@example.com"]),
        ({"q": "0123456"}, ["dara@example.com"]),
        ({"email_verified_at__isempty": "1"}, ["waiting@example.com"]),
        ({"is_staff__exact": "1"}, ["chief@example.com"]),
    ):
        answer = client.get(CHANGELIST, query)
        assert [row.email for row in answer.context["cl"].result_list] == found


def test_list_costs_the_same_for_one_and_three_people(client, chief, django_assert_num_queries):
    client.get(CHANGELIST)
    with django_assert_num_queries(6):
        client.get(CHANGELIST)
    make_user()
    make_user()
    with django_assert_num_queries(6):
        client.get(CHANGELIST)


def test_new_person_gets_a_letter(client, chief):
    given = {"email": " New@Example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post(ADD, given)
    user = User.objects.get(email="new@example.com")
    assert answer.status_code == 302
    assert user.check_password(PASSWORD)
    assert not user.has_verified_email
    assert [(letter.kind, letter.to) for letter in Email.objects.all()] == [("verify_email", "new@example.com")]


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("CHIEF@example.com", "User with this Email already exists."),
        ("nonsense", "Write a whole e-mail address, such as name@example.com."),
    ],
)
def test_wrong_new_person(client, chief, email, words):
    answer = client.post(ADD, {"email": email, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["email"] == [words]
    assert User.objects.count() == 1


def test_email_and_dates_are_read_only(client, chief):
    user = make_user("dara@example.com")
    page = client.get(change_page(user))
    assert page.status_code == 200
    names = set(page.context["adminform"].form.fields)
    assert {"email", "email_verified_at", "last_login", "date_joined"}.isdisjoint(names)


def test_addresses_are_kept_by_the_deeds(client, chief):
    home = make_address(make_user("dara@example.com"))
    user = home.user
    away = make_address(user)
    form = {
        "first_name": "Dara",
        "is_active": "on",
        "addresses-TOTAL_FORMS": "3",
        "addresses-INITIAL_FORMS": "2",
    }
    for number, row in enumerate((home, away)):
        form |= {f"addresses-{number}-{name}": getattr(row, name) for name in ("id", "full_name", "line1", "country")}
        form |= {f"addresses-{number}-user": user.pk, f"addresses-{number}-city": "Kampot"}
    form["addresses-0-DELETE"] = "on"
    form |= {
        "addresses-2-user": user.pk,
        "addresses-2-full_name": "Office",
        "addresses-2-line1": "1 Road",
        "addresses-2-city": "Kep",
        "addresses-2-country": "kh",
    }
    answer = client.post(change_page(user), form)
    assert answer.status_code == 302, answer.context["errors"]
    rows = user.addresses.order_by("pk").values_list("full_name", "city", "country", "is_default")
    assert list(rows) == [("Sok Dara", "Kampot", "KH", True), ("Office", "Kep", "KH", False)]


def test_clerk_changes_customers_but_makes_nobody_staff(client, clerk):
    user = make_user("dara@example.com")
    page = client.get(change_page(user))
    assert {"is_staff", "is_superuser", "groups", "user_permissions"}.isdisjoint(page.context["adminform"].form.fields)
    answer = client.post(
        change_page(user), {"first_name": "Dara", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    )
    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.first_name, user.is_staff, user.is_superuser) == ("Dara", False, False)


def test_clerk_touches_no_colleague(client, clerk):
    chief = make_staff("chief@example.com", is_superuser=True)
    client.post(change_page(chief), {"first_name": "Mine"})
    password_page = reverse("admin:auth_user_password_change", args=[chief.pk])
    answer = client.post(
        password_page, {"usable_password": "true", "password1": "seven loud herons", "password2": "seven loud herons"}
    )
    assert answer.status_code == 403
    chief.refresh_from_db()
    assert chief.first_name == ""
    assert chief.check_password(PASSWORD)


def test_letter_again_for_those_who_wait(client, chief):
    waiting, done = make_user(verified=False), make_user()
    chosen = {"action": "send_verification_letter", "_selected_action": [waiting.pk, done.pk], "confirmed": "yes"}
    answer = client.post(CHANGELIST, chosen)
    assert [(result.row, result.done) for result in answer.context["results"]] == [(waiting, True), (done, False)]
    assert [letter.to for letter in Email.objects.all()] == [waiting.email]


def test_letter_again_from_the_persons_page(client, chief):
    waiting = make_user(verified=False)
    assert b"Send the verification letter again" in client.get(change_page(waiting)).content
    client.post(reverse("admin:accounts_user_send_verification_letter", args=[waiting.pk]))
    assert [letter.to for letter in Email.objects.all()] == [waiting.email]


def test_form_that_lay_open_does_not_bring_an_old_password_back(client, chief, monkeypatch):
    user = make_user("dara@example.com")
    real = User.save

    def save_after_somebody_else(self, *args, **options):
        User.objects.filter(pk=self.pk).update(password="md5$new$hash")
        real(self, *args, **options)

    monkeypatch.setattr(User, "save", save_after_somebody_else)
    client.post(change_page(user), {"first_name": "Dara", "is_active": "on", **NO_ADDRESSES})
    user.refresh_from_db()
    assert (user.first_name, user.password) == ("Dara", "md5$new$hash")


def test_nobody_is_deleted(client, chief):
    user = make_user()
    assert client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_log_in_to_the_admin_is_by_email(client):
    make_staff("chief@example.com", is_superuser=True)
    answer = client.post("/admin/login/?next=/admin/", {"username": "Chief@Example.com", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 302


def rights(**changed):
    return {"first_name": "", "is_active": "on", **NO_ADDRESSES, **changed}


def test_roles_change_after_a_fresh_code_and_are_on_record(client, chief):
    user = make_user("dara@example.com")
    group = Group.objects.create(name="Warehouse")
    answer = client.post(change_page(user), rights(is_staff="on", groups=[group.pk]))
    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.is_staff, list(user.groups.all())) == (True, [group])
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.actor, entry.object_code) == ("rights_changed", chief, str(user.pk))
    assert entry.facts == {"is_staff": [False, True], "groups": [[], ["Warehouse"]]}


def test_roles_wait_for_a_fresh_code_and_the_rest_does_not(client, time_machine):
    time_machine.move_to("2026-11-21 05:00:00+00:00", tick=False)
    client.force_login(make_staff("chief@example.com", is_superuser=True))
    user = make_user("dara@example.com")
    time_machine.shift(10 * 60)
    answer = client.post(change_page(user), rights(first_name="Dara", is_superuser="on"))
    assert answer.status_code == 200
    words = answer.context["errors"][0]
    assert "Nothing was saved" in words[0]
    assert reverse("admin:prove_again") in words[0]
    user.refresh_from_db()
    assert (user.first_name, user.is_superuser, AuditEntry.objects.count()) == ("", False, 0)
    assert client.post(change_page(user), rights(first_name="Dara")).status_code == 302
    user.refresh_from_db()
    assert user.first_name == "Dara"
