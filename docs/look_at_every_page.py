"""Take a picture of every page in every state, on a phone and on a desk, by day and by night, to look at them.

    .venv/bin/python docs/look_at_every_page.py [FOLDER] [--only TEXT] [--print] [--without-script]

The pictures go to FOLDER (var/looks unless told otherwise), in the place of earlier ones of the same states. The states
are those of the browser tests and some of the admin: storefront/tests/every_state.py. Needs Chromium and
requirements/services.txt.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import demo_shop
from playwright.sync_api import Browser, sync_playwright

WIDTHS = {360: 740, 1280: 800}
SCHEMES = ("light", "dark")
PHOTO_WIDTH = 1280
# A picture of a whole page shows what one would see by scrolling: no picture may still wait for that.
SHOW_ALL_PICTURES = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
}"""
# States that a script makes: there is nothing to see without.
NEEDS_SCRIPT = {"suggestions-open"}


def main() -> None:
    """Seed a shop, serve it, and look."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(demo_shop.ROOT))
    with demo_shop.new_folder() as folder, _providers() as sandbox:
        demo_shop.settle_in(folder)
        stage = _set_stage()
        with demo_shop.served() as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=demo_shop.CHROMIUM, args=demo_shop.FLAGS)
            _look(browser, base, stage, sandbox, options)
            browser.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=demo_shop.ROOT / "var" / "looks")
    parser.add_argument("--only", action="append", help="only the states whose name holds this text; may be repeated")
    parser.add_argument("--print", action="store_true", help="also as the printer gets it, as PDF")
    parser.add_argument("--without-script", action="store_true", help="with JavaScript switched off")
    return parser.parse_args()


@contextmanager
def _providers() -> Iterator[Any]:
    """Run the stand-in for Stripe and Bakong, and lead the shop there; give it."""
    from sandbox.tests.running import KEY, SECRET, RunningSandbox

    sandbox = RunningSandbox()
    sandbox.start()
    os.environ.update(
        STRIPE_SECRET_KEY=KEY,
        STRIPE_WEBHOOK_SECRETS=SECRET,
        STRIPE_API_BASE=sandbox.url,
        BAKONG_API_BASE=sandbox.url,
        BAKONG_TOKEN=sandbox.control("POST", "bakong/token")["token"],
        KHQR_ACCOUNT="commercia@aclb",
    )
    try:
        yield sandbox
    finally:
        sandbox.stop()


def _set_stage() -> Any:
    """Put the goods, people and orders of the tests beside those of the demonstration."""
    # Playwright keeps an event loop in this thread; Django would take every query for one inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    import django

    django.setup()
    from storefront.tests.stage import set_stage

    return set_stage(photo_width=PHOTO_WIDTH)


def _look(browser: Browser, base: str, stage: Any, sandbox: Any, options: argparse.Namespace) -> None:
    """Reach each state once and take its pictures."""
    from storefront.tests.every_state import STATES
    from storefront.tests.page_states import Visit

    texts = options.only or [""]
    wanted = [state for group in STATES.values() for state in group if any(text in state.name for text in texts)]
    if options.without_script:
        wanted = [state for state in wanted if state.name not in NEEDS_SCRIPT]
    for state in wanted:
        context = browser.new_context(
            viewport={"width": 1280, "height": 800},
            reduced_motion="reduce",
            java_script_enabled=not options.without_script,
        )
        page = context.new_page()
        state.reach(Visit(page, base, stage, sandbox))
        page.evaluate(SHOW_ALL_PICTURES)
        for width, height in WIDTHS.items():
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)
                target = options.folder / f"{state.name}-{width}-{scheme}.png"
                page.screenshot(path=target, full_page=True, animations="disabled")
        if options.print:
            page.pdf(path=options.folder / f"{state.name}.pdf", format="A4")
        context.close()
    sys.stdout.write(f"{len(wanted)} states, {len(wanted) * len(WIDTHS) * len(SCHEMES)} pictures: {options.folder}\n")


if __name__ == "__main__":
    main()
