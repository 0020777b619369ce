"""Which page of a list, and which page numbers to show."""

import re

from django.http import HttpRequest

LARGEST_PAGE = 100_000
SENSIBLE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
AROUND = 2


def is_page(text: str) -> bool:
    """Tell whether an address says a page number."""
    return SENSIBLE.fullmatch(text) is not None


def page_number(request: HttpRequest) -> int:
    """Return the asked-for page, 1 when the address says nothing sensible."""
    text = said_once(request, "page", "1")
    return min(int(text), LARGEST_PAGE) if is_page(text) else 1


def said_once(request: HttpRequest, name: str, otherwise: str) -> str:
    """Return what the address says for `name`; `otherwise` when it says nothing or contradicts itself."""
    values = [value for value in request.GET.getlist(name) if value.strip()]
    return values[0] if len(values) == 1 else otherwise


def shown_pages(number: int, last: int) -> list[int | None]:
    """Return the page numbers to link: the first, the last and those around `number`; None stands for a gap."""
    near = {1, last, *range(max(1, number - AROUND), min(last, number + AROUND) + 1)}
    shown: list[int | None] = []
    for n in sorted(near):
        before = shown[-1] if shown else None
        if before is not None and n - before > 1:
            # A gap of one page is that page.
            shown.append(n - 1 if n - before == 2 else None)  # noqa: PLR2004
        shown.append(n)
    return shown
