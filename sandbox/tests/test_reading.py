"""Whatever comes in is either read or refused: never another error."""

from contextlib import suppress
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from sandbox.bakong_api.khqr import BadCode, read_code
from sandbox.stripe_api import schemas
from sandbox.stripe_api.errors import ApiError
from sandbox.stripe_api.params import apply, nest
from sandbox.tests.bakong import a_code, sealed

GOOD = a_code(amount="12.50", bill_number="R1042-07").text
NAMES = st.sampled_from(
    [
        "amount",
        "currency",
        "metadata",
        "metadata[a]",
        "metadata[a][b]",
        "line_items[0][price_data][currency]",
        "line_items[x]",
        "line_items[]",
        "line_items[²]",
        "line_items[0][quantity]",
        "expand[]",
        "expand",
        "mode",
        "success_url",
        "expires_at",
        "a[",
        "[]",
        "]",
        "",
    ]
)
VALUES = st.one_of(st.text(max_size=20), st.integers().map(str), st.sampled_from(["", "true", "usd", "١٢"]))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    for candidate in (text, sealed(text) if text.isprintable() else text):
        with suppress(BadCode):
            read_code(candidate)


@given(st.data())
def test_any_cut_or_insertion_in_a_sealed_code_is_read_or_refused(data):
    body = GOOD[:-8]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    insertion = data.draw(st.text("0123456789abKH@.", max_size=6))
    with suppress(BadCode):
        read_code(sealed(body[:start] + insertion + body[end:]))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_any_form_is_read_or_refused(pairs):
    for schema in (schemas.CREATE_SESSION, schemas.CREATE_INTENT, schemas.CREATE_REFUND):
        with suppress(ApiError):
            apply(schema, nest(pairs))


@given(st.text(max_size=100))
def test_any_query_string_is_read_or_refused(text):
    with suppress(ApiError):
        nest(parse_qsl(text, keep_blank_values=True))
