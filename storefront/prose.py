"""The words of staff as a tree that a template can draw: Markdown in, plain nodes out, never a string of HTML."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from urllib.parse import urlsplit

from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# CommonMark and tables. HTML is text; pictures are left out, because only the shop's own photos are shown.
PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
TAGS = {
    "paragraph": "p",
    "heading": "h2",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "em": "em",
    "strong": "strong",
    "link": "a",
    "hr": "hr",
    "hardbreak": "br",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
}
# What holds words and no elements, with its tag.
WORDS = {"text": "", "softbreak": "", "code_inline": "code", "fence": "pre", "code_block": "pre"}
DEEPEST_HEADING = 4
LINK_SCHEMES = {"http", "https", "mailto"}


@dataclass(frozen=True)
class Node:
    """A piece of text (tag "") or an element: its tag comes from the tables above, its href has passed `safe_href`."""

    tag: str
    text: str = ""
    children: tuple["Node", ...] = ()
    href: str = ""
    anchor: str = ""
    start: int = 1
    is_number: bool = False

    @property
    def words(self) -> str:
        """All text in it, without its elements."""
        return self.text + "".join(child.words for child in self.children)

    @property
    def leaves_the_shop(self) -> bool:
        """Whether the link goes to another host."""
        return bool(urlsplit(self.href).netloc)


@lru_cache(maxsize=128)
def parse(text: str) -> tuple[Node, ...]:
    """Return what `text` says. The title of the page is its h1, so the highest heading in it makes an h2."""
    tree = SyntaxTreeNode(PARSER.parse(text))
    levels = [int(item.tag[1:]) for item in tree.walk() if item.type == "heading"]
    return tuple(_nodes(tree.children, _Headings(highest=min(levels, default=1))))


def sections(nodes: tuple[Node, ...]) -> list[tuple[str, str]]:
    """Return anchor and words of the first-level headings, for a list of what the page holds."""
    return [(node.anchor, node.words) for node in nodes if node.tag == "h2"]


def safe_href(href: str) -> str:
    """Return `href` when it is a path, an anchor, or an http, https or mailto address; else ""."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    if parts.scheme:
        return href if parts.scheme.lower() in LINK_SCHEMES else ""
    # "//host" and what browsers read like it would leave the shop without saying so.
    return "" if href.startswith(("//", "/\\", "\\")) else href


class _Headings:
    """Gives each heading an id of its own and a level that skips none, as people who jump by headings need it."""

    def __init__(self, *, highest: int) -> None:
        self.highest = highest
        self.before = 1
        self.used: set[str] = set()

    def tag(self, level: int) -> str:
        """Return the tag for a heading of this level of Markdown."""
        self.before = min(level - self.highest + 2, self.before + 1, DEEPEST_HEADING)
        return f"h{self.before}"

    def anchor(self, words: str) -> str:
        """Return an id made from the words."""
        base = slugify(words)[:60].strip("-") or "section"
        # Prefixed, so that no heading takes the id of a part of the page around it.
        names = (f"s-{base}" if number == 1 else f"s-{base}-{number}" for number in count(1))
        anchor = next(name for name in names if name not in self.used)
        self.used.add(anchor)
        return anchor


def _nodes(found: list[SyntaxTreeNode], headings: _Headings) -> list[Node]:
    nodes: list[Node] = []
    for item in found:
        nodes.extend(_node(item, headings))
    return nodes


def _node(item: SyntaxTreeNode, headings: _Headings) -> list[Node]:
    if item.type in WORDS:
        return [Node(WORDS[item.type], "\n" if item.type == "softbreak" else item.content)]
    children = tuple(_nodes(item.children, headings))
    tag = TAGS.get(item.type, "")
    href = safe_href(str(item.attrs.get("href", ""))) if tag == "a" else ""
    # What has no tag only wraps: "inline" around words, a hidden paragraph in a tight list. A link that is not safe
    # leaves its words behind.
    if not tag or item.hidden or (tag == "a" and not href):
        return list(children)
    if item.type == "heading":
        words = "".join(child.words for child in children)
        return [Node(headings.tag(int(item.tag[1:])), children=children, anchor=headings.anchor(words))]
    is_number = "right" in str(item.attrs.get("style", ""))
    return [Node(tag, children=children, href=href, start=int(item.attrs.get("start", 1)), is_number=is_number)]
