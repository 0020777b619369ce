"""Goods, units and the read model of the lists."""

from catalog.models.goods import Brand, Category, ExternalReference, Product, RentalPlan, Variant
from catalog.models.listing import Facet, FacetCount, Listing, ListingDirty, SearchTerm
from catalog.models.opinions import PriceChange, Review, Watch
from catalog.models.photos import Photo, ProductPhoto, UnitPhoto
from catalog.models.stock import Hold, Unit, UnitEvent

__all__ = [
    "Brand",
    "Category",
    "ExternalReference",
    "Facet",
    "FacetCount",
    "Hold",
    "Listing",
    "ListingDirty",
    "Photo",
    "PriceChange",
    "Product",
    "ProductPhoto",
    "RentalPlan",
    "Review",
    "SearchTerm",
    "Unit",
    "UnitEvent",
    "UnitPhoto",
    "Variant",
    "Watch",
]
