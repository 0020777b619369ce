"""Staff of every role, for the tests of the admin."""

import pytest

from backoffice.roles import sync_roles


@pytest.fixture
def roles(db):
    """The six groups, as the table says."""
    return sync_roles()
