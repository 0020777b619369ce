"""Faults that a test switches on: lost, late and wrong answers of the providers' APIs."""

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.refusing import BadControl
from sandbox.store import new_id

PROVIDERS = ("any", "stripe", "bakong")
KINDS = ("drop", "timeout", "delay", "slow", "status")
MOMENTS = ("before", "after")
HTML = (
    "<!DOCTYPE html>\n<html><head><title>{status} {words}</title></head>\n"
    "<body><center><h1>{status} {words}</h1></center><hr><center>nginx</center></body></html>\n"
)
WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass
class Fault:
    """One rule: which calls it strikes, what happens to them, and how often.

    `drop` closes the connection without an answer; `timeout` does so after `seconds`; `delay` waits `seconds` while
    other calls go on; `slow` waits while the objects of the call are locked; `status` answers `status` with a gateway's
    HTML, with the provider's own JSON, or with `text`. `when` says whether the call acts first ("after") or not at all.
    """

    provider: str = "any"
    method: str = "*"
    path: str = "*"
    kind: str = "drop"
    when: str = "before"
    seconds: float = 0.0
    status: int = 500
    body: str = "html"
    text: str = ""
    times: int | None = None
    share: float = 1.0
    seed: int = 0
    id: str = field(default_factory=lambda: new_id("fault", 8))
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  (repeatable, not secret)

    def strikes(self, provider: str, method: str, path: str) -> bool:
        """Tell whether this call is hit, and count it."""
        if self.provider not in {"any", provider} or not fnmatchcase(method, self.method):
            return False
        if not fnmatchcase(path, self.path) or (self.times is not None and self.struck >= self.times):
            return False
        self.seen += 1
        if self.dice.random() >= self.share:
            return False
        self.struck += 1
        return True

    def page(self) -> bytes:
        """Return the body of a `status` answer that comes from a gateway before the provider."""
        return (self.text or HTML.format(status=self.status, words=WORDS.get(self.status, "Error"))).encode()

    def facts(self) -> dict[str, Any]:
        """Return the rule and its counts as JSON has it."""
        return {name: value for name, value in vars(self).items() if name != "dice"}


CHOICES: dict[str, tuple[str, ...]] = {
    "provider": PROVIDERS,
    "kind": KINDS,
    "when": MOMENTS,
    "body": ("html", "json", "text"),
}
TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("provider", "method", "path", "kind", "when", "body", "text"), str),
    "seconds": (int, float),
    "status": int,
    "times": (int, type(None)),
    "share": (int, float),
    "seed": int,
}


class Faults:
    """The rules in force, the oldest first."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, facts: Any) -> Fault:
        """Add a rule from JSON.

        Raises BadControl for unknown names and values.
        """
        if not isinstance(facts, dict):
            raise BadControl("A fault is a JSON object.")
        for name, value in facts.items():
            if name not in TYPES or isinstance(value, bool) or not isinstance(value, TYPES[name]):
                raise BadControl(f"A fault has no {name!r} = {value!r}. Known: {', '.join(TYPES)}.")
            if name in CHOICES and value not in CHOICES[name]:
                raise BadControl(f"{name} is one of {', '.join(CHOICES[name])}.")
        fault = Fault(**facts)
        self.rules.append(fault)
        return fault

    def remove(self, name: str) -> None:
        """Take one rule away; an unknown one is no mistake."""
        self.rules = [rule for rule in self.rules if rule.id != name]

    def clear(self) -> None:
        """Take all rules away."""
        self.rules.clear()

    def choose(self, provider: str, method: str, path: str) -> Fault | None:
        """Return the first rule that strikes this call."""
        return next((rule for rule in self.rules if rule.strikes(provider, method, path)), None)
