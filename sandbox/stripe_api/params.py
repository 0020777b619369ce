"""Reading Stripe's form parameters: nested names, types, and the refusal of everything unknown."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe_api.errors import ApiError, unreadable

Params = dict[str, Any]
Reader = Callable[[str, Any], Any]
NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
PART = re.compile(r"\[([^\[\]]*)\]")
LONGEST_TEXT = 5000
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500


def nest(pairs: Iterable[tuple[str, str]]) -> Params:
    """Return `a[b][0]=c` and its like as nested dictionaries; lists stay dictionaries until a schema reads them."""
    tree: Params = {}
    for name, value in pairs:
        match = NAME.match(name)
        if match is None:
            raise unreadable(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        parts = [match[1], *PART.findall(match[2])]
        spot = tree
        for part in parts[:-1]:
            inner = spot.setdefault(part, {})
            if not isinstance(inner, dict):
                raise unreadable(f"Invalid {shown(parts)}", param=shown(parts))
            spot = inner
        last = parts[-1] or str(len(spot))
        if isinstance(spot.get(last), dict):
            raise unreadable(f"Invalid {shown(parts)}", param=shown(parts))
        spot[last] = value
    return tree


def shown(parts: list[str]) -> str:
    """Return a nested name as Stripe writes it: `a[b][c]`."""
    return parts[0] + "".join(f"[{part}]" for part in parts[1:])


def plain(name: str, value: Any) -> str:
    """Return a value that must be one text, not nested.

    Raises ApiError for a nested or empty one.
    """
    if not isinstance(value, str):
        raise unreadable(f"Invalid string: {value}", param=name)
    if not value:
        message = (
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{name}' cannot be unset."
        )
        raise unreadable(message, code="parameter_invalid_empty", param=name)
    return value


def text(name: str, value: Any) -> str:
    """Read a text of 1 to 5,000 characters."""
    value = plain(name, value)
    if len(value) > LONGEST_TEXT:
        raise unreadable(
            f"Invalid string: must be at most {LONGEST_TEXT} characters",
            param=name,
            code="parameter_invalid_string_long",
        )
    return value


def url(name: str, value: Any) -> str:
    """Read an address of a web page."""
    value = text(name, value)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise unreadable("Not a valid URL", code="url_invalid", param=name)
    return value


def optional_text(name: str, value: Any) -> str | None:
    """Read a text that an empty string unsets."""
    return text(name, value) if value != "" else None


def integer(name: str, value: Any) -> int:
    """Read a whole number."""
    value = plain(name, value)
    if not re.fullmatch(r"-?\d{1,15}", value, re.ASCII):
        raise unreadable(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def amount(name: str, value: Any) -> int:
    """Read an amount in the currency's smallest unit, above zero."""
    number = integer(name, value)
    if number < 1:
        raise unreadable("This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=name)
    return number


def boolean(name: str, value: Any) -> bool:
    """Read true or false."""
    value = plain(name, value)
    if value not in {"true", "false"}:
        raise unreadable(f"Invalid boolean: {value}", param=name)
    return value == "true"


def boolean_or(*words: str) -> Reader:
    """Return a reader of true, false or one of some words (`off_session` takes `recurring`, too)."""

    def read(name: str, value: Any) -> bool:
        return True if value in words else boolean(name, value)

    return read


def choice(*words: str) -> Reader:
    """Return a reader of one of some words."""

    def read(name: str, value: Any) -> str:
        value = plain(name, value)
        if value not in words:
            known = words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"
            raise unreadable(f"Invalid {name}: must be one of {known}", param=name)
        return value

    return read


def metadata(name: str, value: Any) -> dict[str, str]:
    """Read metadata: 50 keys of 40 characters, values of 500; an empty value unsets its key, an empty text all."""
    if value == "":
        return {"": ""}
    if not isinstance(value, dict):
        raise unreadable("Invalid metadata: must be a hash", param=name)
    for key, content in value.items():
        if not isinstance(content, str):
            raise unreadable(
                f"Metadata values must be strings, but for key '{key}' you passed in a value of type Hash", param=name
            )
        if len(key) > METADATA_KEY:
            raise unreadable(
                f"Metadata keys can have up to {METADATA_KEY} characters. The key you passed in has {len(key)}.",
                param=name,
            )
        if len(content) > METADATA_VALUE:
            raise unreadable(
                f"Metadata values can have up to {METADATA_VALUE} characters, but you passed in a value that is "
                f"{len(content)} characters. Invalid value: {content[:20]}…",
                param=name,
            )
    if len(value) > METADATA_KEYS:
        raise unreadable(f"You can only have up to {METADATA_KEYS} metadata keys.", param=name)
    return dict(value)


def merged(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    """Return metadata after an update."""
    if new is None:
        return dict(old)
    if new == {"": ""}:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value != ""}


def period(name: str, value: Any) -> dict[str, int]:
    """Read a `created` filter: a second, or bounds gt, gte, lt, lte."""
    if isinstance(value, str):
        second = integer(name, value)
        return {"gte": second, "lte": second}
    return nested(gt=integer, gte=integer, lt=integer, lte=integer)(name, value)


def many(read: Reader) -> Reader:
    """Return a reader of a list, given as `name[]`, `name[0]`, …"""

    def read_all(name: str, value: Any) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isascii() and key.isdigit() for key in value):
            raise unreadable("Invalid array", param=name)
        return [read(f"{name}[{key}]", value[key]) for key in sorted(value, key=int)]

    return read_all


def nested(**schema: Reader) -> Reader:
    """Return a reader of a hash with these keys only."""

    def read(name: str, value: Any) -> Params:
        if not isinstance(value, dict):
            raise unreadable("Invalid object", param=name)
        return apply(schema, value, inside=name)

    read.schema = schema  # type: ignore[attr-defined]
    return read


def required(read: Reader) -> Reader:
    """Mark a parameter that must be there."""

    def read_required(name: str, value: Any) -> Any:
        return read(name, value)

    read_required.required = True  # type: ignore[attr-defined]
    read_required.schema = getattr(read, "schema", None)  # type: ignore[attr-defined]
    return read_required


def apply(schema: dict[str, Reader], tree: Params, *, inside: str = "") -> Params:
    """Return the parameters read by a schema.

    Raises a 400 ApiError that names the first unknown, missing or wrong parameter.
    """

    def full(key: str) -> str:
        return f"{inside}[{key}]" if inside else key

    unknown = [full(key) for key in tree if key not in schema]
    if unknown:
        raise unknown_parameters(unknown)
    for key, read in schema.items():
        if getattr(read, "required", False) and key not in tree:
            raise unreadable(f"Missing required param: {full(key)}.", code="parameter_missing", param=full(key))
    return {key: schema[key](full(key), value) for key, value in tree.items()}


def unknown_parameters(names: list[str]) -> ApiError:
    """Return Stripe's 400 for parameters it does not know."""
    many_names = "s" if len(names) > 1 else ""
    return unreadable(
        f"Received unknown parameter{many_names}: {', '.join(names)}", code="parameter_unknown", param=names[0]
    )
