"""Physical things: one row for every item, whose moves are an append-only ledger."""

from collections.abc import Sequence
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from catalog.flow import UNIT_FLOW, UnitState
from catalog.models.goods import Variant
from catalog.querysets import UnitQuerySet
from core import clock
from core.money import MONEY_DIGITS
from core.timeline import TimelineEvent, event_values

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class Hold(models.Model):
    """Units kept for one order. `expires_at` is empty once the order is confirmed."""

    code = models.CharField(max_length=12, unique=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="UTC; empty: kept until dispatch or release.")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="hold_expiry")]

    def __str__(self) -> str:
        return self.code


class Unit(models.Model):
    """One physical item. Sale and rent draw on the same rows; availability is the rows in state `available`."""

    flow = UNIT_FLOW

    variant = models.ForeignKey(Variant, models.PROTECT, related_name="units")
    serial = models.CharField(
        max_length=60, unique=True, null=True, blank=True, help_text="Upper case, as printed on the item."
    )
    state = models.CharField(max_length=12, choices=UnitState, default=UnitState.INTAKE)
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, blank=True, related_name="units")
    bin = models.CharField(max_length=20, blank=True, help_text="Where it lies, such as B-14.")
    grade_notes = models.CharField(max_length=300, blank=True)
    replaced_parts = models.CharField(
        max_length=300, blank=True, help_text="What was replaced, such as: palm rest (new, original)."
    )
    cost = models.DecimalField(**MONEY_DIGITS, null=True, blank=True, help_text="What we paid, in the shop's currency.")
    battery_health_percent = models.PositiveSmallIntegerField(null=True, blank=True, validators=PERCENT)
    disk_health_percent = models.PositiveSmallIntegerField(null=True, blank=True, validators=PERCENT)
    test_report = models.JSONField(default=dict, blank=True, help_text="Test to result.")
    tested_on = models.DateField(null=True, blank=True)
    wipe_certificate = models.CharField(max_length=60, blank=True)
    received_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        permissions = [
            ("receive_unit", "Can receive stock"),
            ("shelve_unit", "Can put units on sale, to testing and to repair"),
            ("scrap_unit", "Can scrap units and write them off"),
        ]
        indexes = [
            models.Index(fields=["variant", "state", "id"], name="unit_pool"),
            models.Index(fields=["state", "bin"], name="unit_bin"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="held", hold__isnull=False)
                | (~models.Q(state="held") & models.Q(hold__isnull=True)),
                name="unit_held_has_hold",
            ),
            models.CheckConstraint(condition=models.Q(state__in=UnitState.values), name="unit_state_known"),
        ]

    def __str__(self) -> str:
        return self.serial or f"unit {self.pk}"

    def record(self, **event: Any) -> None:
        """Write one row of the unit's ledger."""
        UnitEvent.objects.create(unit=self, **event_values(**event))

    @classmethod
    def record_all(cls, units: Sequence["Unit"], *, befores: Sequence[str], **event: Any) -> None:
        """Write one ledger row for each of several units that moved together."""
        UnitEvent.objects.bulk_create(
            UnitEvent(unit=unit, **event_values(**event, before=before))
            for unit, before in zip(units, befores, strict=True)
        )


class UnitEvent(TimelineEvent):
    """A move of a unit: from where to where, by whom, for which order or reason. Never changed, never deleted."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="events")

    class Meta(TimelineEvent.Meta):
        indexes = [models.Index(fields=["unit", "at"], name="unit_events")]
