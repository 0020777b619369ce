"""Goods and stock in the admin."""

from catalog.admin.goods import BrandAdmin, CategoryAdmin, ProductAdmin
from catalog.admin.offers import ExternalReferenceAdmin, VariantAdmin
from catalog.admin.opinions import PriceChangeAdmin, ReviewAdmin, WatchAdmin
from catalog.admin.photos import PhotoAdmin
from catalog.admin.stock import HoldAdmin, UnitAdmin

__all__ = [
    "BrandAdmin",
    "CategoryAdmin",
    "ExternalReferenceAdmin",
    "HoldAdmin",
    "PhotoAdmin",
    "PriceChangeAdmin",
    "ProductAdmin",
    "ReviewAdmin",
    "UnitAdmin",
    "VariantAdmin",
    "WatchAdmin",
]
