"""Codes, secrets and request ids."""

import re

import pytest

from core import codes, request_ids


def test_public_codes_can_be_read_aloud():
    seen = {codes.public_code() for _ in range(500)}
    assert len(seen) == 500
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{8}", code) for code in seen)


def test_secrets_carry_at_least_128_bits_and_are_stored_hashed():
    token = codes.secret_token()
    assert len(token) == 32
    assert codes.token_hash(token) != token
    assert codes.token_hash("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


@pytest.mark.parametrize("given", ["abcdef12", "A-1" * 10, "0" * 64])
def test_a_harmless_request_id_is_kept(given):
    assert request_ids.accept(given) == given


@pytest.mark.parametrize("given", [None, "", "short", "x" * 65, "new\nline-here", "<script>alert", "ünïcödé-id"])
def test_a_doubtful_request_id_is_replaced(given):
    fresh = request_ids.accept(given)
    assert fresh != given
    assert re.fullmatch(r"[0-9a-f]{32}", fresh)
