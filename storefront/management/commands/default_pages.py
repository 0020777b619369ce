"""Write the shop's pages of text that are missing."""

from typing import Any

from django.core.management.base import BaseCommand

from storefront.default_pages import ensure_default_pages


class Command(BaseCommand):
    help = (
        "Write the pages about grades, shipping, returns, warranty, privacy, terms, questions and contact that are "
        "missing. A page that exists is left as it is."
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        written = ensure_default_pages(by=None)
        if written and verbosity:
            self.stdout.write(f"Pages written: {', '.join(written)}. Read them and make them yours: /admin/")
