"""What the head of a page tells search engines and those who share the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

# Whoever is not named here belongs to one visitor (cart, checkout, account, orders) and stays out of search engines.
INDEXED_PLACES = ("/c/", "/p/", "/about/")
# The languages that the pages are written in, each with how its addresses begin. A second line here (and addresses that
# begin so) makes every page name its translations.
LANGUAGE_PREFIXES = {"en": ""}


@dataclass(frozen=True)
class PageHead:
    """One page's head. `path` is its one true address within the shop, query string included.

    `image` is an absolute address; `previous` and `next` are paths of the neighbours in a list; `data` are schema.org
    objects (storefront.structured_data).
    """

    path: str
    is_indexed: bool = True
    kind: str = "website"
    image: str = ""
    image_alt: str = ""
    previous: str = ""
    next: str = ""
    data: tuple[Mapping[str, Any], ...] = ()

    @property
    def address(self) -> str:
        """The one true address of the page, for <link rel="canonical">."""
        return absolute(self.path)

    def alternates(self) -> Iterator[tuple[str, str]]:
        """Yield language and address of each translation, when there are any."""
        if len(LANGUAGE_PREFIXES) > 1:
            for language, prefix in LANGUAGE_PREFIXES.items():
                yield language, absolute(prefix + self.path)
            yield "x-default", self.address


def absolute(path: str) -> str:
    """Return the address of a path of this shop as the rest of the world knows it (settings.SITE_URL).

    What is an address already (a picture that lies elsewhere) stays as it is.
    """
    return path if path.startswith(("https://", "http://")) else settings.SITE_URL + path


def usual_head(request: HttpRequest) -> PageHead:
    """Return the head of a page that says nothing about itself: its path, and whether it is for everybody."""
    is_public = request.path == "/" or request.path.startswith(INDEXED_PLACES)
    return PageHead(path=request.path, is_indexed=is_public)
