"""Fields that more than one endpoint uses."""

from datetime import UTC
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.money import MONEY_DIGITS


class MoneyField(serializers.DecimalField):
    """An amount as text with two decimals, such as "585.00". Its currency stands beside it as `currency`."""

    def __init__(self, **options: Any) -> None:
        if not options.get("read_only"):
            options.setdefault("min_value", Decimal(0))
        super().__init__(**MONEY_DIGITS, **options)


class InstantField(serializers.DateTimeField):
    """An instant, written in UTC: "2026-11-24T11:54:51.478107Z"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)
