"""Staff show what the shop sells: photos of a model, and photos of the very unit that somebody gets."""

import secrets
import unicodedata
from collections.abc import Sequence
from typing import Any

import structlog
from django.core.files.base import ContentFile, File
from django.db.models import Max

from catalog.flow import PhotoState
from catalog.listings import mark_dirty
from catalog.models import Photo, Product, ProductPhoto, Unit, UnitPhoto
from catalog.models.photos import originals
from core import clock
from core.db import atomic_retry, in_transaction
from core.flows import move
from core.images import Limits, ReadImage, read_image
from core.models import AuditEntry
from core.nudge import nudge
from core.refusals import Conflict, Refusal
from core.timeline import event_values
from core.versions import SHOP, raise_versions

log = structlog.get_logger(__name__)
LIMITS = Limits(megabytes=15, megapixels=50)
STORAGE_SILENT = "The place where files are kept did not answer."
# A photo of fewer pixels shows nothing of a machine.
SHORTEST_SIDE = 160
MOST_PHOTOS = 20
ALT_LENGTH = 160


def add_photo(subject: Product | Unit | None, *, by: Any, upload: File, alt: str) -> Photo:
    """Keep an uploaded photo of a model, of one unit, or (None) for the shop's own pages; it is prepared afterwards.

    `alt` says what it shows, for people who do not see it. The original is stored, privately and under a random name,
    before the transaction that makes the row: a crash in between leaves a file that nobody names.
    Raises the Refusals of core.images.read_image, "alt_missing", "alt_too_long", "photo_too_small", "too_many_photos"
    and "storage_silent", and Conflict("photo_already_there", photo).
    """
    if in_transaction():
        raise RuntimeError("Photos are stored outside any transaction: a slow storage would hold its locks.")
    alt = _clean_alt(alt)
    found = read_image(upload, LIMITS)
    if min(found.width, found.height) < SHORTEST_SIDE:
        raise Refusal(
            "photo_too_small",
            f"This picture has {found.width} × {found.height} pixels; a photo needs at least {SHORTEST_SIDE} each way.",
            width=found.width,
            height=found.height,
        )
    storage = originals()
    try:
        name = storage.save(f"photos/{secrets.token_hex(16)}.{found.extension}", ContentFile(found.content))
    except Exception as error:
        log.warning("photo_not_stored", error=repr(error))
        raise Refusal("storage_silent", f"{STORAGE_SILENT} This photo was not stored; try again in a while.") from error
    try:
        return _attach(subject, found, name=name, alt=alt, by=by)
    except BaseException:
        storage.delete(name)
        raise


@atomic_retry
def describe_photo(photo: Photo, *, by: Any, alt: str) -> Photo:
    """Say better what a photo shows. Raises Refusal "alt_missing" or "alt_too_long"."""
    alt = _clean_alt(alt)
    locked = Photo.objects.select_for_update().get(pk=photo.pk)
    if locked.alt != alt:
        before, locked.alt = locked.alt, alt
        locked.save(update_fields=["alt"])
        locked.record(kind="described", by=by, alt=[before, alt])
        show_change_of(locked)
    return locked


@atomic_retry
def reorder_photos(subject: Product | Unit, *, by: Any, codes: Sequence[str]) -> None:
    """Show the photos in the order of `codes`, which must name each of them once; cards show a model's first.

    Raises Conflict("photos_changed") when somebody has added or removed one meanwhile.
    """
    subject = _locked(subject)
    standing = {link.photo.code: link for link in _links(subject).select_related("photo")}
    if sorted(codes) != sorted(standing):
        raise Conflict(
            "photos_changed", "Somebody has just added or removed a photo. Look again, then put them in order."
        )
    before = list(standing)
    if before == list(codes):
        return
    for position, code in enumerate(codes):
        standing[code].position = position
    _links(subject).bulk_update(standing.values(), ["position"])
    _record(subject, kind="photos_reordered", by=by, codes=[before, list(codes)])
    if isinstance(subject, Product):
        _show_change_of_products([subject.pk])


@atomic_retry
def remove_photo(photo: Photo, *, by: Any) -> None:
    """Show a photo no longer. A sweep deletes files and row some minutes later. A second call changes nothing."""
    locked = Photo.objects.select_for_update().filter(pk=photo.pk, removed_at=None).first()
    if locked is None:
        return
    locked.removed_at = clock.now()
    locked.save(update_fields=["removed_at"])
    locked.record(kind="removed", by=by, alt=locked.alt)
    show_change_of(locked)
    for links in (ProductPhoto, UnitPhoto):
        links.objects.filter(photo=locked).delete()


@atomic_retry
def retry_photo(photo: Photo, *, by: Any) -> Photo:
    """Prepare a photo once more that could not be prepared. Raises Conflict("wrong_state")."""
    locked = Photo.objects.select_for_update().get(pk=photo.pk)
    move(locked, PhotoState.WAITING, by=by, changes={"failure": "", "due_at": clock.now(), "tries": 0})
    nudge("catalog.render_photo", locked.pk)
    return locked


def show_change_of(photo: Photo) -> None:
    """Let lists, pages and programs follow a change of this photo, in the caller's transaction."""
    products = list(ProductPhoto.objects.filter(photo=photo).values_list("product", flat=True))
    _show_change_of_products(products)
    if not products and not UnitPhoto.objects.filter(photo=photo).exists():
        raise_versions([SHOP])


@atomic_retry
def _attach(subject: Product | Unit | None, found: ReadImage, *, name: str, alt: str, by: Any) -> Photo:
    if subject is not None:
        subject = _locked(subject)
        _refuse_one_more(subject, found)
    photo = Photo.objects.create(
        original=name,
        content_hash=found.content_hash,
        alt=alt,
        width=found.width,
        height=found.height,
        uploaded_by=by if by is not None and by.is_authenticated else None,
    )
    if subject is not None:
        last = _links(subject).aggregate(last=Max("position"))["last"]
        _links(subject).create(photo=photo, position=0 if last is None else last + 1)
    photo.record(kind="added", by=by, of=str(subject or "the shop"), alt=alt)
    nudge("catalog.render_photo", photo.pk)
    return photo


def _refuse_one_more(subject: Product | Unit, found: ReadImage) -> None:
    """Refuse the same photo twice, and more photos than anybody looks at."""
    links = _links(subject)
    twin = links.filter(photo__content_hash=found.content_hash).select_related("photo").first()
    if twin is not None:
        raise Conflict(
            "photo_already_there", f"This very photo is here already: “{twin.photo.alt}”.", photo=twin.photo.code
        )
    if links.count() >= MOST_PHOTOS:
        raise Refusal(
            "too_many_photos", f"At most {MOST_PHOTOS} photos of one thing. Remove one first.", most=MOST_PHOTOS
        )


def _clean_alt(alt: str) -> str:
    # Khmer needs its zero-width spaces; only control characters go.
    alt = "".join(sign for sign in " ".join(alt.split()) if unicodedata.category(sign) not in {"Cc", "Cs"})
    if not alt:
        raise Refusal("alt_missing", "Say in a few words what the photo shows, for people who do not see it.")
    if len(alt) > ALT_LENGTH:
        raise Refusal("alt_too_long", f"At most {ALT_LENGTH} characters; these are {len(alt)}.", most=ALT_LENGTH)
    return alt


def _locked(subject: Product | Unit) -> Any:
    return type(subject)._default_manager.select_for_update().get(pk=subject.pk)


def _links(subject: Product | Unit) -> Any:
    return subject.product_photos if isinstance(subject, Product) else subject.unit_photos


def _record(subject: Product | Unit, *, kind: str, by: Any, **facts: object) -> None:
    if isinstance(subject, Unit):
        subject.record(kind=kind, by=by, **facts)
        return
    AuditEntry.objects.create(
        model="catalog.product", object_code=subject.slug[:80], **event_values(kind=kind, by=by, **facts)
    )


def _show_change_of_products(ids: Sequence[int]) -> None:
    """Let the lists be built again, and whoever keeps a product by its time of change (tags, sitemap) read it anew."""
    if ids:
        Product.objects.filter(pk__in=ids).update(updated_at=clock.now())
        mark_dirty(ids)
