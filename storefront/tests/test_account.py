"""Account pages: opening one, the letters' links, log in and out, passwords, profile, addresses."""

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Address, User
from accounts.tests.factories import PASSWORD, make_address, make_user
from carts.models import CartItem
from notifications.models import Email
from storefront.tests.factories import fill_cart

pytestmark = pytest.mark.django_db
NEW = {"email": "Sokha@Example.com", "password": "seven green herons", "first_name": "Sokha", "last_name": "Chan"}


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def link_in(kind, pattern):
    """Return the path of the link in the only letter of a kind."""
    letter = Email.objects.get(kind=kind)
    found = re.search(rf"{re.escape(settings.SITE_URL)}({pattern})", letter.text)
    assert found, letter.text
    return found[1]


def test_from_opening_an_account_to_being_logged_in(visitor):
    assert visitor.post("/account/register/", NEW)["Location"] == "/account/check-mail/"
    assert "Look into your mailbox" in text(visitor, "/account/check-mail/")
    refused = visitor.post("/account/login/", {"email": NEW["email"], "password": NEW["password"]})
    assert refused.status_code == 422
    link = link_in("verify_email", r"/account/verify/[^/\s]+/")
    # Opening the link proves nothing: mail scanners do that. The button does.
    assert "Yes, this mailbox is mine" in text(visitor, link)
    assert not User.objects.get().has_verified_email
    assert visitor.post(link)["Location"] == "/account/login/"
    assert User.objects.get().has_verified_email
    assert "Your e-mail is confirmed." in text(visitor, "/account/login/")
    response = visitor.post("/account/login/", {"email": NEW["email"], "password": NEW["password"]})
    assert response["Location"] == "/account/"
    assert "Sokha Chan" in text(visitor, "/account/")


def test_a_known_e_mail_gets_the_same_answer(visitor):
    make_user("sokha@example.com")
    known = visitor.post("/account/register/", NEW)
    fresh = visitor.post("/account/register/", {**NEW, "email": "new@example.com"})
    assert (known.status_code, known["Location"]) == (fresh.status_code, fresh["Location"])
    assert User.objects.filter(email="sokha@example.com").get().check_password(PASSWORD)


@pytest.mark.parametrize(
    "changes",
    [
        {"email": ""},
        {"email": "x"},
        {"email": "a" * 300 + "@example.com"},
        {"password": "short"},
        {"password": "sokha@example.com"},
        {"password": "x" * 5000},
        {"password": "12345678"},
        {"first_name": "x" * 81},
        {"first_name": "a\x00b"},
        {"last_name": "a\nb"},
    ],
)
def test_a_registration_that_cannot_stand_is_explained_and_opens_nothing(visitor, changes):
    response = visitor.post("/account/register/", {**NEW, **changes})
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Open an account" in page
    assert "One thing needs a look" in page
    assert 'type="password"' in page
    assert NEW["password"] not in page
    assert not User.objects.exists()


def test_a_dead_verification_link_says_what_to_do(visitor):
    response = visitor.post("/account/verify/abc.def/")
    assert response.status_code == 422
    assert '<a href="/account/check-mail/">Ask for a new letter</a>' in response.content.decode()


def test_another_letter_is_sent_and_nothing_given_away(visitor):
    make_user("waits@example.com", verified=False)
    for email in ("waits@example.com", "nobody@example.com"):
        response = visitor.post("/account/check-mail/", {"email": email})
        assert response["Location"] == "/account/check-mail/"
    assert [letter.to for letter in Email.objects.all()] == ["waits@example.com"]


@pytest.mark.parametrize(
    "data", [{}, {"email": "dara@example.com", "password": "wrong"}, {"email": "x", "password": "y"}]
)
def test_a_failed_login_is_explained_and_keeps_the_e_mail(dara, visitor, data):
    response = visitor.post("/account/login/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Log in" in page
    assert f'value="{data.get("email", "")}"' in page or not data
    assert visitor.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ("/checkout/", "/checkout/"),
        ("https://evil.example/", "/account/"),
        ("//evil.example/", "/account/"),
        ("javascript:alert(1)", "/account/"),
        ("/\\evil.example", "/account/"),
        ("", "/account/"),
    ],
)
def test_log_in_leads_on_within_the_shop_only(dara, visitor, asked, after):
    data = {"email": dara.email, "password": PASSWORD, "next": asked}
    assert visitor.post("/account/login/", data)["Location"] == after
    assert visitor.get("/account/login/", {"next": asked})["Location"] == after


@pytest.mark.django_db(transaction=True)
def test_the_guests_cart_comes_along_and_its_code_dies(shop, dara, visitor):
    fill_cart(visitor, (shop.mouse, 2))
    old = visitor.cookies["cart"].value
    response = visitor.post("/account/login/", {"email": dara.email, "password": PASSWORD})
    assert response.cookies["cart"].value == ""
    assert CartItem.objects.get(cart__active_user=dara).quantity == 2
    assert "Cart, 2 items" in text(visitor, "/cart/")
    thief = Client()
    thief.cookies["cart"] = old
    assert "Your cart is empty" in text(thief, "/cart/")


def test_logging_out_takes_a_post(customer):
    assert customer.get("/account/logout/").status_code == 405
    assert text(customer, "/account/")
    response = customer.post("/account/logout/", follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "You are logged out." in response.content.decode()
    assert customer.get("/account/")["Location"] == "/account/login/?next=/account/"


def test_a_forgotten_password_is_replaced_by_the_link_once(dara, visitor):
    for email in (dara.email, "nobody@example.com"):
        response = visitor.post("/account/password/forgotten/", {"email": email})
        assert response["Location"] == "/account/password/forgotten/sent/"
    assert "If this e-mail has an account" in text(visitor, "/account/password/forgotten/sent/")
    link = link_in("reset_password", r"/account/password/reset/[^/\s]+/[^/\s]+/")
    refused = visitor.post(link, {"new_password": "12345678"})
    assert refused.status_code == 422
    assert visitor.post(link, {"new_password": "four blue kettles"})["Location"] == "/account/login/"
    dara.refresh_from_db()
    assert dara.check_password("four blue kettles")
    used = visitor.post(link, {"new_password": "five blue kettles"})
    assert used.status_code == 404
    assert "This link does not work any more" in used.content.decode()


@pytest.mark.parametrize(
    "path",
    ["/account/password/reset/x/y/", "/account/password/reset/MQ/%00/", f"/account/password/reset/{'9' * 300}/a-b/"],
)
def test_an_invented_reset_link_is_not_there(dara, visitor, path):
    assert visitor.get(path).status_code == 404


def test_a_changed_password_keeps_this_session_and_ends_the_others(dara, customer):
    other = Client()
    other.force_login(dara)
    wrong = customer.post("/account/password/", {"current_password": "wrong", "new_password": "four blue kettles"})
    assert wrong.status_code == 422
    assert "This is not your current password." in wrong.content.decode()
    right = customer.post("/account/password/", {"current_password": PASSWORD, "new_password": "four blue kettles"})
    assert right["Location"] == "/account/"
    assert customer.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_name_and_phone_are_saved_or_explained(dara, customer):
    good = {"first_name": "Dara", "last_name": "Sok", "phone": "+855 12 345 678"}
    assert customer.post("/account/profile/", good)["Location"] == "/account/"
    bad = customer.post("/account/profile/", {**good, "phone": "call me", "email": "x@example.com", "is_staff": "1"})
    assert bad.status_code == 422
    assert 'value="call me"' in bad.content.decode()
    dara.refresh_from_db()
    assert (dara.phone, dara.email, dara.is_staff) == ("+855 12 345 678", "dara@example.com", False)


def test_addresses_are_added_corrected_chosen_and_deleted(dara, customer):
    facts = {"full_name": "Dara Sok", "line1": "7 Riverside", "city": "Phnom Penh", "country": "KH"}
    assert customer.post("/account/addresses/new/", facts)["Location"] == "/account/addresses/"
    first = Address.objects.get()
    assert customer.post(f"/account/addresses/{first.code}/", {**facts, "city": "Kep"})["Location"]
    second = make_address(dara, line1="8 Hill")
    assert "Suggest this one" in text(customer, "/account/addresses/")
    customer.post(f"/account/addresses/{second.code}/default/")
    customer.post(f"/account/addresses/{first.code}/delete/")
    left = Address.objects.get()
    assert (left.line1, left.is_default) == ("8 Hill", True)


@pytest.mark.parametrize(
    "changes", [{"full_name": ""}, {"country": "XX"}, {"city": "x" * 101}, {"phone": "abc"}, {"line1": "a\x00"}]
)
def test_an_address_that_cannot_stand_is_explained_and_not_saved(customer, changes):
    facts = {"full_name": "Dara Sok", "line1": "7 Riverside", "city": "Phnom Penh", "country": "KH"}
    response = customer.post("/account/addresses/new/", {**facts, **changes})
    assert response.status_code == 422
    assert "<title>Error: Add an address" in response.content.decode()
    assert not Address.objects.exists()


def test_an_address_of_somebody_else_is_not_there(customer, dara):
    foreign = make_address(line1="Elsewhere")
    for path in ("", "delete/", "default/"):
        assert customer.post(f"/account/addresses/{foreign.code}/{path}", {"line1": "Mine"}).status_code == 404
    assert customer.get(f"/account/addresses/{foreign.code}/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.line1 == "Elsewhere"


PERSONAL = [
    "/account/",
    "/account/profile/",
    "/account/password/",
    "/account/addresses/",
    "/account/addresses/new/",
    "/orders/",
]


@pytest.mark.parametrize("path", PERSONAL)
def test_personal_pages_need_a_login_and_are_kept_by_no_cache(customer, visitor, path):
    assert visitor.get(path)["Location"] == f"/account/login/?next={path}"
    assert "no-store" in customer.get(path)["Cache-Control"]


POSTS = ["register", "check-mail", "login", "logout", "password/forgotten"]


@pytest.mark.parametrize("path", POSTS)
def test_every_form_needs_its_token(db, path):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/account/{path}/", NEW).status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize("addresses", [1, 3])
def test_the_address_book_takes_the_same_queries_for_any_number(dara, customer, django_assert_num_queries, addresses):
    for _ in range(addresses):
        make_address(dara)
    text(customer, "/account/addresses/")
    with django_assert_num_queries(6):
        text(customer, "/account/addresses/")
    with django_assert_num_queries(10):
        text(customer, "/account/")
