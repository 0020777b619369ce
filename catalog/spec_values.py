"""Typed values of specs and options: what a category's definitions accept."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.models import Category
from core.refusals import Refusal

TEXT_MAX_LENGTH = 200
LIST_MAX_LENGTH = 40


def clean_specs(category: Category, values: Mapping[str, Any], *, axes: bool) -> dict[str, Any]:
    """Return the specs (or, with `axes`, the variant options) that `category` defines, each in its type.

    Unknown and empty values are left out when empty; numbers are in the definition's unit.
    Raises Refusal("invalid_values", fields) for a key the category does not know, or a value of another type.
    """
    definitions = {
        definition["key"]: definition
        for definition in category.spec_definitions
        if (definition["key"] in category.variant_axes) == axes
    }
    wrong: dict[str, list[str]] = {}
    cleaned: dict[str, Any] = {}
    for key, value in values.items():
        if value in (None, "", []):
            continue
        if key not in definitions:
            wrong[str(key)[:60]] = [f"{category.name} has no such fact."]
            continue
        try:
            cleaned[key] = _typed(definitions[key], value)
        except ValueError as error:
            wrong[key] = [str(error)]
    if wrong:
        words = " ".join(f"{key}: {reasons[0]}" for key, reasons in wrong.items())
        raise Refusal("invalid_values", words[:500], fields=wrong)
    return cleaned


def _typed(definition: Mapping[str, Any], value: Any) -> Any:
    """Return `value` in the definition's kind. Raises ValueError with the sentence for the person."""
    kind = definition["kind"]
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        raise ValueError("Answer yes or no.")
    if kind == "list":
        items = [_text(item) for item in value] if isinstance(value, list) else [_text(value)]
        if len(items) > LIST_MAX_LENGTH:
            raise ValueError(f"Name at most {LIST_MAX_LENGTH} things.")
        return [item for item in items if item]
    if kind == "text":
        return _text(value)
    return _number(definition, value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Write this as text.")
    text = " ".join(value.split())
    if len(text) > TEXT_MAX_LENGTH:
        raise ValueError(f"Write at most {TEXT_MAX_LENGTH} characters.")
    return text


def _number(definition: Mapping[str, Any], value: Any) -> int | float:
    """Return a plausible number: whole ones as int, so that 16 and 16.0 are equal on every engine."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("Write this as a number.")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("Write this as a number.")
    whole = number == number.to_integral_value()
    if definition["kind"] == "integer" and not whole:
        raise ValueError("Write a whole number.")
    low, high = definition.get("low"), definition.get("high")
    if (low is not None and number < Decimal(str(low))) or (high is not None and number > Decimal(str(high))):
        raise ValueError(f"Expected from {low if low is not None else '–'} to {high if high is not None else '–'}.")
    return int(number) if whole else float(number)
