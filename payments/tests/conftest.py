"""What tests of money share."""

import pytest

from backoffice.tests.audits import offences
from payments.tests.paying import _sandbox_process, sandbox

__all__ = ["_sandbox_process", "sandbox"]


@pytest.fixture
def balanced_books():
    """After the test the audits of money and stock find nothing."""
    yield
    assert offences() == []
