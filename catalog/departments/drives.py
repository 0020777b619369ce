"""Drives that keep data."""

from catalog.departments.spec import COLOR, Department, listing, text, whole

# The source gives the kind of an internal drive as "SSD" or as the speed of its platters.
PLATTER_SPEEDS = (5000, 5200, 5400, 5640, 5700, 5900, 5940, 7200, 10_000, 10_500, 15_000)
CAPACITY = whole(
    "capacity_gb",
    "Capacity",
    "GB",
    4,
    60_000,
    "Makers count 1000 GB to a terabyte.",
    facet=True,
    promoted=True,
    card=True,
)

DRIVES = (
    Department("storage", "Storage", description="Drives that keep your data, inside or beside the computer."),
    Department(
        "internal-hard-drive",
        "Internal drives",
        code="HDD",
        parent="storage",
        description="SSDs and hard disks to build in.",
        specs=(
            CAPACITY,
            text(
                "type",
                "Kind",
                "An SSD is fast and silent; a hard disk is cheaper for much data.",
                facet=True,
                promoted=True,
                card=True,
                words={str(rpm): f"Hard disk {rpm} rpm" for rpm in PLATTER_SPEEDS},
            ),
            whole(
                "cache_mb", "Cache", "MB", 1, 16_384, "Quick memory on the drive that smooths short bursts.", facet=True
            ),
            text(
                "form_factor",
                "Size",
                "2.5 and 3.5 are inches; M.2 is a small card that plugs into the board.",
                facet=True,
                words={"2.5": "2.5-inch", "3.5": "3.5-inch"},
                promoted=True,
            ),
            text("interface", "Connection", "It must match a free socket of your computer.", facet=True, card=True),
        ),
        # One family of drives is sold in many capacities, and its cache grows with the capacity.
        axes=("capacity_gb", "cache_mb"),
        columns=("capacity_gb", "price_per_gb_usd", "type", "cache_mb", "form_factor", "interface"),
    ),
    Department(
        "external-hard-drive",
        "External drives",
        code="EXT",
        parent="storage",
        description="Drives with a cable, for backups and for carrying along.",
        specs=(
            CAPACITY,
            text("type", "Kind", "Portable drives need no power plug.", facet=True, promoted=True, card=True),
            listing(
                "interface", "Connection", "The plug for your computer.", facet=True, separator=", ", promoted=True
            ),
            COLOR,
        ),
        axes=("capacity_gb", "color"),
        columns=("type", "interface", "capacity_gb", "price_per_gb_usd", "color"),
    ),
)
