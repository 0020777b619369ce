"""The three parts of a letter."""

from html.parser import HTMLParser

import pytest

from core.refusals import Refusal
from notifications.rendering import render

pytestmark = pytest.mark.django_db  # a letter is signed with the name that staff gave the shop
HOSTILE = '<script>alert("1")</script> & {{ 7|add:7 }}'


def test_text_is_tidy_and_signed():
    assert render("greeting", {"name": "Dara"}).text == (
        "Dear Dara,\n\nhello.\n\n-- \n\nCommercia\nhttp://testserver\nshop@localhost\n"
    )


def test_hostile_values_are_escaped_in_html_and_kept_in_text():
    parts = render("greeting", {"name": HOSTILE})
    assert parts.subject == f"News for {HOSTILE}"
    assert f"Dear {HOSTILE},\n" in parts.text
    assert "<script" not in parts.html
    assert "<p>Dear &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; {{ 7|add:7 }}</p>" in parts.html
    assert "<title>News for &lt;script&gt;" in parts.html


def test_khmer_round_trips():
    parts = render("greeting", {"name": "សុខ\u200bដារ៉ា"})
    assert parts.subject == "News for សុខ\u200bដារ៉ា"
    assert "Dear សុខ\u200bដារ៉ា," in parts.text
    assert "<p>Dear សុខ\u200bដារ៉ា</p>" in parts.html


@pytest.mark.parametrize("name", ["a\nBcc: eve@example.com", "a\r\nX: y", "a\x00b", "a\u2028b"])
def test_line_break_in_subject_is_refused(name):
    with pytest.raises(Refusal) as refused:
        render("greeting", {"name": name})
    assert refused.value.code == "letter_header_refused"


def test_long_subject_is_cut_to_the_column():
    subject = render("greeting", {"name": "x" * 300}).subject
    assert len(subject) == 200
    assert subject == "News for " + "x" * 190 + "…"


def test_html_is_complete_without_style_sheet_and_names_both_colour_schemes():
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.attributes = [], []

        def handle_starttag(self, tag, attrs):
            self.tags.append(tag)
            self.attributes += [name for name, _ in attrs]

    html = render("greeting", {"name": "Dara"}).html
    reader = Reader()
    reader.feed(html)
    assert reader.tags.count("h1") == 1
    assert "style" not in reader.attributes
    assert {"script", "link", "img"}.isdisjoint(reader.tags)
    assert html.startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert reader.tags.count("table") == html.count('<table role="presentation"')
