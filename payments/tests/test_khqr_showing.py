"""The part of the payment page where a KHQR code stands."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.template import engines

from payments.providers.khqr.showing import shown_code
from payments.providers.port import Attempt

NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
ADDRESSES = {
    "check_url": "/orders/X/check/",
    "new_code_url": "/orders/X/pay/",
    "other_way_url": "/orders/X/ways/",
    "status_url": "/orders/X/status/",
}


def an_attempt(**changes):
    facts = {
        "key": "K4T9QX2M:1",
        "method": "khqr",
        "amount": Decimal("12.50"),
        "currency": "USD",
        "description": "",
        "payer_email": "dara@example.com",
        "return_url": "",
        "cancel_url": "",
        "started_at": NOON,
        "expires_at": NOON + timedelta(minutes=10),
        "data": {"qr": "000201…", "payee": "Commercia, Phnom Penh", "deep_link": "https://bakong.page.link/x"},
    }
    return Attempt(**{**facts, **changes})


def rendered(rf, attempt=None, *, now=NOON, **changes):
    khqr = shown_code(attempt or an_attempt(), now=now)
    context = {"khqr": khqr, "email": "dara@example.com", **ADDRESSES, **changes}
    return engines["jinja2"].get_template("payments/khqr_code.html").render(context, rf.get("/"))


def test_payee_amount_time_and_ways_stand_beside_the_code(rf):
    page = rendered(rf)
    for words in (
        "Commercia, Phnom Penh",
        '<p class="amount">$12.50 <span class="to">USD</span></p>',
        "<title>KHQR code: pay $12.50 to Commercia, Phnom Penh</title>",
        '<time datetime="2026-11-21T12:10+07:00">Sat 21 Nov 2026, 12:10</time>',
        'data-seconds="600"',
        ">10:00</b>",
        '<form method="post" action="/orders/X/check/">',
        'href="https://bakong.page.link/x"',
        'hx-get="/orders/X/status/"',
        "K4T9QX2M-1",
    ):
        assert words in page
    assert page.count("csrfmiddlewaretoken") == 1
    assert "/orders/X/pay/" not in page


def test_riel_are_shown_as_the_banking_app_shows_them(rf):
    assert "៛50,200" in rendered(rf, an_attempt(amount=Decimal(50200), currency="KHR"))


@pytest.mark.parametrize("seconds", [600, 601, 86_400])
def test_a_code_that_has_ended_is_not_shown(rf, seconds):
    page = rendered(rf, now=NOON + timedelta(seconds=seconds))
    assert "This code has ended" in page
    assert '<form method="post" action="/orders/X/pay/">' in page
    assert '<form method="post" action="/orders/X/check/">' in page
    for gone in ("hx-get", "<path", "bakong.page.link", 'role="timer"', "KHQR code: pay"):
        assert gone not in page


@pytest.mark.parametrize(
    ("seconds", "clock"), [(0, "10:00"), (1, "9:59"), (540, "1:00"), (599, "0:01"), (600, "0:00"), (999, "0:00")]
)
def test_the_time_left(seconds, clock):
    assert shown_code(an_attempt(), now=NOON + timedelta(seconds=seconds)).clock == clock


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "", "//evil.example/"])
def test_only_a_web_address_is_a_link(rf, link):
    attempt = an_attempt()
    page = rendered(rf, an_attempt(data={**attempt.data, "deep_link": link}))
    assert "Open my bank app" not in page
    assert "alert" not in page


def test_nothing_told_becomes_markup(rf):
    attempt = an_attempt()
    page = rendered(
        rf, an_attempt(data={**attempt.data, "payee": '<script>alert("x")</script>'}), email="<b>x</b>@example.com"
    )
    assert "<script>" not in page
    assert "<b>x</b>" not in page
    assert "&lt;script&gt;alert(" in page


def test_a_strict_content_security_policy_lets_the_page_pass(rf):
    page = rendered(rf)
    assert not re.search(r"\s(style|on\w+)=", page)
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/storefront/khqr.js" type="module">']
    script = Path(django_settings.BASE_DIR) / "storefront/static/storefront/khqr.js"
    assert not re.search(r"innerHTML|eval|\.style", script.read_text())


def test_without_a_status_address_nobody_asks(rf):
    assert "hx-get" not in rendered(rf, status_url="")


def test_rate_source_and_advice_are_said_when_there_are_any(rf):
    page = rendered(rf, rate_lines=["$12.50 at 4,100 riel for a dollar", "NBC"], advice="Scan it again.")
    for words in ('<p class="to">$12.50 at 4,100 riel for a dollar</p>', '<p class="to">NBC</p>', "Scan it again."):
        assert words in page
