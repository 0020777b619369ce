"""The OpenAPI document and the page that shows it."""

import re
from collections.abc import Iterator

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from core.tests.api import client_of


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema) -> Iterator[tuple[str, str, dict]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield method, path, operation


def test_the_document_is_valid_openapi_3_1(schema, capsys):
    assert schema["openapi"] == "3.1.0"
    validate_schema(schema)
    SchemaGenerator().get_schema(request=None, public=True)
    assert capsys.readouterr().err == ""


def test_every_operation_may_answer_with_a_problem_and_says_what_it_does(schema):
    for method, path, operation in operations(schema):
        assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)
        assert operation.get("description"), (method, path)
        assert operation["tags"] != ["v1"], (method, path)


def test_main_calls_have_examples(schema):
    shown = {
        (method, path)
        for method, path, operation in operations(schema)
        if operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples")
    }
    assert shown == {
        ("post", "/api/v1/cart/items/"),
        ("post", "/api/v1/orders/"),
        ("post", "/api/v1/products/"),
        ("post", "/api/v1/products/{slug}/reviews/"),
        ("post", "/api/v1/variants/"),
        ("post", "/api/v1/variants/{sku}/stock/"),
        ("post", "/api/v1/staff/orders/{code}/dispatch/"),
    }


def test_what_is_public_and_what_is_not(schema):
    public = {f"{method} {path}" for method, path, operation in operations(schema) if {} in operation["security"]}
    assert {path for path in public if path.startswith("get ")} == {
        "get /api/v1/cart/",
        "get /api/v1/categories/",
        "get /api/v1/categories/{slug}/",
        "get /api/v1/orders/",
        "get /api/v1/orders/{code}/",
        "get /api/v1/orders/{code}/proofs/",
        "get /api/v1/payments/{key}/",
        "get /api/v1/products/",
        "get /api/v1/products/{slug}/",
        "get /api/v1/products/{slug}/reviews/",
        "get /api/v1/shipping-methods/",
        "get /api/v1/variants/{sku}/",
        "get /api/v1/wishlist/",
        "get /api/v1/wishlist/shared/{share_code}/",
    }
    assert not [path for path in public if "/staff/" in path or "stock" in path]


def test_money_is_text(schema):
    amount = schema["components"]["schemas"]["Order"]["properties"]["total"]
    assert (amount["type"], amount["format"]) == ("string", "decimal")


@pytest.mark.django_db
def test_the_document_is_served():
    response = client_of().get("/api/schema/")
    assert response.status_code == 200
    assert b"openapi: 3.1.0" in response.content


@pytest.mark.django_db
def test_the_page_holds_no_inline_code():
    html = client_of(accept="text/html").get("/api/docs/").content.decode()
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|style=", html)
    assert "drf_spectacular_sidecar" in html


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_works_under_our_content_security_policy(page):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/api/docs/")
    operation = page.locator("#operations-cart-cart_show")
    operation.wait_for()
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    operation.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()
    assert complaints == []
