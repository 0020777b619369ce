"""Photos: an original that is kept, the renditions that pages show, and what they are photos of."""

from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models

from catalog.flow import PHOTO_FLOW, PhotoState
from catalog.models.goods import Product
from catalog.models.stock import Unit
from core import clock
from core.codes import public_code
from core.models import AuditEntry
from core.timeline import event_values


def photo_code() -> str:
    """Return a new public code of a photo."""
    return public_code(12)


def originals() -> Storage:
    """Return where originals lie: never public, because they may say where and by whom they were taken."""
    return storages["originals"]


class Photo(models.Model):
    """A picture that staff uploaded. Pages show its renditions, made in the background; the original is kept.

    `renditions` is {"avif": {"320": "photos/CODE/1/320.avif", …}, "webp": {…}}: names in the default storage by width.
    It may be of a product or of a unit; a photo of neither serves the shop's own pages.
    """

    State = PhotoState
    flow = PHOTO_FLOW

    code = models.CharField(max_length=12, unique=True, default=photo_code, editable=False)
    original = models.FileField(upload_to="photos/", storage=originals, max_length=200)
    content_hash = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the original.")
    alt = models.CharField("description", max_length=160, help_text="What it shows, for people who do not see it.")
    width = models.PositiveIntegerField(editable=False, help_text="Pixels of the upright original.")
    height = models.PositiveIntegerField(editable=False)
    renditions = models.JSONField(default=dict, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=PhotoState, default=PhotoState.WAITING, editable=False)
    failure = models.CharField(max_length=200, blank=True, editable=False)
    due_at = models.DateTimeField(
        default=clock.now, editable=False, help_text="When background work looks at it next; a worker moves it ahead."
    )
    tries = models.PositiveSmallIntegerField(default=0, editable=False, help_text="How often a worker began with it.")
    removed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Shown nowhere since then; its files and this row go soon after.",
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "due_at"], name="photo_waiting")]

    def __str__(self) -> str:
        return self.alt

    def record(self, *, kind: str, by: Any, reason: str = "", **facts: object) -> None:
        """Write the step to the audit, which is a photo's timeline."""
        AuditEntry.objects.create(
            model="catalog.photo", object_code=self.code, **event_values(kind=kind, by=by, reason=reason, **facts)
        )


class ProductPhoto(models.Model):
    """A photo of a model, shown in the gallery of its page and, the first one, on its card."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="product_photos")
    photo = models.OneToOneField(Photo, models.CASCADE, related_name="of_product")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return str(self.photo)


class UnitPhoto(models.Model):
    """A photo of the very unit a customer gets."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="unit_photos")
    photo = models.OneToOneField(Photo, models.CASCADE, related_name="of_unit")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return str(self.photo)
