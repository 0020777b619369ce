"""The pages that a fresh shop comes with: honest words that its owner reads, corrects and publishes as their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.db import atomic_retry
from storefront.models import TextPage
from storefront.publishing import save_text_page

TEXTS = Path(__file__).parent / "texts"
Place = TextPage.Place


@dataclass(frozen=True)
class DefaultPage:
    """One page; its words lie in texts/<slug>.md."""

    slug: str
    title: str
    summary: str
    place: TextPage.Place


PAGES = (
    DefaultPage("contact", "Contact", "How to reach us.", Place.HELP),
    DefaultPage("questions", "Questions and answers", "What people ask us before and after they buy.", Place.HELP),
    DefaultPage("returns", "Returns", "How to send something back, and when your money comes.", Place.HELP),
    DefaultPage("warranty", "Warranty", "What it covers, what voids it, and who pays.", Place.HELP),
    DefaultPage("grades", "What the grades mean", "Grades are about looks. Everything works.", Place.BUYING),
    DefaultPage("shipping", "Shipping and pick-up", "What it costs and when it arrives.", Place.BUYING),
    DefaultPage("privacy", "Privacy", "What we store about you, why, and for how long.", Place.LEGAL),
    DefaultPage("terms", "Terms", "The rules for buying from us.", Place.LEGAL),
)


@atomic_retry
def ensure_default_pages(*, by: Any) -> list[str]:
    """Write the pages that are missing and return their slugs. A page that exists stays as staff left it."""
    known = set(TextPage.objects.values_list("slug", flat=True))
    missing = [(number, page) for number, page in enumerate(PAGES) if page.slug not in known]
    for number, page in missing:
        words = {"slug": page.slug, "title": page.title, "summary": page.summary, "place": page.place}
        body = (TEXTS / f"{page.slug}.md").read_text(encoding="utf-8").strip()
        save_text_page(None, by=by, values={**words, "position": 10 * number, "body": body})
    return [page.slug for _, page in missing]
