"""Every page in every state in a real browser: nothing axe finds, nothing too wide, too small, hidden or refused."""

import pytest

from storefront.tests.conftest import note_complaints
from storefront.tests.inspection import DESK, ZOOMED, focus_problems, sideways, small_targets, violations
from storefront.tests.page_states import STATES, Visit
from storefront.tests.stage import set_empty_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The admin is Django's: its own pages are looked at, but not ours to mend.
OURS = [group for group in STATES if group != "staff"]


@pytest.fixture
def stage(transactional_db):
    """The stage, visible to the server's own thread."""
    return set_empty_stage()


def test_the_list_is_long_enough():
    assert sum(len(STATES[group]) for group in OURS) >= 25


def test_every_page_is_good(stage, chromium, live_server):
    wrong = []
    for state in (state for group in OURS for state in STATES[group]):
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page = context.new_page()
        complaints = note_complaints(page)
        state.reach(Visit(page, live_server.url, stage))
        found = [*violations(page), *sideways(page), *small_targets(page)]
        found += [*focus_problems(page, DESK), *focus_problems(page, ZOOMED), *complaints]
        wrong += [f"{state.name}: {problem}" for problem in found]
        context.close()
    assert not wrong, "\n".join(wrong)
