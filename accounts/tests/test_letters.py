"""The words of the account letters."""

import pytest

from accounts import letters
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db
WRITERS = [letters.verify_email, letters.already_registered, letters.reset_password, letters.password_changed]
SUBJECTS = {
    "verify_email": "Confirm your e-mail address for Commercia",
    "already_registered": "You already have an account at Commercia",
    "reset_password": "Choose a new password for Commercia",
    "password_changed": "Your password for Commercia was changed",
}


@pytest.mark.parametrize("write", WRITERS)
def test_both_parts_say_the_same(write):
    letter = write(make_user("dara@example.com", first_name="Dara"))
    assert (letter.kind, letter.to, letter.subject) == (write.__name__, "dara@example.com", SUBJECTS[write.__name__])
    assert letter.text.startswith("Hello Dara,\n\n")
    assert "<p>Hello Dara,</p>" in letter.html
    links = [line for line in letter.text.splitlines() if line.startswith("http://testserver/account/")]
    assert links
    assert all(f'href="{link}"' in letter.html for link in links)
    assert "{" not in letter.text
    assert "\n\n\n" not in letter.text


@pytest.mark.parametrize("write", WRITERS)
def test_nameless_and_hostile_people(write):
    assert write(make_user()).text.startswith("Hello,\n\n")
    letter = write(make_user(first_name="<a href=//evil.example>Click</a>"))
    assert letter.text.startswith("Hello <a href=//evil.example>Click</a>,\n")
    assert "<p>Hello &lt;a href=//evil.example&gt;Click&lt;/a&gt;,</p>" in letter.html
    assert "<a href=//" not in letter.html


@pytest.mark.parametrize("write", WRITERS)
def test_same_occasion_is_one_letter(write):
    user, other = make_user(), make_user()
    assert write(user).pk == write(user).pk
    assert write(user).pk != write(other).pk


@pytest.mark.parametrize("write", [letters.verify_email, letters.reset_password])
def test_link_that_a_change_has_killed_is_replaced_at_once(write):
    user = make_user()
    first = write(user)
    user.set_password("seven loud herons")
    user.save()
    second = write(user)
    assert second.pk != first.pk
    assert second.text != first.text
