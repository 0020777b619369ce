"""One sandbox process and one listener for all tests; every test starts with an empty one."""

import pytest

from sandbox.tests.running import RunningSandbox, listening


@pytest.fixture(scope="session")
def _listener():
    with listening() as listener:
        yield listener


@pytest.fixture(scope="session")
def _process(_listener):
    running = RunningSandbox("--webhook-url", _listener.url, "--lock-patience", "1")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(_process, _listener):
    """A running sandbox that knows nothing yet."""
    _process.reset()
    _listener.came.clear()
    _listener.status = 200
    return _process


@pytest.fixture
def shop(sandbox, _listener):
    """The shop's webhook address; what an earlier test left on the way has been thrown away."""
    return _listener


@pytest.fixture
def client(sandbox):
    """The real Stripe client, without retries of its own."""
    return sandbox.client()
