"""Hand letters to the mail server. The only module here that talks to a network; never inside a transaction."""

import smtplib
from email.utils import format_datetime
from types import TracebackType

from django.core.mail import EmailMultiAlternatives, get_connection

from core.db import in_transaction
from core.shop_settings import sender
from notifications.models import Email

PERMANENT = range(500, 600)


class MailServer:
    """One connection for a whole batch: opened for the first letter, opened afresh after an error."""

    def __init__(self) -> None:
        self._sender = sender()
        self._connection = get_connection()
        self._is_open = False

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def connect(self) -> None:
        """Make sure that the connection stands. Raises OSError (which smtplib's errors are) when it does not."""
        if in_transaction():
            raise RuntimeError("Letters leave outside any transaction: a slow mail server would hold its locks.")
        if not self._is_open:
            self._connection.open()
            self._is_open = True

    def send(self, email: Email) -> None:
        """Hand one letter over. Returns when the server has taken the responsibility, raises its error otherwise."""
        self.connect()
        try:
            self._connection.send_messages([message_of(email, sender=self._sender)])
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        self._is_open = False
        try:
            self._connection.close()
        except OSError:
            # The connection is being thrown away; the letter's own error is the one to report.
            self._connection = get_connection()


def message_of(email: Email, *, sender: str) -> EmailMultiAlternatives:
    """Build the message. Each try of a row gives the same bytes, so that receivers can drop a duplicate."""
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=sender,
        to=[email.to],
        headers={
            "Message-ID": email.message_id,
            "Date": format_datetime(email.created_at),
            # RFC 3834: automatic answers such as "on holiday" must not come back to us.
            "Auto-Submitted": "auto-generated",
            **_way_out(email),
        },
    )
    message.attach_alternative(email.html, "text/html")
    return message


def _way_out(email: Email) -> dict[str, str]:
    """Return the headers by which a mail program offers to stop letters like this with one click (RFC 8058)."""
    if not email.unsubscribe_url:
        return {}
    return {
        "List-Unsubscribe": f"<{email.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def is_permanent(error: BaseException) -> bool:
    """Tell whether another try of the same letter must fail too: 5xx for recipient or content, or no valid header.

    A refused sender or log-in is the shop's own configuration and may be repaired, so those are tried again.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code in PERMANENT
    return isinstance(error, ValueError)


def error_code(error: BaseException) -> str:
    """Return what a log line may say: the kind of error and the server's number, never its text with the address."""
    codes = [getattr(error, "smtp_code", None)]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    return " ".join([type(error).__name__, *(str(code) for code in codes if code is not None)])


def error_text(error: BaseException) -> str:
    """Return what staff may read on the letter itself."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_text(answer)}" for code, answer in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
