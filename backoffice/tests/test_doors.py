"""The doors of the admin: nothing is reached without the second factor, and sessions end."""

import re

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.urls import URLPattern, reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.second_factor import has_factor, recovery_codes_left, renew_recovery_codes
from accounts.tests.factories import PASSWORD, make_staff, make_user
from accounts.tests.signing import ShopClient, app_code, make_app
from commercia.tests.browser import sign_in_as_staff
from core.models import AuditEntry

pytestmark = pytest.mark.django_db
DOOR, LOGIN = "/admin/second-factor/", "/admin/login/"
OPEN_DOORS = {LOGIN, "/admin/logout/", DOOR}
NOON = "2026-11-21 05:00:00+00:00"


@pytest.fixture
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)
    return time_machine


@pytest.fixture
def sophea(noon):
    """A superuser whose app is set up."""
    return make_app(make_staff("sophea@example.com", is_superuser=True)).user


def code_of(user, **later):
    return app_code(TOTPDevice.objects.get(user=user).key, **later)


def admin_urls(patterns=None, before="/admin/"):
    """Return an address for every pattern of the admin, with 1 for whatever it asks for."""
    found = []
    for entry in admin.site.get_urls() if patterns is None else patterns:
        route = re.sub(r"<[^>]+>", "1", str(entry.pattern))
        route = re.sub(r"\(\?P<app_label>[^)]*\)", "orders", route).strip("^$").replace("\\Z", "")
        if isinstance(entry, URLPattern):
            found.append(before + route.replace("(?P1.*)", "nothing/").replace("(?P<url>.*)", "nothing/"))
        else:
            found += admin_urls(entry.url_patterns, before + route)
    return found


def test_a_password_alone_opens_no_page_of_the_admin(client):
    client.by_password_only(make_staff(is_superuser=True))
    addresses = set(admin_urls()) - OPEN_DOORS
    assert len(addresses) > 150
    reached = []
    for address in sorted(addresses):
        for answer in (client.get(address), client.post(address)):
            if answer.status_code != 302 or not answer.url.startswith(LOGIN):
                reached.append((address, answer.status_code))
    assert reached == []


def test_the_same_addresses_are_open_with_both(client):
    """The negative control of the test above: it asks for pages that exist."""
    client.force_login(make_staff(is_superuser=True))
    answers = [client.get(address).status_code for address in set(admin_urls()) - OPEN_DOORS]
    assert answers.count(200) > len(admin.site._registry)


def test_the_first_log_in_sets_up_an_app_and_goes_on_to_the_page_that_was_asked_for(client, noon):
    user = make_staff("sophea@example.com", is_superuser=True)
    page = "/admin/orders/order/"
    assert client.get(page).url == f"{LOGIN}?next={page}"
    answer = client.post(LOGIN, {"username": user.email, "password": PASSWORD, "next": page}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(DOOR)
    html = answer.content.decode()
    assert '<img class="qr" src="data:image/svg+xml' in html
    key = client.session["staff_new_key"]
    assert client.get(f"{DOOR}?next={page}").context["secret"] == answer.context["secret"]
    wrong = client.post(DOOR, {"code": "000000", "next": page})
    assert (wrong.status_code, "This code does not fit" in wrong.content.decode()) == (422, True)
    done = client.post(DOOR, {"code": app_code(key), "next": page})
    codes = done.context["codes"]
    assert (done.status_code, len(codes), recovery_codes_left(user)) == (200, 10, 10)
    assert f'href="{page}"' in done.content.decode()
    assert client.get(page).status_code == 200
    assert "staff_new_key" not in client.session
    assert codes[0] not in client.get("/admin/second-factor/yours/").content.decode()


def test_a_later_log_in_asks_for_a_code_and_a_used_one_does_not_do(client, sophea):
    client.by_password_only(sophea)
    page = client.get(f"{DOOR}?next=/admin/orders/order/")
    assert "qr" not in page.content.decode().split("<main")[1]
    earlier = client.session.session_key
    code = code_of(sophea)
    assert client.post(DOOR, {"code": code, "next": "/admin/orders/order/"}).url == "/admin/orders/order/"
    assert client.session.session_key != earlier
    elsewhere = ShopClient()
    elsewhere.by_password_only(sophea)
    assert elsewhere.post(DOOR, {"code": code}).status_code == 422
    assert elsewhere.get("/admin/").status_code == 302


def test_a_recovery_code_opens_and_leads_to_a_new_app(client, sophea):
    paper = renew_recovery_codes(sophea, by=sophea)
    client.by_password_only(sophea)
    answer = client.post(f"{DOOR}?recovery=1", {"code": paper[0]}, follow=True)
    assert answer.redirect_chain == [("/admin/second-factor/yours/", 302)]
    assert "9 are left" in answer.content.decode()
    page = client.get("/admin/second-factor/new-app/")
    assert page.status_code == 200
    done = client.post("/admin/second-factor/new-app/", {"code": app_code(client.session["staff_new_key"])})
    assert len(done.context["codes"]) == 10
    assert client.get("/admin/").status_code == 200


def test_wrong_codes_close_the_door_here_and_not_elsewhere(client, sophea):
    client.by_password_only(sophea)
    assert [client.post(DOOR, {"code": "000000"}).status_code for _ in range(6)] == [422] * 5 + [429]
    closed = client.post(DOOR, {"code": code_of(sophea)})
    assert (closed.status_code, closed["Retry-After"]) == (429, "900")
    elsewhere = ShopClient(REMOTE_ADDR="198.51.100.7")
    elsewhere.by_password_only(sophea)
    assert elsewhere.post(DOOR, {"code": code_of(sophea)}).status_code == 302


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_door_leads_nowhere_else(client, sophea, address):
    client.by_password_only(sophea)
    assert client.post(DOOR, {"code": code_of(sophea), "next": address}).url == "/admin/"


@pytest.mark.parametrize("who", ["nobody", "customer"])
def test_the_door_is_for_staff(client, who):
    if who == "customer":
        client.force_login(make_user())
    assert client.get(DOOR).url == f"{LOGIN}?next=/admin/"
    assert client.get(LOGIN).status_code == 200


def test_whoever_stands_between_the_doors_may_leave(client, sophea):
    client.by_password_only(sophea)
    assert client.post("/admin/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_half_an_hour_without_a_page_ends_the_session_and_says_so(client, sophea, noon):
    client.force_login(sophea)
    for _ in range(3):
        noon.shift(29 * 60)
        assert client.get("/admin/").status_code == 200
    noon.shift(30 * 60)
    answer = client.get("/admin/orders/order/", follow=True)
    assert answer.redirect_chain == [(f"{LOGIN}?next=/admin/orders/order/", 302)]
    assert "You were away for a while" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_twelve_hours_end_the_session_however_busy_it_was(client, sophea, noon):
    client.force_login(sophea)
    for _ in range(12 * 3 - 1):
        noon.shift(20 * 60)
        assert client.get("/admin/").status_code == 200
    noon.shift(20 * 60)
    assert "Your working day here is over" in client.get("/admin/", follow=True).content.decode()


def test_limits_are_settings(client, sophea, noon, settings):
    settings.STAFF_IDLE_MINUTES = 5
    client.force_login(sophea)
    noon.shift(5 * 60)
    assert client.get("/admin/").status_code == 302


def test_new_codes_ask_for_a_fresh_proof(client, sophea, noon):
    paper = renew_recovery_codes(sophea, by=sophea)
    client.force_login(sophea)
    noon.shift(10 * 60)
    again = "/admin/second-factor/again/?next=/admin/second-factor/{}/"
    for page in ("new-codes", "new-app"):
        assert client.post(f"/admin/second-factor/{page}/").url == again.format(page)
    assert recovery_codes_left(sophea) == len(paper)
    assert client.get(again.format("new-app")).status_code == 200
    answer = client.post(
        "/admin/second-factor/again/", {"code": code_of(sophea), "next": "/admin/second-factor/yours/"}
    )
    assert answer.url == "/admin/second-factor/yours/"
    assert len(client.post("/admin/second-factor/new-codes/").context["codes"]) == 10
    assert client.get(again.format("new-codes")).status_code == 302


def test_the_command_takes_the_factor_away(client, sophea):
    client.force_login(sophea)
    call_command("reset_second_factor", "Sophea@Example.com", "--reason=Phone lost", verbosity=0)
    assert not has_factor(sophea)
    assert client.get("/admin/").status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.actor_label, entry.reason) == ("second_factor_reset", "Commercia", "Phone lost")
    with pytest.raises(CommandError, match="no staff account"):
        call_command("reset_second_factor", make_user("dara@example.com").email)


def test_wrong_passwords_are_counted_at_this_door_too(client, sophea):
    given = {"username": sophea.email, "password": "wrong password"}
    assert [client.post(LOGIN, given).status_code for _ in range(11)] == [200] * 10 + [429]
    closed = client.post(LOGIN, {**given, "password": PASSWORD})
    assert (closed.status_code, closed["Retry-After"]) == (429, "900")
    assert "too many wrong log-ins from here" in closed.content.decode()
    assert client.post(LOGIN, {**given, "password": PASSWORD}, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_secrets_of_apps_have_no_page(client, sophea):
    client.force_login(sophea)
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert reverse("admin:your_factor") in client.get("/admin/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_with_a_password_alone_sees_the_second_door_everywhere(page, client, live_server):
    user = make_staff("sophea@example.com", is_superuser=True)
    client.by_password_only(user)
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    seen = set()
    for address in sorted(set(admin_urls()) - OPEN_DOORS):
        page.goto(address, wait_until="commit")
        seen.add(page.url.removeprefix(live_server.url).partition("?")[0])
    assert seen == {DOOR}
    page.context.clear_cookies()
    sign_in_as_staff(page, user, "/admin/catalog/product/")
    assert page.url == f"{live_server.url}/admin/catalog/product/"
