"""Cut text into search terms. The same cut is made when a product is indexed and when somebody searches.

A term contains only a-z, 0-9 and the decimal point, because SQLite and the collations of MariaDB order and compare
those alike (MariaDB ignores some Khmer signs and takes é for e).

Latin text: accents and case are folded, and words are taken apart where letters meet digits. Pieces are indexed alone
and joined with their neighbour, so "16 GB", "16GB" and "16gb" find each other, and so do "RTX 3060", "rtx3060", "Wi-Fi"
and "wifi". Khmer is written without spaces: runs are cut into orthographic clusters, indexed in overlapping pairs.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

TERM_MAX = 40
QUERY_TERMS_MAX = 12
QUERY_MAX = 2_000
# Signs that show nothing: soft hyphen, zero-width space and joiners, byte order mark.
_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
# A base with its subscript consonants (each after the sign coeng), vowels and diacritics.
_KHMER_CLUSTER = re.compile("[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u17b4-\u17d1\u17d3\u17dd])*")
_PIECE = re.compile(
    "(?P<khmer>[\u1780-\u17d3\u17dd]+)|(?P<digits>[0-9]+(?:[.,][0-9]+)?)|(?P<letters>[^\\W\\d_\u1780-\u17dd]+)"
)
# What may stand between two words that are also written as one: "Wi-Fi", "G.Skill", "O'Neill".
_CONNECTORS = frozenset("-.'’‐‑")


@dataclass(frozen=True)
class _Piece:
    text: str
    kind: str
    gap: str


def index_terms(text: str) -> set[str]:
    """Return every term under which `text` must be found."""
    terms: set[str] = set()
    before: _Piece | None = None
    for piece in _pieces(text):
        if piece.kind == "khmer":
            clusters = _KHMER_CLUSTER.findall(piece.text)
            # The last cluster alone too: it begins no pair, and a search for one cluster is a search by prefix.
            terms.update(_stored(pair) for pair in _pairs(clusters))
            terms.update(_stored(cluster) for cluster in clusters[-1:])
        else:
            terms.add(_stored(piece.text))
            if before is not None and _join(before, piece):
                terms.add(_stored(before.text + piece.text))
        before = piece
    terms.discard("")
    return terms


def query_terms(text: str) -> list[str]:
    """Return the terms that a search for `text` must find, at most QUERY_TERMS_MAX; the last may be unfinished.

    "rtx3060ti" asks for its overlapping pairs "rtx3060" and "3060ti". Text without letters or digits gives [].
    """
    terms: dict[str, None] = {}
    word: list[str] = []

    def finish() -> None:
        for part in _pairs(word) if len(word) > 1 else word:
            terms.setdefault(_stored(part))
        word.clear()

    before: _Piece | None = None
    for piece in _pieces(text.strip()[:QUERY_MAX]):
        if piece.kind == "khmer":
            finish()
            clusters = _KHMER_CLUSTER.findall(piece.text)
            for part in _pairs(clusters) if len(clusters) > 1 else clusters:
                terms.setdefault(_stored(part))
        else:
            if not (before is not None and not piece.gap and before.kind != piece.kind):
                finish()
            word.append(piece.text)
        before = piece
        if len(terms) > QUERY_TERMS_MAX:
            break
    finish()
    terms.pop("", None)
    return list(terms)[:QUERY_TERMS_MAX]


def code_term(text: str) -> str:
    """Return the one term of a stock-keeping code, "GPU-3F9A" as "gpu3f9a"; "" for text that is not one word."""
    return "" if len(text) > 2 * TERM_MAX or " " in text.strip() else re.sub("[^a-z0-9]", "", _fold(text))[:TERM_MAX]


def last_with_prefix(term: str) -> str:
    """Return the greatest term that begins with `term`: the inclusive upper end of a range query."""
    return term.ljust(TERM_MAX, "z")


def _fold(text: str) -> str:
    """Return `text` without case, accents and invisible signs; Khmer keeps its signs, all digits become 0-9."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).casefold()
    letters = []
    for char in unicodedata.normalize("NFKD", folded).translate(_PLAIN_LETTERS):
        if "\u1780" <= char <= "\u17dd":
            letters.append(char)
        elif char.isdecimal():
            letters.append(str(unicodedata.decimal(char)))
        elif not unicodedata.combining(char):
            letters.append(char)
    return "".join(letters)


def _pieces(text: str) -> Iterator[_Piece]:
    folded = _fold(text)
    end = 0
    for found in _PIECE.finditer(folded):
        yield _Piece(found.group().replace(",", "."), str(found.lastgroup), folded[end : found.start()])
        end = found.end()


def _join(before: _Piece, piece: _Piece) -> bool:
    """Tell whether two neighbours are also written as one word."""
    if "khmer" in (before.kind, piece.kind):
        return False
    if before.kind != piece.kind:
        return len(piece.gap) <= 1
    return piece.kind == "letters" and len(piece.gap) == 1 and piece.gap in _CONNECTORS


def _pairs(parts: list[str]) -> list[str]:
    return [one + two for one, two in pairwise(parts)]


def _stored(text: str) -> str:
    """Return the ASCII form: Khmer as two hexadecimal digits a sign after "kh", other letters as five after "u"."""
    if text.isascii():
        return text[:TERM_MAX]
    if _KHMER_CLUSTER.match(text):
        return ("kh" + "".join(f"{ord(char) - 0x1780:02x}" for char in text))[:TERM_MAX]
    return "".join(char if char.isascii() else f"u{ord(char):05x}" for char in text)[:TERM_MAX]
