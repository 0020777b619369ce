"""What holds for every page: the banner, the policy, no script; and accessibility in a browser."""

import re
from urllib.parse import urlencode

import pytest

from sandbox.tests.bakong import a_code
from sandbox.tests.selling import ALWAYS_3DS, DECLINED, PENDING_REFUND, paid_intent, pay_session, start_session

BANNER = "No real money moves"
SMALL_TARGETS = """
[...document.querySelectorAll('button, input:not([type=hidden]), textarea, summary')]
  .filter(each => each.getBoundingClientRect().height > 0 && each.getBoundingClientRect().height < 44)
  .map(each => each.outerHTML)
"""


@pytest.fixture
def addresses(sandbox, client):
    """Every kind of page, with something on it."""
    session = start_session(client)
    pay_session(sandbox, session, DECLINED)
    waiting = start_session(client)
    challenge = pay_session(sandbox, waiting, ALWAYS_3DS).location
    paid = start_session(client)
    pay_session(sandbox, paid, PENDING_REFUND)
    intent = client.v1.checkout.sessions.retrieve(paid.id).payment_intent
    client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    sandbox.control("POST", "stripe/disputes", {"payment_intent": paid_intent(client).id})
    sandbox.fault(path="/v1/nothing", kind="drop")
    code = a_code(amount="12.50", bill_number="R1042-07")
    sandbox.control("POST", "bakong/pay", {"qr": code.text})
    return [
        f"/pay/{session.id}",
        f"/pay/{paid.id}",
        challenge,
        f"/receipt/{intent}",
        "/bakong",
        f"/bakong?{urlencode({'qr': code.text})}",
        f"/bakong?{urlencode({'qr': a_code().text})}",
        "/bakong?qr=nonsense",
        "/3ds/done",
        "/nothing",
        "/",
    ]


def test_every_page_says_that_no_real_money_moves_and_runs_no_script(sandbox, addresses):
    for address in addresses:
        page = sandbox.get(address)
        assert BANNER in page.text, address
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page.text), address
        assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_a_form_may_lead_back_to_the_shop_and_nowhere_else(sandbox, client):
    policy = sandbox.get(start_session(client).url).headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9;" in policy


def test_names_from_outside_are_only_text(sandbox, client):
    session = start_session(
        client,
        line_items=[
            {
                "price_data": {
                    "currency": "usd",
                    "unit_amount": 100,
                    "product_data": {"name": "<script>alert(1)</script>"},
                }
            }
        ],
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in sandbox.get(session.url).text


def test_the_desk_lets_things_happen(sandbox, client):
    intent = paid_intent(client)
    assert sandbox.post("/desk", do="dispute", name=intent.latest_charge).location == "/"
    [dispute] = client.v1.disputes.list().data
    sandbox.post("/desk", do="lose", name=dispute.id)
    assert client.v1.disputes.retrieve(dispute.id).status == "lost"
    sandbox.control("POST", "stripe/outcomes", {"refunds": ["pending", "pending"]})
    refunds = [client.v1.refunds.create({"payment_intent": paid_intent(client).id}).id for _ in range(2)]
    sandbox.post("/desk", do="succeed", name=refunds[0])
    sandbox.post("/desk", do="fail", name=refunds[1])
    assert [client.v1.refunds.retrieve(name).status for name in refunds] == ["succeeded", "failed"]
    sandbox.post("/desk", do="clock", name="30")
    assert sandbox.control("GET", "clock")["offset_seconds"] == 30 * 86400
    sandbox.fault(kind="drop", path="/v1/nothing")
    sandbox.post("/desk", do="clear faults", name="")
    assert sandbox.control("GET", "faults") == []


@pytest.mark.parametrize(
    ("do", "name"),
    [
        ("explode", ""),
        ("dispute", "ch_x"),
        ("win", "du_x"),
        ("succeed", "re_x"),
        ("resend", "evt_x"),
        ("clock", "-1"),
        ("clock", "soon"),
        ("clock", "3661"),
    ],
)
def test_the_desk_refuses_with_words(sandbox, do, name):
    answer = sandbox.post("/desk", do=do, name=name)
    assert (answer.status, 'role="alert"' in answer.text) == (409, True)
    assert sandbox.control("GET", "clock")["offset_seconds"] == 0


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_on_a_phone(sandbox, addresses, chromium, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    axe = Axe()
    for address in addresses:
        page.goto(f"{sandbox.url}{address}")
        for details in page.locator("summary").all():
            details.click()
        found = axe.run(page).response["violations"]
        assert found == [], (address, [(each["id"], each["nodes"][0]["html"]) for each in found])
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
        small = page.evaluate(SMALL_TARGETS)
        assert small == [], address
    assert [text for text in complaints if "status of 4" not in text] == []
    context.close()


@pytest.mark.browser
def test_a_browser_without_javascript_pays_by_three_d_secure(sandbox, client, chromium):
    session = start_session(
        client, success_url=f"{sandbox.url}/3ds/done?session={{CHECKOUT_SESSION_ID}}", cancel_url=f"{sandbox.url}/"
    )
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(session.url)
    page.get_by_label("E-mail").fill("dara@example.com")
    page.get_by_label("Card number").fill(ALWAYS_3DS)
    page.get_by_label("Expiry").fill("12 / 39")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay 505.00 USD").click()
    page.get_by_role("button", name="Yes, it is me").click()
    page.wait_for_url(f"**/3ds/done?session={session.id}")
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    context.close()
