"""Specs and options as form fields, one for each definition of the category, with its unit and its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from catalog.models import Category
from catalog.spec_values import TEXT_MAX_LENGTH

PREFIX = "fact_"


def definitions_of(category: Category, *, axes: bool) -> list[Mapping[str, Any]]:
    """Return the category's definitions of specs, or with `axes` of what tells variants apart."""
    return [
        definition for definition in category.spec_definitions if (definition["key"] in category.variant_axes) == axes
    ]


def fact_fields(definitions: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, forms.Field]:
    """Return a field for each definition, filled with what is recorded."""
    return {f"{PREFIX}{definition['key']}": _field(definition, values) for definition in definitions}


def facts_told(cleaned: Mapping[str, Any], definitions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the specs that a valid form holds, by key; lists are split at commas, empty ones left out."""
    told = {}
    for definition in definitions:
        value = cleaned.get(f"{PREFIX}{definition['key']}")
        if definition["kind"] == "list":
            value = [item.strip() for item in (value or "").split(",") if item.strip()]
        if value not in (None, "", []):
            told[definition["key"]] = value
    return told


def _field(definition: Mapping[str, Any], values: Mapping[str, Any]) -> forms.Field:
    kind, unit = definition["kind"], definition.get("unit")
    value = values.get(definition["key"])
    options: dict[str, Any] = {
        "label": f"{definition['label']} ({unit})" if unit else definition["label"],
        "help_text": definition.get("hint", ""),
        "required": False,
        "initial": value,
    }
    if kind == "boolean":
        return forms.NullBooleanField(**options)
    if kind == "integer":
        return forms.IntegerField(min_value=definition.get("low"), max_value=definition.get("high"), **options)
    if kind == "decimal":
        return forms.DecimalField(min_value=definition.get("low"), max_value=definition.get("high"), **options)
    if kind == "list":
        options |= {"initial": ", ".join(value or []), "help_text": f"{options['help_text']} Parted by commas.".strip()}
        return forms.CharField(max_length=1000, **options)
    return forms.CharField(max_length=TEXT_MAX_LENGTH, **options)
