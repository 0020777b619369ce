"""Enter the riel rate on the command line."""

import pytest
from django.core.management import CommandError, call_command

from payments.providers.khqr.rates import riel_rate

pytestmark = pytest.mark.django_db


def test_the_rate_is_entered_and_shown(capsys):
    call_command("riel_rate")
    call_command("riel_rate", "4100")
    call_command("riel_rate")
    assert capsys.readouterr().out.splitlines() == [
        "No rate was entered within 7 days: KHQR in riel is not offered.",
        "A dollar costs 4,100 riel (the shop). The rate is used for 7 days.",
        "A dollar costs 4,100 riel (the shop). The rate is used for 7 days.",
    ]


@pytest.mark.parametrize("rate", ["41", "41000", "four", "NaN", "4100.00001"])
def test_an_impossible_rate_changes_nothing(rate):
    with pytest.raises(CommandError, match="is no rate"):
        call_command("riel_rate", rate)
    assert riel_rate() is None
