"""States of a cart."""

from django.db import models

from core.flows import flow


class CartState(models.TextChoices):
    ACTIVE = "active", "Active"
    ORDERED = "ordered", "Ordered"
    MERGED = "merged", "Merged into the account's cart"


CART_FLOW = flow("cart", {CartState.ACTIVE: [CartState.ORDERED, CartState.MERGED]})
