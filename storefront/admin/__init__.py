"""The staff's pages for what the storefront says and how it looks."""

from storefront.admin import look, promotions, texts

__all__ = ["look", "promotions", "texts"]
