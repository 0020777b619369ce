"""The addresses that search engines shall know, in files of at most 5,000.

Products are cut by their row numbers: a file is read from the primary key without counting past others, and a product
never moves to another file.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import escape

from django.db.models import F, Max

from catalog.models import Category, FacetCount, Product
from storefront.heads import absolute
from storefront.models import TextPage

PART_SIZE = 5_000
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
Entry = tuple[str, datetime | None]


def index_entries() -> Iterator[Entry]:
    """Yield path and last change of each file: pages and departments, then the parts of the products. One query."""
    yield "/sitemap-pages.xml", None
    products = Product.objects.published().order_by()
    part = (F("id") - F("id") % PART_SIZE) / PART_SIZE
    parts = products.annotate(part=part).values("part").annotate(changed=Max("updated_at"))
    for row in parts.order_by("part"):
        yield f"/sitemap-products-{int(row['part'])}.xml", row["changed"]


def page_entries() -> Iterator[Entry]:
    """Yield the front page, the categories that hold something, and the shop's own texts. Three queries."""
    yield "/", None
    for path in _visible_paths():
        yield f"/c/{path}/", None
    for slug, changed in TextPage.objects.filter(is_published=True).order_by("slug").values_list("slug", "updated_at"):
        yield f"/about/{slug}/", changed


def product_entries(part: int) -> Iterator[Entry]:
    """Yield the products of one part; a part without any yields nothing. One query."""
    rows = Product.objects.published().filter(id__gte=part * PART_SIZE, id__lt=(part + 1) * PART_SIZE)
    rows = rows.order_by("id")
    for slug, changed in rows.values_list("slug", "updated_at").iterator(chunk_size=PART_SIZE):
        yield f"/p/{slug}/", changed


def as_index(entries: Iterable[Entry]) -> str:
    """Write a sitemap index."""
    return _document("sitemapindex", "sitemap", entries)


def as_sitemap(entries: Iterable[Entry]) -> str:
    """Write a sitemap."""
    return _document("urlset", "url", entries)


def _visible_paths() -> Iterator[str]:
    """Yield the paths of visible categories that hold products, themselves or below."""
    full = set(FacetCount.objects.filter(name="", products__gt=0).values_list("category__path", flat=True))
    for path in Category.objects.filter(is_visible=True).order_by("path").values_list("path", flat=True):
        if any(one == path or one.startswith(f"{path}/") for one in full):
            yield path


def _document(root: str, element: str, entries: Iterable[Entry]) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root} {NAMESPACE}>"]
    for path, changed in entries:
        # Slugs are plain letters; a path that staff wrote may not be.
        stamp = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
        lines.append(f"<{element}><loc>{escape(absolute(path))}</loc>{stamp}</{element}>")
    return "\n".join([*lines, f"</{root}>\n"])
