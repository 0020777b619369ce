"""The sender line is judged at start, not at the first letter."""

from notifications.checks import sender_can_stand_in_a_header


def test_good_sender_passes(settings):
    settings.DEFAULT_FROM_EMAIL = '"Sok, Dara & Co." <shop@example.com>'
    assert sender_can_stand_in_a_header(None) == []


def test_unquoted_comma_is_named(settings):
    settings.DEFAULT_FROM_EMAIL = "Sok, Dara & Co. <shop@example.com>"
    [error] = sender_can_stand_in_a_header(None)
    assert error.id == "notifications.E001"
    assert "Sok, Dara & Co. <shop@example.com>" in error.msg
