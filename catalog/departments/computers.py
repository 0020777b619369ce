"""Whole machines and screens."""

from catalog.departments.spec import COLOR, Department, decimal, listing, text, whole, yes_no

CPU = text("cpu", "Processor", "The chip that does the computing, by its maker's name.", card=True, facet=True)
CPU_FAMILY = text(
    "cpu_family",
    "Processor family",
    "Within one generation, i7 or Ryzen 7 is faster than i5 or Ryzen 5.",
    facet=True,
    promoted=True,
)
CPU_GENERATION = text(
    "cpu_generation",
    "Processor generation",
    "A newer generation does more work for the same power. Windows 11 needs Intel's 8th or later.",
    facet=True,
)
CPU_CORES = whole(
    "cpu_cores", "Processor cores", "", 1, 256, "More cores do more things at once; four are plenty for office work."
)
GPU = text(
    "gpu", "Graphics", "What draws the picture. Integrated graphics are enough for office work and films.", facet=True
)
RAM = whole(
    "ram_gb",
    "Memory",
    "GB",
    1,
    4096,
    "How much the computer can keep at hand at once. 8 GB for office work, 16 GB for many windows.",
    facet=True,
    promoted=True,
    card=True,
)
STORAGE = whole(
    "storage_gb", "Storage", "GB", 16, 200_000, "Room for programs and files.", facet=True, promoted=True, card=True
)
STORAGE_TYPE = text("storage_type", "Storage type", "An SSD has no moving parts: it is fast and silent.", facet=True)
SCREEN = decimal(
    "screen_size_in", "Screen size", "″", 5, 120, "Corner to corner, in inches.", facet=True, promoted=True, card=True
)
RESOLUTION_W = whole("resolution_w", "Resolution, width", "px", 320, 16_000, "Picture points from left to right.")
RESOLUTION_H = whole(
    "resolution_h",
    "Resolution, height",
    "px",
    200,
    10_000,
    "Picture points from top to bottom: 1080 is Full HD, 2160 is 4K.",
    facet=True,
)
PANEL = text(
    "panel_type", "Panel", "IPS shows true colours from every side; VA shows deep black; TN is quick.", facet=True
)
PORTS = listing("ports", "Ports", "Sockets for cables.")
OS = text("os", "Operating system", "Installed and ready to start.", facet=True)
WEIGHT = decimal("weight_kg", "Weight", "kg", 0.3, 80, "The maker's figure for the lightest version.")

COMPUTERS = (
    Department("computers", "Computers", description="Refurbished, tested, with a warranty."),
    Department(
        "laptops",
        "Laptops",
        code="LAP",
        parent="computers",
        description="Business laptops with a second life. Each is tested, wiped and graded.",
        specs=(
            CPU,
            CPU_FAMILY,
            CPU_GENERATION,
            CPU_CORES,
            GPU,
            RAM,
            STORAGE,
            STORAGE_TYPE,
            SCREEN,
            RESOLUTION_W,
            RESOLUTION_H,
            PANEL,
            yes_no("touch", "Touch screen", facet=True, hint="Fingers and pens work on the screen."),
            WEIGHT,
            PORTS,
            OS,
            text("keyboard_layout", "Keyboard layout", "The letters printed on the keys.", facet=True),
            COLOR,
        ),
        axes=("ram_gb", "storage_gb", "color"),
    ),
    Department(
        "desktops",
        "Desktops",
        code="DSK",
        parent="computers",
        description="Small and large desktops for a fixed place.",
        specs=(
            CPU,
            CPU_FAMILY,
            CPU_GENERATION,
            CPU_CORES,
            GPU,
            RAM,
            STORAGE,
            STORAGE_TYPE,
            text(
                "form_factor", "Size", "Mini fits behind a screen; a tower has room for cards.", facet=True, card=True
            ),
            WEIGHT,
            PORTS,
            OS,
            COLOR,
        ),
        axes=("ram_gb", "storage_gb", "color"),
    ),
    Department(
        "servers",
        "Servers",
        code="SRV",
        parent="computers",
        description="Machines for a rack or a back room that run day and night.",
        specs=(
            CPU,
            whole("cpu_count", "Processors", "", 1, 8, "How many processor chips are fitted.", facet=True),
            CPU_CORES,
            RAM,
            STORAGE,
            text(
                "form_factor",
                "Form",
                "Rack servers slide into a 19-inch rack; a tower stands alone.",
                facet=True,
                promoted=True,
            ),
            whole("rack_units", "Height", "U", 1, 20, "Rack units: 1 U is 4.45 cm of rack.", facet=True, card=True),
            whole("drive_bays", "Drive bays", "", 1, 100, "Places for disks at the front."),
            text("psu", "Power supplies", "Two hot-plug supplies keep it running when one fails."),
            text("remote_management", "Remote management", "Lets you switch it on and repair it from elsewhere."),
        ),
        axes=("ram_gb", "storage_gb"),
    ),
)

MONITORS = (
    Department(
        "monitor",
        "Monitors",
        code="MON",
        description="Screens, refurbished and new.",
        specs=(
            SCREEN,
            RESOLUTION_W,
            RESOLUTION_H,
            whole(
                "refresh_rate_hz",
                "Refresh rate",
                "Hz",
                24,
                1000,
                "Pictures a second. 60 is fine for work; games look smoother with more.",
                facet=True,
                card=True,
                promoted=True,
            ),
            decimal(
                "response_time_ms", "Response time", "ms", 0.01, 40, "How fast a point changes colour; less is sharper."
            ),
            text(PANEL.key, PANEL.label, PANEL.hint, facet=True, promoted=True, card=True),
            text("aspect_ratio", "Shape", "Width to height. 16:9 is the usual wide screen.", facet=True),
            PORTS,
            text("stand", "Stand", "What the stand lets you adjust."),
            COLOR,
        ),
        axes=("color",),
        columns=(
            "screen_size_in",
            "resolution_w",
            "resolution_h",
            "refresh_rate_hz",
            "response_time_ms",
            "panel_type",
            "aspect_ratio",
        ),
    ),
)
