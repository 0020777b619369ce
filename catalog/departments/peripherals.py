"""Everything that stands around the computer or runs on it."""

from catalog.departments.spec import COLOR, Department, Spec, decimal, listing, text, whole, yes_no

CONNECTION = listing(
    "connection_type", "Connection", "Some connect in more than one way.", facet=True, promoted=True, separator=", "
)


def _bass(high: float) -> Spec:
    # The source's own note says kHz for both ends; the figures are Hz for the low end.
    return whole("frequency_response_low", "Deepest tone", "Hz", 1, high, "People hear from about 20 Hz.")


def _treble(high: float) -> Spec:
    return decimal("frequency_response_high", "Highest tone", "kHz", 1, high, "People hear to about 20 kHz.")


PERIPHERALS = (
    Department(
        "peripherals", "Peripherals", description="What stands around the computer: to type, point, hear and be seen."
    ),
    Department(
        "keyboard",
        "Keyboards",
        code="KEY",
        parent="peripherals",
        description="Keyboards for the office and for games.",
        specs=(
            text(
                "style",
                "Style",
                facet=True,
                promoted=True,
                card=True,
                hint="What it is built for, such as gaming or a small desk.",
            ),
            text(
                "switches",
                "Switches",
                "What lies under the keys: linear, tactile or clicking.",
                facet=True,
                card=True,
                promoted=True,
            ),
            text("backlit", "Backlight", facet=True, hint="Keys that glow, in one colour or many."),
            yes_no(
                "tenkeyless",
                "Without number block",
                facet=True,
                hint="Shorter, without the block of digits on the right.",
            ),
            CONNECTION,
            COLOR,
        ),
        # One keyboard is sold with several switches.
        axes=("switches", "color"),
        columns=("style", "switches", "backlit", "tenkeyless", "connection_type", "color"),
    ),
    Department(
        "mouse",
        "Mice",
        code="MSE",
        parent="peripherals",
        description="Mice with and without a cable.",
        specs=(
            text(
                "tracking_method",
                "Tracking",
                facet=True,
                card=True,
                hint="Optical works on most desks, laser also on glossy ones.",
                promoted=True,
            ),
            CONNECTION,
            whole(
                "max_dpi",
                "Finest resolution",
                "dpi",
                50,
                60_000,
                "Steps to an inch of movement.",
                card=True,
                facet=True,
            ),
            text(
                "hand_orientation", "Hand", facet=True, card=True, hint="The hand that it is shaped for.", promoted=True
            ),
            COLOR,
        ),
        axes=("color",),
        columns=("tracking_method", "connection_type", "max_dpi", "hand_orientation", "color"),
    ),
    Department(
        "headphones",
        "Headphones",
        code="HPH",
        parent="peripherals",
        description="Headphones and headsets.",
        specs=(
            text(
                "type",
                "Form",
                "Circumaural: around the ear. Supra-aural: on the ear.",
                facet=True,
                promoted=True,
                card=True,
            ),
            _bass(200),
            _treble(130),
            yes_no("microphone", "Microphone", facet=True, hint="For calls and games."),
            yes_no(
                "wireless", "Wireless", facet=True, promoted=True, hint="No cable to the device; it runs on a battery."
            ),
            text("enclosure_type", "Cups", "Open cups let sound out and in.", facet=True, card=True, promoted=True),
            COLOR,
        ),
        axes=("color",),
        columns=(
            "type",
            "frequency_response_low",
            "frequency_response_high",
            "microphone",
            "wireless",
            "enclosure_type",
            "color",
        ),
    ),
    Department(
        "speakers",
        "Speakers",
        code="SPK",
        parent="peripherals",
        description="Speakers for the desk and the room.",
        specs=(
            text(
                "configuration",
                "Set",
                "2.1 is two speakers and one for the bass.",
                facet=True,
                promoted=True,
                card=True,
                words={"1": "1.0", "2": "2.0", "4": "4.0", "5": "5.0"},
            ),
            decimal(
                "wattage_w",
                "Power",
                "W",
                0.5,
                2000,
                card=True,
                facet=True,
                hint="More can play louder; 10 W fill a small room.",
                promoted=True,
            ),
            _bass(300),
            _treble(100),
            COLOR,
        ),
        axes=("color",),
        columns=("configuration", "wattage_w", "frequency_response_low", "frequency_response_high", "color"),
    ),
    Department(
        "webcam",
        "Webcams",
        code="CAM",
        parent="peripherals",
        description="Cameras for calls.",
        specs=(
            listing(
                "resolutions", "Pictures", "The finest first; 1080p is Full HD.", facet=True, promoted=True, card=True
            ),
            text("connection", "Connection", facet=True, hint="The plug for your computer.", promoted=True),
            text(
                "focus_type",
                "Focus",
                facet=True,
                card=True,
                hint="Auto focus stays sharp when you move.",
                promoted=True,
            ),
            listing("os", "Works with"),
            decimal("fov_deg", "Field of view", "°", 20, 360, "Wider shows more of the room."),
        ),
        columns=("resolutions", "connection", "focus_type", "os", "fov_deg"),
    ),
)

CARD_INTERFACE = text(
    "interface", "Connection", "The slot or plug that it needs.", facet=True, promoted=True, card=True
)

NETWORKING = (
    Department("networking", "Networking", description="What joins a computer to the network, by cable or by radio."),
    Department(
        "wired-network-card",
        "Wired network cards",
        code="LAN",
        parent="networking",
        description="Network cards and adapters for a cable.",
        specs=(CARD_INTERFACE, COLOR),
        axes=("color",),
        columns=("interface", "color"),
    ),
    Department(
        "wireless-network-card",
        "Wireless network cards",
        code="WLN",
        parent="networking",
        description="Wi-Fi cards and adapters.",
        specs=(
            text("protocol", "Wi-Fi", "A higher number is newer and faster.", facet=True, promoted=True, card=True),
            CARD_INTERFACE,
            COLOR,
        ),
        axes=("color",),
        columns=("protocol", "interface", "color"),
    ),
)

POWER_AND_MORE = (
    Department("power", "Power", description="What keeps computers running when the power fails."),
    Department(
        "ups",
        "UPS",
        code="UPS",
        parent="power",
        description="Batteries that keep a computer running when the power fails.",
        specs=(
            whole(
                "capacity_w",
                "Power",
                "W",
                50,
                50_000,
                "What it can feed at once.",
                facet=True,
                promoted=True,
                card=True,
            ),
            whole(
                "capacity_va",
                "Apparent power",
                "VA",
                50,
                60_000,
                "The maker's name for its size.",
                facet=True,
                card=True,
                promoted=True,
            ),
        ),
        columns=("capacity_w", "capacity_va"),
    ),
    Department("software", "Software", description="Programs with a licence of their own."),
    Department(
        "os",
        "Operating systems",
        code="OPS",
        parent="software",
        description="Operating systems with a licence for one computer.",
        specs=(
            text(
                "mode",
                "Kind",
                "A computer made after 2010 runs 64-bit.",
                facet=True,
                promoted=True,
                card=True,
                words={"32": "32-bit", "64": "64-bit", "32|64": "32-bit and 64-bit"},
            ),
            whole(
                "max_memory_gb",
                "Memory at most",
                "GB",
                1,
                100_000,
                "How much it can use.",
                card=True,
                facet=True,
                promoted=True,
            ),
        ),
        columns=("mode", "max_memory_gb"),
    ),
    Department("accessories", "Accessories", description="Small things that complete a computer."),
    Department(
        "case-accessory",
        "Case accessories",
        code="ACC",
        parent="accessories",
        description="Bays, panels and other things for the case.",
        specs=(
            text("type", "Kind", facet=True, promoted=True, card=True, hint="What it adds to the case."),
            decimal(
                "form_factor_in", "Bay", "″", 1, 10, "The bay that it takes.", facet=True, card=True, promoted=True
            ),
        ),
        columns=("type", "form_factor_in"),
    ),
)
