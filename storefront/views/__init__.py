"""The storefront's pages, by area."""
