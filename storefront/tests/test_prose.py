"""What staff write in Markdown becomes a tree of safe elements; the rest stays words."""

import pytest
from django.template import engines
from hypothesis import given
from hypothesis import strategies as st

from storefront.prose import TAGS, WORDS, parse, safe_href, sections


def drawn(text):
    source = '{% from "components/prose.html" import prose %}{{ prose(body) }}'
    return engines["jinja2"].from_string(source).render({"body": parse(text)})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** `c`", '<p><em>a</em> <strong>b</strong> <code class="mono">c</code></p>'),
        ("# One\n## Two\n#### Four", '<h2 id="s-one">One</h2><h3 id="s-two">Two</h3><h4 id="s-four">Four</h4>'),
        ("## One\n#### Two\n## Three", '<h2 id="s-one">One</h2><h3 id="s-two">Two</h3><h2 id="s-three">Three</h2>'),
        ("a\nb  \nc", "<p>a\nb<br>c</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("---", "<hr>"),
        ("    code < 1", '<pre class="scroll mono" tabindex="0">code &lt; 1\n</pre>'),
        ("[cart](/cart/)", '<p><a href="/cart/">cart</a></p>'),
        ("[us](https://a.example/?b=1&c=2)", '<p><a href="https://a.example/?b=1&amp;c=2" rel="noopener">us</a></p>'),
        ("&copy; &lt;b&gt;", "<p>© &lt;b&gt;</p>"),
    ],
)
def test_markdown_becomes_elements(text, html):
    assert drawn(text) == html


def test_a_table_scrolls_by_itself_and_its_numbers_stand_right():
    html = drawn("| What | Price |\n| --- | ---: |\n| Cable | 3 |")
    assert html == (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="table">'
        '<thead><tr><th scope="col">What</th><th scope="col" class="num">Price</th></tr></thead>'
        '<tbody><tr><td>Cable</td><td class="num">3</td></tr></tbody></table></div>'
    )


def test_headings_get_addresses_of_their_own():
    nodes = parse("# How *it* works\n# How it works\n## Deeper\n# ភាសាខ្មែរ")
    assert sections(nodes) == [
        ("s-how-it-works", "How it works"),
        ("s-how-it-works-2", "How it works"),
        ("s-section", "ភាសាខ្មែរ"),
    ]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<div onclick=x>\n\nhi", "<p>&lt;div onclick=x&gt;</p><p>hi</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](JAVASCRIPT&colon;alert(1))", "<p>[x](JAVASCRIPT:alert(1))</p>"),
        ("[x](ftp://host/)", "<p>x</p>"),
        ("[x](tel:+85512)", "<p>x</p>"),
        ("[x](//evil.example/)", "<p>x</p>"),
        ("[x](/\\evil.example/)", '<p><a href="/%5Cevil.example/">x</a></p>'),
        ("[x](http://[broken)", '<p><a href="http://%5Bbroken" rel="noopener">x</a></p>'),
        (
            "![x](https://evil.example/pixel.png)",
            '<p>!<a href="https://evil.example/pixel.png" rel="noopener">x</a></p>',
        ),
        ('[x](/a"onmouseover=x)', '<p><a href="/a%22onmouseover=x">x</a></p>'),
        ("{{ 7 * 7 }} {% include 'x' %}", "<p>{{ 7 * 7 }} {% include &#39;x&#39; %}</p>"),
    ],
)
def test_what_could_do_harm_stays_words(text, html):
    assert drawn(text) == html


@pytest.mark.parametrize(
    "href",
    ["javascript:x", "data:text/html,x", "vbscript:x", "ftp://x", "//host", "/\\host", "\\\\host", "http://["],
)
def test_unsafe_addresses(href):
    assert safe_href(href) == ""


@pytest.mark.parametrize(
    "href", ["/cart/", "#s-how", "https://x.example/", "http://x.example", "mailto:a@b.example", "?page=2"]
)
def test_safe_addresses(href):
    assert safe_href(href) == href


def test_deep_nesting_and_long_words_end():
    assert "a" * 10_000 in drawn("a" * 10_000)
    deep = drawn("> " * 400 + "x")
    assert deep.count("<blockquote>") < 30


@given(st.text(alphabet="<>&\"'[]()*_`#|->\n !:/\\ajvscript=", max_size=200))
def test_no_text_makes_an_element_of_its_own(text):
    html = drawn(text)
    known = {*TAGS.values(), *WORDS.values(), "h3", "h4", "div"}
    assert {piece.lstrip("/").split(">")[0].split(" ")[0] for piece in html.split("<")[1:]} <= known
    assert 'href="javascript:' not in html
