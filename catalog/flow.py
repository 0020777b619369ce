"""States of units, photos, reviews and watches, and the steps between them."""

from django.db import models

from core.flows import flow


class UnitState(models.TextChoices):
    INTAKE = "intake", "Received"
    TESTING = "testing", "In testing"
    AVAILABLE = "available", "Available"
    HELD = "held", "Held for an order"
    SOLD = "sold", "Sold"
    ON_RENT = "on_rent", "On rent"
    RETURNED = "returned", "Returned"
    REPAIR = "repair", "In repair"
    SCRAPPED = "scrapped", "Scrapped"
    LOST = "lost", "Lost"


UNIT_FLOW = flow(
    "unit",
    {
        UnitState.INTAKE: [UnitState.TESTING, UnitState.SCRAPPED],
        UnitState.TESTING: [UnitState.AVAILABLE, UnitState.REPAIR, UnitState.SCRAPPED],
        UnitState.AVAILABLE: [UnitState.HELD, UnitState.TESTING, UnitState.REPAIR, UnitState.SCRAPPED, UnitState.LOST],
        UnitState.HELD: [UnitState.AVAILABLE, UnitState.SOLD, UnitState.ON_RENT],
        UnitState.SOLD: [UnitState.RETURNED],
        UnitState.ON_RENT: [UnitState.SOLD, UnitState.LOST, UnitState.RETURNED],
        UnitState.RETURNED: [UnitState.TESTING],
        UnitState.REPAIR: [UnitState.TESTING, UnitState.SCRAPPED],
        UnitState.LOST: [UnitState.RETURNED],
    },
)


class PhotoState(models.TextChoices):
    WAITING = "waiting", "Being prepared"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


PHOTO_FLOW = flow(
    "photo",
    {PhotoState.WAITING: [PhotoState.READY, PhotoState.FAILED], PhotoState.FAILED: [PhotoState.WAITING]},
)


class ReviewState(models.TextChoices):
    WAITING = "waiting", "To be read"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Rejected"


REVIEW_FLOW = flow(
    "review",
    {
        ReviewState.WAITING: [ReviewState.PUBLISHED, ReviewState.REJECTED],
        # Staff may think again; an author who writes anew is read anew.
        ReviewState.PUBLISHED: [ReviewState.REJECTED, ReviewState.WAITING],
        ReviewState.REJECTED: [ReviewState.PUBLISHED, ReviewState.WAITING],
    },
)


class WatchState(models.TextChoices):
    UNCONFIRMED = "unconfirmed", "Not confirmed"
    ACTIVE = "active", "Active"
    TOLD = "told", "Told"
    STOPPED = "stopped", "Stopped"


WATCH_FLOW = flow(
    "watch",
    {
        WatchState.UNCONFIRMED: [WatchState.ACTIVE, WatchState.STOPPED],
        WatchState.ACTIVE: [WatchState.TOLD, WatchState.STOPPED],
    },
)
