"""What the business says no to. Every face shows a refusal in its own way; no face invents one."""


class Refusal(Exception):
    """The business forbids this request as it stands.

    `code` is stable and machine readable, `message` is a sentence for a person, `facts` are plain values
    (numbers, strings, lists) that a face may show or that an API client may act on.
    """

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.facts = facts


class Conflict(Refusal):
    """The world has moved since the caller looked: look again, then decide again."""


class TooManyTries(Refusal):
    """The same was tried too often: it can be tried again after `wait` seconds."""

    default_code = "too_many_tries"

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(self.default_code, message)
        self.wait = wait
