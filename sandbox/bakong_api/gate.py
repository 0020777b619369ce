"""Where calls to the Bakong part come in: token, body, answer in Bakong's envelope."""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.bakong_api import tokens
from sandbox.bakong_api.khqr import BadCode, read_code
from sandbox.bakong_api.paying import account_exists, visible
from sandbox.faults import Fault
from sandbox.locks import LockTimeout
from sandbox.store import Thing, new_id
from sandbox.web import Request, Response, json_response
from sandbox.world import Call, World

LINK, STATIC = "bakong.link", "bakong.static_code"
MOST_IN_LIST = 50
SHORT_HASH = 8
LONGEST_EMAIL = 30
MESSAGES = {
    1: "Transaction could not be found. Please check and try again.",
    2: "Static QR code is not supported for checking the transaction.",
    3: "Transaction failed.",
    4: "Error requesting deeplink from provider.",
    5: "Missing required fields.",
    6: "Unauthorized, not yet requested for token or code invalid.",
    8: "This email is already registered.",
    10: "Not registered yet.",
    11: "Account ID not found.",
    12: "Account ID is invalid.",
}


class Refused(Exception):
    """Bakong says no, by one of its numbers."""

    def __init__(self, number: int, *, status: int = 200) -> None:
        super().__init__(MESSAGES[number])
        self.number = number
        self.status = status


def envelope(message: str, data: Any = None, number: int | None = None) -> dict[str, Any]:
    """Return Bakong's envelope."""
    return {"responseCode": 1 if number else 0, "responseMessage": message, "errorCode": number, "data": data}


def field(body: Any, name: str, *, longest: int = 255) -> str:
    """Return a text of a request.

    Raises Refused (5) when it is missing, empty or too long.
    """
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Refused(5)
    return value


class BakongGate:
    """Answers calls to `/v1/…` of the Bakong part."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open: dict[str, Callable[[Any], Any]] = {
            "request_token": self.request_token,
            "verify": self.verify,
            "renew_token": self.renew_token,
            "generate_deeplink_by_qr": self.generate_deeplink,
        }
        self.checks: dict[str, Callable[[Any], Any]] = {
            "check_transaction_by_md5": lambda body: self.check(md5=field(body, "md5")),
            "check_transaction_by_hash": lambda body: self.check(hash=field(body, "hash")),
            "check_transaction_by_short_hash": self.check_short_hash,
            "check_transaction_by_instruction_ref": lambda body: self.check(
                instruction_ref=field(body, "instructionRef")
            ),
            "check_transaction_by_external_ref": lambda body: self.check(external_ref=field(body, "externalRef")),
            "check_transaction_by_md5_list": lambda body: self.check_list("md5", body),
            "check_transaction_by_hash_list": lambda body: self.check_list("hash", body),
            "check_bakong_account": self.check_account,
        }

    @property
    def names(self) -> set[str]:
        """The last parts of all addresses of this API."""
        return {*self.open, *self.checks}

    async def answer(self, request: Request, call: Call, fault: Fault | None) -> Response:
        """Return the answer to one call."""
        name = request.path.removeprefix("/v1/")
        try:
            deed = self._deed(name, request)
            body = self._body(request)
            async with self.world.locks.hold([name] if name in self.open else []):
                message, data = deed(body)
            call.acted = True
            self.world.store.save()
            return json_response(envelope(message, data))
        except Refused as refusal:
            return json_response(envelope(str(refusal), None, refusal.number), refusal.status)
        except LockTimeout:
            return json_response(envelope("Cannot connect to server.", None, 9), 503)

    def _deed(self, name: str, request: Request) -> Callable[[Any], Any]:
        if name in self.open:
            return self.open[name]
        if not tokens.valid(self.world, request.headers.get("authorization", "")):
            raise Refused(6, status=401)
        return self.checks[name]

    def _body(self, request: Request) -> Any:
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused(5, status=400)
        try:
            return json.loads(request.body)
        except ValueError:
            raise Refused(5, status=400) from None

    # --- Tokens and links --------------------------------------------------------------------------------------------

    def request_token(self, body: Any) -> tuple[str, Any]:
        """Send a code by e-mail; the sandbox shows the letter at /_sandbox/bakong."""
        email = field(body, "email", longest=LONGEST_EMAIL)
        about = {name: field(body, name, longest=100) for name in ("organization", "project")}
        if tokens.register(self.world, email, about) is None:
            raise Refused(8)
        return "Email has been sent", None

    def verify(self, body: Any) -> tuple[str, Any]:
        """Give the first token for the code of the letter."""
        token = tokens.verify(self.world, field(body, "code"))
        if token is None:
            raise Refused(6)
        return "Token has been issued", {"token": token}

    def renew_token(self, body: Any) -> tuple[str, Any]:
        """Give a new token to a registered address."""
        token = tokens.renew(self.world, field(body, "email", longest=LONGEST_EMAIL))
        if token is None:
            raise Refused(10)
        return "Token has been issued", {"token": token}

    def generate_deeplink(self, body: Any) -> tuple[str, Any]:
        """Give a short link that opens the banking app with a code; here it opens the scan page."""
        try:
            code = read_code(field(body, "qr", longest=1000))
        except BadCode:
            raise Refused(4) from None
        source = body.get("sourceInfo") or {}
        if source:
            source = {
                name: field(source, name, longest=500) for name in ("appIconUrl", "appName", "appDeepLinkCallback")
            }
        link = {
            "id": new_id("kh", 12),
            "qr": code.text,
            "callback": source.get("appDeepLinkCallback", ""),
            "app": source.get("appName", ""),
        }
        self.world.store.add(LINK, link)
        return "Getting deep link successfully", {"shortLink": self.world.address(f"/bakong/{link['id']}")}

    # --- Checks ------------------------------------------------------------------------------------------------------

    def check(self, **wanted: str) -> tuple[str, Any]:
        """Show the first payment that fits; a failed one only when none went through."""
        if "md5" in wanted and self.world.store.find(STATIC, f"static:{wanted['md5']}"):
            raise Refused(2)
        made = visible(self.world, **wanted)
        if not made:
            raise Refused(1)
        done = [each for each in made if not each["failed"]]
        if not done:
            raise Refused(3)
        return "Getting transaction successfully.", shown(done[0])

    def check_short_hash(self, body: Any) -> tuple[str, Any]:
        """Show the payment of this amount whose hash begins so."""
        short, currency = field(body, "hash"), field(body, "currency")
        try:
            amount = Decimal(str(body.get("amount")))
        except InvalidOperation:
            raise Refused(5) from None
        if len(short) != SHORT_HASH or currency not in {"USD", "KHR"}:
            raise Refused(5)
        for made in visible(self.world, currency=currency):
            if made["hash"].startswith(short) and Decimal(made["amount"]) == amount and not made["failed"]:
                return "Getting transaction successfully.", shown(made)
        raise Refused(1)

    def check_list(self, by: str, body: Any) -> tuple[str, Any]:
        """Show many payments at once: a bare list of at most 50 keys."""
        if (
            not isinstance(body, list)
            or not 1 <= len(body) <= MOST_IN_LIST
            or not all(isinstance(key, str) for key in body)
        ):
            raise Refused(5)
        return "Getting transaction successfully.", [self._row(by, key) for key in body]

    def _row(self, by: str, key: str) -> dict[str, Any]:
        """Return one row of a list."""
        try:
            message, data = self.check(**{by: key})
            status = "SUCCESS"
        except Refused as refusal:
            message, data = str(refusal), None
            status = {1: "NOT_FOUND", 2: "STATIC_QR"}.get(refusal.number, "FAILED")
        return {by: key, "status": status, "message": message, "data": data}

    def check_account(self, body: Any) -> tuple[str, Any]:
        """Say whether an account exists."""
        account = field(body, "accountId", longest=32)
        if account.count("@") != 1 or account.startswith("@") or account.endswith("@"):
            raise Refused(12)
        if not account_exists(self.world, account):
            raise Refused(11)
        return "Account ID exists", None


def shown(made: Thing) -> dict[str, Any]:
    """Return a payment as Bakong shows it: the amount is a JSON number, the dates are whole milliseconds as floats."""
    return {
        "hash": made["hash"],
        "fromAccountId": made["from"],
        "toAccountId": made["to"],
        "currency": made["currency"],
        "amount": float(made["amount"]),
        "description": made["bill_number"] or "",
        "createdDateMs": float(made["at"]),
        "acknowledgedDateMs": float(made["at"]),
        "externalRef": made["external_ref"],
        "instructionRef": made["instruction_ref"],
    }


def broken(status: int) -> dict[str, Any]:
    """Return Bakong's own words for a status that a fault asks for."""
    number = 6 if status == 401 else 1 if status == 404 else 9  # noqa: PLR2004  (HTTP's own numbers)
    return envelope(MESSAGES.get(number, "Cannot connect to server."), None, number)
