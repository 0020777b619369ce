"""Turn a kind of letter and its facts into a subject, a plain text and an HTML part."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.template import Context, loader

from core.refusals import Refusal
from core.shop_settings import shop_name

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Rendered:
    """The three parts of a letter."""

    subject: str
    text: str
    html: str


def render(kind: str, context: Mapping[str, object]) -> Rendered:
    """Render templates/email/<kind>.subject.txt, .txt and .html (Django templates).

    Values are escaped in the HTML part only. Every template also gets `shop_name`, `shop_email`, `site_url` and
    `subject`. Raises Refusal("letter_header_refused") when a value would put a line break into the subject.
    """
    facts = {
        **context,
        "shop_name": shop_name(),
        "shop_email": settings.SHOP_EMAIL,
        "site_url": settings.SITE_URL,
    }
    facts["subject"] = subject = _subject(_render(f"email/{kind}.subject.txt", facts, escape=False))
    return Rendered(
        subject=subject,
        text=_tidy(_render(f"email/{kind}.txt", facts, escape=False)),
        html=_tidy(_render(f"email/{kind}.html", facts, escape=True)),
    )


def has_control_character(text: str) -> bool:
    """Tell whether `text` holds something that could start a new header line or hide in one."""
    return any(unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") for letter in text)


def _render(template_name: str, facts: Mapping[str, object], *, escape: bool) -> str:
    template = loader.get_template(template_name, using="django").template
    return template.render(Context(dict(facts), autoescape=escape))


def _subject(text: str) -> str:
    """Return the subject on its one line, without the template file's last line break."""
    subject = text.strip()
    if has_control_character(subject):
        raise Refusal(
            "letter_header_refused", "The subject of this letter would break into a second line; no letter was queued."
        )
    return subject if len(subject) <= SUBJECT_LENGTH else subject[: SUBJECT_LENGTH - 1] + "…"


def _tidy(text: str) -> str:
    """Drop the blank lines that template tags leave behind; at most one stays between two paragraphs."""
    # "-- " with its space marks the signature (RFC 3676, 4.3).
    lines = [line if line == "-- " else line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
