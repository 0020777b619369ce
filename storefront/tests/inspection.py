"""What a page must hold in a real browser beyond what axe sees; each check returns what is wrong, in words."""

from storefront.tests.looks import BRIEFLY, RULES

PHONE, DESK = (360, 740), (1280, 800)
# 1280 pixels across at a zoom of 400 per cent are 320 across and 256 down (WCAG 1.4.10).
ZOOMED = (320, 256)
POINTER, FINGER = 24, 44
# The rules of axe that another colour scheme can break.
COLOUR_RULES = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, **BRIEFLY}
RUN_AXE = "async (rules) => (await axe.run(document, rules)).violations"
# What readers with low vision or dyslexia set (WCAG 1.4.12). Inside a shadow or scrolled box nothing is cut off.
SPACED = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }
"""
CUT_OFF = """() => [...document.querySelectorAll('main *, header *, footer *')].filter((part) => {
  const look = getComputedStyle(part);
  if (look.clipPath !== 'none' || !part.checkVisibility() || part.closest('svg, input, textarea, select')) return false;
  const hides = (value) => value === 'hidden' || value === 'clip';
  const shown = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return shown && ((hides(look.overflowX) && part.scrollWidth > part.clientWidth + 1)
    || (hides(look.overflowY) && part.scrollHeight > part.clientHeight + 1));
}).map((part) => part.outerHTML.slice(0, 120))"""
# A link in a sentence may be small (WCAG 2.5.8 excepts it), and so may what only the keyboard reaches. A label belongs
# to its field; the link of a card covers the card.
SMALL = """(least) => {
  const inSentence = (part) => part.matches('a') && [...part.closest('p, li, dd, td, small, span, address, h1, h2, h3')
    ?.childNodes ?? []].some((node) => node.nodeType === 3 && node.textContent.trim().length > 1);
  const box = (part) => {
    const own = part.getBoundingClientRect();
    const label = part.closest('label') ?? part.labels?.[0];
    const cover = getComputedStyle(part, '::after');
    const stretched = cover.position === 'absolute' && cover.content !== 'none' ? part.closest('li, article') : null;
    const around = (stretched ?? (part.matches('input[type=radio], input[type=checkbox]') ? label : null))
      ?.getBoundingClientRect();
    return [Math.max(own.width, around?.width ?? 0), Math.max(own.height, around?.height ?? 0)];
  };
  return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter((part) => part.checkVisibility() && !part.closest('.vh, .skip') && !part.disabled && !inSentence(part))
    .map((part) => [part, box(part)])
    .filter(([, [width, height]]) => Math.round(width) < least || Math.round(height) < least)
    .map(([part, size]) => `${size.map(Math.round).join('×')} ${part.outerHTML.slice(0, 120)}`);
}"""
# Every stop of the Tab key: it must show the focus, lie on the screen, and lie under no bar that stays.
FOCUS = """() => {
  const reached = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const stops = [...document.querySelectorAll(reached)]
    .filter((part) => part.checkVisibility() && !part.disabled && part.tabIndex >= 0);
  const bars = [...document.querySelectorAll('*')]
    .filter((part) => ['sticky', 'fixed'].includes(getComputedStyle(part).position) && part.checkVisibility());
  const around = (part) => {
    const all = [];
    for (let n = part; n && all.length < 5; n = n.parentElement) all.push(n);
    return all;
  };
  const ring = (part) => around(part).flatMap((one) => ['', '::after', '::before'].map((which) => {
    const look = getComputedStyle(one, which || null);
    return look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2 ? look.outline : '';
  })).join();
  const wrong = [];
  for (const part of stops) {
    document.activeElement.blur();
    const before = ring(part);
    part.focus();
    if (document.activeElement !== part) { wrong.push(`takes no focus: ${part.outerHTML.slice(0, 120)}`); continue; }
    const own = part.getBoundingClientRect();
    const seen = own.bottom > 0 && own.right > 0 && own.top < innerHeight && own.left < innerWidth;
    if (ring(part) === before) wrong.push(`shows no focus: ${part.outerHTML.slice(0, 120)}`);
    if (!seen) wrong.push(`off the screen: ${part.outerHTML.slice(0, 120)}`);
    for (const bar of bars) {
      const over = bar.getBoundingClientRect();
      const across = Math.min(own.right, over.right) - Math.max(own.left, over.left);
      const down = Math.min(own.bottom, over.bottom) - Math.max(own.top, over.top);
      const above = across > 1 && down > 1 && !bar.contains(part) && !part.contains(bar);
      const middle = above && document.elementFromPoint(
        (Math.max(own.left, over.left) + Math.min(own.right, over.right)) / 2,
        (Math.max(own.top, over.top) + Math.min(own.bottom, over.bottom)) / 2);
      if (above && middle && bar.contains(middle))
        wrong.push(`under ${bar.outerHTML.slice(0, 60)}: ${part.outerHTML.slice(0, 120)}`);
    }
  }
  document.activeElement.blur();
  scrollTo(0, 0);
  return wrong;
}"""


def violations(page):
    """Return what axe finds: on a phone and at a desk, by day and by night (there only what colours can break)."""
    from axe_playwright_python.sync_playwright import Axe  # the browser's packages are not part of `make test`

    page.evaluate(Axe().axe_script)
    found = []
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        for scheme, rules in (("light", RULES), ("dark", COLOUR_RULES)):
            page.emulate_media(color_scheme=scheme)
            for rule in page.evaluate(RUN_AXE, rules):
                found += [f"{rule['id']} at {width} {scheme}: {node['html'][:160]}" for node in rule["nodes"][:3]]
    page.emulate_media(color_scheme="light")
    return found


def sideways(page):
    """Return how far the page scrolls sideways at a zoom of 400 per cent, also with readers' own spacing of text."""
    page.set_viewport_size(dict(zip(("width", "height"), ZOOMED, strict=True)))
    found = _beyond(page, "zoomed")
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
        SPACED,
    )
    found += _beyond(page, "zoomed and spaced")
    found += [f"cut off when spaced: {part}" for part in page.evaluate(CUT_OFF)]
    page.evaluate("document.adoptedStyleSheets = []")
    return found


def focus_problems(page, size):
    """Return the stops of the Tab key that do not show the focus, lie off the screen or under a bar."""
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    page.keyboard.press("Tab")  # from here on the browser takes the focus for the keyboard's
    return page.evaluate(FOCUS)


def small_targets(page):
    """Return what is too small to hit: with a pointer, and with a finger."""
    page.set_viewport_size(dict(zip(("width", "height"), DESK, strict=True)))
    found = [f"for a pointer: {part}" for part in page.evaluate(SMALL, POINTER)]
    page.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    found += [f"for a finger: {part}" for part in page.evaluate(SMALL, FINGER)]
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    session.detach()
    return found


def _beyond(page, when):
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [f"{wide} px wide where {ZOOMED[0]} are seen, {when}"] if wide > ZOOMED[0] else []
