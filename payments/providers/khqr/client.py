"""Bakong's Open API over HTTP. Knows no bill and decides nothing: it asks, and tells what the answer means.

Source: Bakong Open API 1.0.2; there is no webhook, no refund and no list by date in it.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.auth import AuthBase

from payments.providers.khqr.answers import Answer, Outcome, read_envelope, read_json, read_rows, read_transaction
from payments.providers.port import forbid_open_transaction

MOST_IN_LIST = 50
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 3.0, 5.0, 10.0
LARGEST_ANSWER = 256 * 1024
OUTCOME_OF_STATUS = {401: Outcome.UNAUTHORIZED, 403: Outcome.UNAUTHORIZED, 429: Outcome.RATE_LIMITED}
SERVER_ERROR = 500


class _Bearer(AuthBase):
    """Sends the token. As an `auth`, because otherwise a `.netrc` on the machine would replace the header."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True)
class BakongClient:
    """Talks to Bakong at `url` (no path) with a token of 90 days. Asks once: whoever wants to know asks again later.

    Every call raises RuntimeError inside a database transaction. No call raises anything else: see Outcome.
    """

    url: str
    token: str = field(repr=False)
    read_seconds: float = READ_SECONDS
    whole_seconds: float = WHOLE_SECONDS

    def check(self, md5: str) -> Answer:
        """Tell what became of the code with this transaction key."""
        return read_transaction(self._post("check_transaction_by_md5", {"md5": md5}))

    def check_many(self, md5s: Sequence[str]) -> dict[str, Answer]:
        """Tell what became of many codes, 50 a call. After a call without an answer the rest is not asked."""
        answers: dict[str, Answer] = {}
        for start in range(0, len(md5s), MOST_IN_LIST):
            part = list(md5s[start : start + MOST_IN_LIST])
            answer = self._post("check_transaction_by_md5_list", part)
            if answer.outcome in {Outcome.UNAUTHORIZED, Outcome.RATE_LIMITED, Outcome.UNAVAILABLE}:
                return answers | dict.fromkeys(md5s[start:], answer)
            answers |= read_rows(answer, part)
        return answers

    def check_hash(self, transaction_hash: str) -> Answer:
        """Tell what is known of a transaction that a customer or a bank names by its full hash."""
        return read_transaction(self._post("check_transaction_by_hash", {"hash": transaction_hash}))

    def deep_link(self, qr: str, *, shop: str, icon_url: str, return_url: str) -> str:
        """Return an address that opens the banking app with a code; empty when Bakong gives none that is safe."""
        source = {"appIconUrl": icon_url, "appName": shop, "appDeepLinkCallback": return_url}
        answer = self._post("generate_deeplink_by_qr", {"qr": qr, "sourceInfo": source})
        link = answer.data.get("shortLink") if isinstance(answer.data, dict) else None
        if not isinstance(link, str):
            return ""
        # Bakong's links are https; only a stand-in on this machine, itself reached by http, may answer with http.
        return link if link.startswith(("https://", f"{self.url.partition(':')[0]}://")) else ""

    def renew_token(self, email: str) -> Answer:
        """Ask for a new token for the registered address; it stands in `data["token"]`. The old one lives on."""
        return self._post("renew_token", {"email": email})

    def _post(self, name: str, content: Any) -> Answer:
        forbid_open_transaction()
        try:
            with requests.post(
                f"{self.url}/v1/{name}",
                data=json.dumps(content),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                auth=_Bearer(self.token),
                timeout=(CONNECT_SECONDS, self.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._read(response, until=time.monotonic() + self.whole_seconds)
        except (requests.RequestException, ValueError) as error:  # ValueError: a token that no header can hold
            return Answer(Outcome.UNAVAILABLE, reason=type(error).__name__)

    def _read(self, response: requests.Response, *, until: float) -> Answer:
        status = response.status_code
        if status in OUTCOME_OF_STATUS:
            wait = response.headers.get("Retry-After", "")
            seconds = int(wait) if wait.isascii() and wait.isdigit() and len(wait) <= len("86400") else 0
            return Answer(OUTCOME_OF_STATUS[status], reason=f"HTTP {status}", retry_after=seconds)
        if status >= SERVER_ERROR:
            return Answer(Outcome.UNAVAILABLE, reason=f"HTTP {status}")
        body = b""
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) > LARGEST_ANSWER or time.monotonic() > until:
                return Answer(Outcome.UNAVAILABLE, reason="an answer without end")
        return read_envelope(read_json(body))
