"""How often somebody may ask for a letter. Known and unknown e-mails are counted alike."""

from typing import Any

from accounts.models import email_key
from core.callers import caller_address
from core.tallies import count_try

# Within a quarter of an hour: for one e-mail from one network address, and for all e-mails from it.
ACCOUNT_ASKS, ADDRESS_ASKS, ASK_SECONDS = 5, 30, 15 * 60
WORDS = (
    "You have asked for this several times. Nothing more was sent. Look into your mailbox, or ask again in {minutes}."
)


def count_asking(request: Any, what: str, email: str) -> None:
    """Count that somebody asks for a letter of the kind `what`. Raises TooManyTries.

    Whoever asks from elsewhere is counted apart, so nobody can keep a person from their letters.
    """
    address = caller_address(request)
    count_try(f"{what} from", address, most=ADDRESS_ASKS, seconds=ASK_SECONDS, words=WORDS)
    count_try(what, email_key(email), address, most=ACCOUNT_ASKS, seconds=ASK_SECONDS, words=WORDS)
