"""What every operation of the OpenAPI document has in common."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from core.api.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457). `code` is stable and meant for programs, `detail` for people.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:commercia:problem:sold_out"]},
        "title": {"type": "string", "examples": ["Conflict"]},
        "status": {"type": "integer", "examples": [409]},
        "code": {"type": "string", "examples": ["sold_out"]},
        "detail": {"type": "string", "examples": ["Only 1 left of these."]},
        "request_id": {"type": "string", "description": "Quote it when you ask us about this error."},
        "facts": {
            "type": "object",
            "additionalProperties": True,
            "description": "Values behind the refusal, such as the number that is left.",
        },
        "errors": {
            "type": "array",
            "description": "One entry for each wrong value, with exactly one of pointer, parameter and header.",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string", "description": "Name of a query parameter."},
                    "header": {"type": "string", "description": "Name of a request header."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
METHODS = {"get", "post", "put", "patch", "delete"}


class ShopSchema(AutoSchema):
    """drf-spectacular's view of an endpoint, which also knows that some are public to read (`reads_are_public`)."""

    def get_auth(self) -> list[dict[str, Any]]:
        auths = super().get_auth()
        if self.method == "GET" and getattr(self.view, "reads_are_public", False):
            auths.append({})
        return auths


def add_problems(result: dict[str, Any], generator: SchemaGenerator, request: object, public: bool) -> dict[str, Any]:
    """Say that every operation may answer with a problem document (a postprocessing hook of drf-spectacular)."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "What went wrong, as a problem document.",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method in METHODS:
                operation["responses"].setdefault("default", answer)
    return result
