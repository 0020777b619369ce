"""Every page in every state in a real browser: nothing axe finds, nothing too wide, too small, hidden or refused."""

import pytest
from django.core.management import call_command

from storefront.tests.conftest import note_complaints
from storefront.tests.every_state import STATES
from storefront.tests.inspection import DESK, ZOOMED, focus_problems, sideways, small_targets, violations
from storefront.tests.page_states import Visit
from storefront.tests.stage import set_empty_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# What needs a provider; what is not of the shop; the admin, which is Django's, looked at but not ours to mend.
APART = {"paying", "sandbox", "staff"}
OURS = [pytest.param(state, id=state.name) for group in STATES if group not in APART for state in STATES[group]]
PAYING = [pytest.param(state, id=state.name) for state in STATES["paying"]]


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """One stage for all states: to set it up takes longer than to look at a page. No state may change what it holds."""
    with django_db_blocker.unblock():
        yield set_empty_stage()
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def _django_db_helper(stage):
    """In the place of pytest-django's, which would empty the database after each state."""


def test_the_list_is_long_enough():
    assert len(OURS) >= 25


@pytest.mark.parametrize("state", OURS)
def test_every_page_is_good(state, stage, chromium, live_server):
    look(state, stage, chromium, live_server)


@pytest.mark.parametrize("state", PAYING)
def test_every_page_of_paying_is_good(state, stage, chromium, live_server, sandbox, settings):
    settings.SHOP_CURRENCY, settings.KHQR_ACCOUNT = "USD", "commercia@aclb"
    settings.BAKONG_API_BASE = sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    look(state, stage, chromium, live_server, sandbox)


def look(state, stage, chromium, live_server, sandbox=None):
    """Reach the state and fail, with all that is wrong, unless it is good."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    complaints = note_complaints(page)
    state.reach(Visit(page, live_server.url, stage, sandbox))
    found = [*violations(page), *sideways(page), *small_targets(page)]
    found += [*focus_problems(page, DESK), *focus_problems(page, ZOOMED), *complaints]
    context.close()
    assert not found, "\n".join(found)
