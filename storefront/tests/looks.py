"""How a page must look and sound in a real browser: the same for every page."""

# axe describes every part that passed, too, and fetches the stylesheets anew, unless told that nobody asks: that takes
# longer than its checks.
BRIEFLY = {"resultTypes": ["violations"], "preload": False}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], **BRIEFLY}
# Each width and each colour scheme once; the narrowest screen is only measured.
LOOKS = ((360, 740, "light"), (1280, 800, "dark"))
EVERY_LOOK = tuple((*size, scheme) for size in ((360, 740), (1280, 800)) for scheme in ("light", "dark"))
NARROWEST = 320


def assert_good(page, complaints, looks=LOOKS):
    """Look at the page as it stands, on a phone by day and on a desk by night (or in all of `looks`)."""
    from axe_playwright_python.sync_playwright import Axe  # the browser's packages are not part of `make test`

    for width, height, scheme in looks:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        violations = Axe().run(page, options=RULES).response["violations"]
        told = [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in violations]
        assert told == [], (page.url, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
    page.set_viewport_size({"width": NARROWEST, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, page.url
    page.set_viewport_size({"width": 1280, "height": 800})
    assert complaints == []
