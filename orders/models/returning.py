"""Machines that come back from customers."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from core.money import MONEY_DIGITS
from orders.flow import RETURN_FLOW, ReturnState
from orders.models.fulfilment import Allocation
from orders.querysets import ReturnQuerySet


class Return(models.Model):
    """One unit on its way back, bought or rented. A unit comes back once for what it was promised for."""

    flow = RETURN_FLOW

    code = models.CharField(max_length=12, unique=True)
    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="returns")
    # One return an allocation: empty once the customer keeps the unit after all.
    live_allocation = models.OneToOneField(
        Allocation, models.PROTECT, null=True, blank=True, related_name="live_return", editable=False
    )
    state = models.CharField(max_length=10, choices=ReturnState, default=ReturnState.ASKED)
    reason = models.CharField(max_length=300, blank=True, help_text="The customer's own words.")
    asked_at = models.DateTimeField(default=clock.now, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    taken_on = models.DateField(
        null=True,
        blank=True,
        help_text="The day the carrier, or we at the counter, took it: it counts, not the day it came.",
    )
    received_at = models.DateTimeField(null=True, blank=True, editable=False)
    inspected_at = models.DateTimeField(null=True, blank=True, editable=False)
    findings = models.CharField(max_length=500, blank=True, help_text="What the inspection found.")
    damage = models.DecimalField(
        **MONEY_DIGITS, null=True, blank=True, help_text="What damage beyond normal wear costs; empty: none."
    )
    market_value = models.DecimalField(
        **MONEY_DIGITS, null=True, blank=True, help_text="What the unit would have been worth undamaged."
    )

    objects = ReturnQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("receive_return", "Can receive machines that come back"),
            ("inspect_return", "Can inspect machines that came back"),
        ]
        indexes = [models.Index(fields=["state", "asked_at"], name="return_by_state")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ReturnState.values), name="return_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "withdrawn"]) | Q(taken_on__isnull=False, received_at__isnull=False),
                name="return_received_on_a_day",
            ),
            models.CheckConstraint(condition=Q(damage__isnull=True) | Q(damage__gt=0), name="return_damage_positive"),
        ]

    def __str__(self) -> str:
        return self.code

    def record(self, *, kind: str, **event: Any) -> None:
        """Write one row of the order's timeline about this return."""
        self.allocation.line.order.record(kind=f"return_{kind}", about=self.code, **event)
