"""Query parameters, read as strictly as bodies."""

from collections.abc import Collection
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from core.api.errors import InvalidRequest
from core.api.pagination import LARGEST_PAGE
from core.api.problems import pointers
from core.api.serializers import StrictSerializer


class NoQuery(StrictSerializer):
    """This address takes no query parameters."""


class PageQuery(StrictSerializer):
    """Which page of a list."""

    page = serializers.IntegerField(min_value=1, required=False, help_text="Page number, from 1.")
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, required=False, help_text=f"Rows a page, at most {LARGEST_PAGE}."
    )


def read_query(
    serializer_class: type[StrictSerializer], request: Request, *, only: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the validated query parameters. Raises InvalidRequest naming each unknown, repeated or wrong one.

    With `only`, parameters of other names are left to the caller.
    """
    given = {
        name: values
        for name, values in request.query_params.lists()
        if name != "format" and (only is None or name in only)
    }
    repeated = sorted(name for name, values in given.items() if len(values) > 1)
    if repeated:
        raise InvalidRequest(
            [{"parameter": name, "code": "repeated", "detail": "Give this parameter once."} for name in repeated]
        )
    serializer = serializer_class(data={name: values[0] for name, values in given.items()})
    if not serializer.is_valid():
        raise InvalidRequest(
            [
                {"parameter": row["pointer"].strip("/"), "code": _code(row), "detail": row["detail"]}
                for row in pointers(serializer.errors)
            ]
        )
    return serializer.validated_data


def _code(row: dict[str, str]) -> str:
    return "unknown_parameter" if row["code"] == "unknown_field" else row["code"]
