"""The banking app's pages: scan a KHQR code, see payee and amount, pay rightly or wrongly."""

from datetime import UTC, datetime
from decimal import Decimal

from sandbox.bakong_api.gate import LINK, STATIC
from sandbox.bakong_api.khqr import BadCode, Code, read_code
from sandbox.bakong_api.paying import WAYS, account_exists, pay, visible
from sandbox.refusing import BadControl
from sandbox.rendering import page
from sandbox.web import Request, Response
from sandbox.world import World


def show_scan(world: World, request: Request) -> Response:
    """Show the scanner, or the code that came with the address (`?qr=`)."""
    text = dict(request.query_pairs).get("qr", "")
    return show_code(world, text) if text else page("scan.html", text="", error="")


def open_link(world: World, name: str) -> Response | None:
    """Open the banking app by a deep link, or None for an unknown one."""
    link = world.store.find(LINK, name)
    return show_code(world, link["qr"], callback=link["callback"]) if link else None


def show_code(
    world: World, text: str, *, callback: str = "", said: str = "", done: bool = False, status: int = 200
) -> Response:
    """Show what a code says and the ways to pay it."""
    text = text.strip()
    try:
        code = read_code(text)
    except BadCode as problem:
        return page("scan.html", status=422, text=text, error=str(problem))
    if not code.dynamic and world.store.find(STATIC, f"static:{code.md5}") is None:
        world.store.add(STATIC, {"id": f"static:{code.md5}"})
    callback = callback if callback.startswith(("http://", "https://")) else ""
    return page(
        "khqr.html",
        status=status,
        code=code,
        amount=amount_of(code),
        ways=WAYS,
        known=account_exists(world, code.account),
        expires=datetime.fromtimestamp(code.expires_ms / 1000, UTC) if code.expires_ms else None,
        expired=code.expires_ms is not None and code.expires_ms <= world.clock.milliseconds(),
        paid=visible(world, md5=code.md5),
        callback=callback,
        said=said,
        done=done,
    )


def amount_of(code: Code) -> str:
    """Return the amount for people."""
    return "" if code.amount is None else f"{code.amount:,} {code.currency}"


def pay_code(world: World, request: Request) -> Response:
    """Answer the banking app's buttons."""
    form = request.form
    text, callback = form.get("qr", ""), form.get("callback", "")
    try:
        made = pay(world, read_code(text), form.get("way", ""))
    except BadCode:
        return show_code(world, text)
    except BadControl as refusal:
        return show_code(world, text, callback=callback, said=str(refusal), status=409)
    said = " and ".join(f"{Decimal(each['amount']):,} {each['currency']}" for each in made)
    said = f"The payment of {said} failed." if made[0]["failed"] else f"{said} on the way to {made[0]['to']}."
    if made[0]["at"] > world.clock.milliseconds():
        said += f" It arrives at {datetime.fromtimestamp(made[0]['at'] / 1000, UTC):%H:%M:%S} UTC."
    return show_code(world, text, callback=callback, said=said, done=not made[0]["failed"])
