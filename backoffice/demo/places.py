"""How the demo shop ships, and the taxes of the places it ships to."""

from decimal import Decimal

from carts.models import ShippingMethod, TaxRate

Kind = ShippingMethod.Kind

SHIPPING_METHODS = (
    {
        "code": "courier-phnom-penh",
        "name": "Courier in Phnom Penh",
        "kind": Kind.FLAT,
        "price": Decimal("2.50"),
        "countries": ["KH"],
        "days_min": 1,
        "days_max": 2,
        "allows_cash_on_delivery": True,
    },
    {
        "code": "courier-provinces",
        "name": "Courier to the provinces",
        "kind": Kind.FREE_OVER,
        "price": Decimal("5.00"),
        "free_over": Decimal("300.00"),
        "countries": ["KH"],
        "days_min": 2,
        "days_max": 4,
    },
    {
        "code": "international",
        "name": "International courier",
        "kind": Kind.FLAT,
        "price": Decimal("45.00"),
        "days_min": 5,
        "days_max": 10,
    },
    {
        "code": "pickup",
        "name": "Pick up in the shop",
        "kind": Kind.PICKUP,
        "price": Decimal("0.00"),
        "countries": ["KH"],
        "days_min": 0,
        "days_max": 1,
    },
)

# Country, region, name, per cent. Sample rates, right when they were written; a real shop asks its accountant.
TAX_RATES = (
    ("KH", "", "VAT", "10"),
    ("TH", "", "VAT", "7"),
    ("VN", "", "VAT", "10"),
    ("SG", "", "GST", "9"),
    ("MY", "", "Sales tax", "10"),
    ("DE", "", "VAT", "19"),
    ("FR", "", "VAT", "20"),
    ("US", "California", "Sales tax", "7.25"),
    ("US", "CA", "Sales tax", "7.25"),
    ("US", "New York", "Sales tax", "4"),
    ("US", "NY", "Sales tax", "4"),
)


def create_places() -> None:
    """Create the shipping methods and tax rates that are not there yet; those that stand are left as they are."""
    for position, method in enumerate(SHIPPING_METHODS):
        ShippingMethod.objects.get_or_create(code=method["code"], defaults={**method, "position": position})
    for country, region, name, percent in TAX_RATES:
        TaxRate.objects.get_or_create(
            country=country, region=region, defaults={"name": name, "percent": Decimal(percent)}
        )
