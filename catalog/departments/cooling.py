"""What keeps a computer cool and quiet."""

from typing import Any

from catalog.departments.spec import COLOR, Department, Spec, decimal, text, whole, yes_no


def _fan_speed(key: str, label: str, **more: Any) -> Spec:
    return whole(key, label, "rpm", 100, 10_000, "Turns a minute; slower is quieter.", **more)


def _noise(key: str, label: str, **more: Any) -> Spec:
    hint = "A whisper is about 30 dB; 10 dB more sounds twice as loud."
    # The source writes 0 where the maker gives no figure.
    return decimal(key, label, "dB", 1, 70, hint, zero_is_unknown=True, **more)


def _airflow(key: str, label: str) -> Spec:
    hint = "Air moved in a minute, in cubic feet; 1 cfm is about 1.7 m³ an hour."
    return decimal(key, label, "cfm", 1, 350, hint, zero_is_unknown=True)


COOLING = (
    Department(
        "cpu-cooler",
        "CPU coolers",
        code="CLR",
        parent="components",
        description="They keep the processor cool, by air or by water.",
        specs=(
            whole(
                "radiator_size_mm",
                "Radiator",
                "mm",
                80,
                600,
                "Water coolers only; empty: cooled by air.",
                facet=True,
                promoted=True,
                card=True,
            ),
            _fan_speed("rpm_min", "Lowest fan speed"),
            _fan_speed("rpm_max", "Top fan speed", facet=True, promoted=True),
            _noise("noise_db_min", "Least noise", card=True, facet=True, promoted=True),
            _noise("noise_db_max", "Most noise"),
            COLOR,
        ),
        axes=("color",),
        columns=("rpm_min", "rpm_max", "noise_db_min", "noise_db_max", "color", "radiator_size_mm"),
    ),
    Department(
        "case-fan",
        "Case fans",
        code="FAN",
        parent="components",
        description="Fans that move air through the case; larger ones are quieter.",
        specs=(
            whole("size_mm", "Size", "mm", 20, 400, "The edge of the frame.", facet=True, promoted=True, card=True),
            _fan_speed("rpm_min", "Lowest fan speed"),
            _fan_speed("rpm_max", "Top fan speed", card=True, facet=True),
            _airflow("airflow_cfm_min", "Least airflow"),
            _airflow("airflow_cfm_max", "Most airflow"),
            _noise("noise_db_min", "Least noise", card=True, facet=True, promoted=True),
            _noise("noise_db_max", "Most noise"),
            yes_no("pwm", "PWM", "The board can set its speed finely.", facet=True, promoted=True),
            COLOR,
        ),
        axes=("color",),
        columns=(
            "size_mm",
            "color",
            "rpm_min",
            "rpm_max",
            "airflow_cfm_min",
            "airflow_cfm_max",
            "noise_db_min",
            "noise_db_max",
            "pwm",
        ),
    ),
    Department(
        "fan-controller",
        "Fan controllers",
        code="FCT",
        parent="components",
        description="They set the speed of several fans.",
        specs=(
            whole(
                "channels",
                "Channels",
                "",
                1,
                40,
                "How many groups of fans it sets apart.",
                facet=True,
                card=True,
                promoted=True,
            ),
            whole(
                "channel_wattage_w",
                "Power of a channel",
                "W",
                1,
                200,
                card=True,
                facet=True,
                hint="What the fans of one channel may draw together.",
            ),
            yes_no("pwm", "PWM", "It can set the speed of PWM fans finely.", facet=True),
            text(
                "form_factor",
                "Bay",
                "The bay that it takes, in inches.",
                words={"5.25": "5.25-inch", "3.5": "3.5-inch", "2|5.25": "2 × 5.25-inch"},
            ),
            COLOR,
        ),
        axes=("color",),
        columns=("channels", "channel_wattage_w", "pwm", "form_factor", "color"),
    ),
    Department(
        "thermal-paste",
        "Thermal paste",
        code="TPA",
        parent="components",
        description="It carries heat from the processor to its cooler.",
        specs=(
            decimal(
                "amount_g",
                "Amount",
                "g",
                0.1,
                250,
                "One gram does a few processors.",
                facet=True,
                card=True,
                promoted=True,
            ),
        ),
        # One paste is sold in tubes of several sizes.
        axes=("amount_g",),
        columns=("amount_g",),
    ),
)
