"""Named reads of orders."""

from datetime import datetime
from typing import Any

from django.db import models


class OrderQuerySet(models.QuerySet):
    """Orders by who may see them and by what must happen to them."""

    def visible_to(self, user: Any) -> "OrderQuerySet":
        """Return the orders of this account (guests see theirs by signed link only)."""
        if user is None or not user.is_authenticated:
            return self.none()
        return self.filter(user=user)

    def to_pick(self) -> "OrderQuerySet":
        """Return confirmed orders that nobody has begun to pack."""
        return self.filter(state="confirmed")

    def to_ship(self) -> "OrderQuerySet":
        """Return packed orders that have not left."""
        return self.filter(state="packing")

    def waiting_for_payment(self) -> "OrderQuerySet":
        """Return placed orders whose money has not arrived."""
        return self.filter(state="pending")

    def expired_by(self, instant: datetime) -> "OrderQuerySet":
        """Return unpaid orders whose hold ran out before `instant`."""
        return self.filter(state="pending", hold__expires_at__lte=instant)


class ShipmentQuerySet(models.QuerySet):
    """Parcels by where they are."""

    def on_its_way(self) -> "ShipmentQuerySet":
        """Return parcels that have left and not arrived."""
        return self.filter(state="dispatched", order__is_pickup=False)

    def at_the_counter(self) -> "ShipmentQuerySet":
        """Return packed orders that wait for their customer."""
        return self.filter(state="dispatched", order__is_pickup=True)


class ReturnQuerySet(models.QuerySet):
    """Machines on their way back by what must happen to them."""

    def live(self) -> "ReturnQuerySet":
        """Return those that somebody still has to send, receive or inspect."""
        return self.filter(state__in=["asked", "received"])

    def to_inspect(self) -> "ReturnQuerySet":
        """Return those that are here and have not been inspected."""
        return self.filter(state="received")
