"""The stand-in for payment providers beside the embedded shop: keys of its own, and never beside real ones."""

import json
import stat

import pytest

from commercia import supervisor


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own without any keys in the environment."""
    for name in (*supervisor.REAL_KEYS, "STRIPE_API_BASE", "STRIPE_WEBHOOK_SECRETS", "BAKONG_API_BASE", "KHQR_ACCOUNT"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(supervisor, "ROOT", tmp_path)
    monkeypatch.setattr(supervisor, "KEYS", tmp_path / "var" / "sandbox-keys.json")
    return tmp_path


def test_keys_are_random_private_and_stay(checkout):
    keys = supervisor.sandbox_keys()
    assert keys == supervisor.sandbox_keys() == json.loads(supervisor.KEYS.read_text())
    assert stat.S_IMODE(supervisor.KEYS.stat().st_mode) == 0o600
    assert [keys[name].startswith(prefix) for name, prefix in supervisor.KEY_PREFIXES.items()] == [True] * 3
    assert len(set(keys.values())) == 3
    supervisor.KEYS.unlink()
    assert not set(keys.values()) & set(supervisor.sandbox_keys().values())


@pytest.mark.parametrize(
    ("line", "real"),
    [
        ("", False),
        ("STRIPE_SECRET_KEY=", False),
        ("# STRIPE_SECRET_KEY=sk_live_1", False),
        ("STRIPE_SECRET_KEY=sk_live_1", True),
        ("BAKONG_TOKEN = eyJ", True),
        ("EMAIL_URL=smtp://x", False),
    ],
)
def test_real_keys_leave_the_sandbox_nothing_to_play(checkout, line, real):
    assert supervisor.pays_for_real() is False
    (checkout / ".env").write_text(f"DEBUG=true\n{line}\n")
    assert supervisor.pays_for_real() is real


def test_a_key_in_the_environment_counts_too(checkout, monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_1")
    assert supervisor.pays_for_real() is True


def test_shop_and_sandbox_are_told_the_same(checkout, monkeypatch):
    child = supervisor.sandbox_child(8000, 8421)
    keys = supervisor.sandbox_keys()
    assert child.name == "sandbox"
    told = dict(zip(child.command[3::2], child.command[4::2], strict=True))
    assert told["--port"] == "8421"
    assert told["--webhook-url"] == "http://127.0.0.1:8000/payments/webhooks/stripe/"
    assert told["--secret-key"] == supervisor.os.environ["STRIPE_SECRET_KEY"] == keys["stripe_key"]
    assert supervisor.os.environ["STRIPE_API_BASE"] == "http://127.0.0.1:8421"
    assert supervisor.os.environ["BAKONG_TOKEN"] == told["--bakong-token"]
