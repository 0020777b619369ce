"""What the payment page shows of an attempt by KHQR. Plain values; the words are the template's."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup

from payments.providers.khqr.drawing import qr_svg
from payments.providers.port import Attempt


@dataclass(frozen=True)
class ShownCode:
    """A code with what must stand beside it. `amount` is in `currency`, what the banking app will show."""

    qr: str
    amount: Decimal
    currency: str
    payee: str
    reference: str
    deep_link: str
    expires_at: datetime
    seconds_left: int

    @property
    def is_over(self) -> bool:
        """Whether the code has ended: it must not be shown any more."""
        return self.seconds_left == 0

    @property
    def clock(self) -> str:
        """The time left as "9:59"."""
        return f"{self.seconds_left // 60}:{self.seconds_left % 60:02d}"

    def svg(self, title: str) -> Markup:
        """Return the drawing of the code; `title` is what screen readers say."""
        return qr_svg(self.qr, title=title)


def shown_code(attempt: Attempt, *, now: datetime) -> ShownCode:
    """Return what to show of an attempt that `KhqrProvider.prepare` has made."""
    expires_at = attempt.expires_at or now
    link = str(attempt.data.get("deep_link", ""))
    return ShownCode(
        qr=attempt.data["qr"],
        amount=attempt.amount,
        currency=attempt.currency,
        payee=attempt.data["payee"],
        reference=attempt.key.replace(":", "-"),
        deep_link=link if link.startswith(("https://", "http://")) else "",
        expires_at=expires_at,
        seconds_left=max(0, int((expires_at - now).total_seconds())),
    )
