"""Make the renditions of photos in the background, and forget the files of removed photos.

A claim is a lease: it moves `due_at` ahead, so that a worker that dies in the middle gives the photo back by doing
nothing. Files are written and deleted outside transactions. Every try writes under names of its own; the one that ends
first is shown, so two workers with the same photo, or one that was killed and comes back, do no harm.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from catalog.flow import PhotoState
from catalog.models import Photo
from catalog.models.photos import originals
from catalog.photos import LIMITS, STORAGE_SILENT, show_change_of
from catalog.pictures import FORMATS, WIDTHS, widths_for
from core import clock
from core.db import atomic_retry
from core.flows import move
from core.images import encode, on_white, open_upright
from core.refusals import Refusal

log = structlog.get_logger(__name__)

# The largest photo takes some seconds; a try that was killed comes back within this and a sweep of 30 s.
LEASE = timedelta(seconds=60)
MAX_TRIES = 6
# After try 1, 2, 3 …, when the storage did not answer: about a day in all.
BACK_OFF = (
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=18),
)
# A sweep ends well before the worker's own time limit (300 s); the next one goes on.
SWEEP_TIME = timedelta(seconds=120)
AT_ONCE = 500
# Pages that were made a moment ago may still show a removed photo.
KEPT_AFTER_REMOVAL = timedelta(minutes=10)
Renditions = dict[str, dict[str, str]]


def render_photo(photo_id: int) -> bool:
    """Make the renditions of this photo if it waits for them and is due. Tells whether it can be shown now."""
    photo = _claim(photo_id)
    return photo is not None and _render(photo)


def render_waiting_photos() -> int:
    """Make the renditions of all photos that are due, oldest first, for two minutes at most. Returns how many."""
    rendered = 0
    stop_at = clock.now() + SWEEP_TIME
    while clock.now() < stop_at and (photo := _claim()) is not None:
        rendered += _render(photo)
    return rendered


def discard_removed_photos() -> int:
    """Delete the files of photos that staff removed some minutes ago, and then their rows. Returns how many."""
    discarded = 0
    removed = Photo.objects.filter(removed_at__lte=clock.now() - KEPT_AFTER_REMOVAL).order_by("pk")
    for photo in removed[:AT_ONCE]:
        try:
            for name in {*_names_of(photo.renditions), *_possible_names(photo)}:
                default_storage.delete(name)
            originals().delete(photo.original.name)
        except Exception as error:  # noqa: BLE001  (any storage's errors; the next sweep tries again)
            log.warning("photo_not_discarded", photo=photo.code, error=repr(error))
            continue
        Photo.objects.filter(pk=photo.pk).delete()
        discarded += 1
    return discarded


@atomic_retry
def _claim(photo_id: int | None = None) -> Photo | None:
    """Take the first photo that is due (or the one named) for ourselves and count the try; None when there is none."""
    due = Photo.objects.filter(state=PhotoState.WAITING, due_at__lte=clock.now(), removed_at=None).order_by(
        "due_at", "pk"
    )
    if photo_id is not None:
        due = due.filter(pk=photo_id)
    due = due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    while (photo := due.first()) is not None:
        if photo.tries >= MAX_TRIES:
            # Each of its tries took the worker down with it.
            move(photo, PhotoState.FAILED, by=None, changes={"failure": "Every attempt to prepare it was cut short."})
            continue
        until = clock.now() + LEASE
        # Repeats the condition: where the engine has no row locks, this UPDATE is what decides.
        mine = Photo.objects.filter(pk=photo.pk, state=PhotoState.WAITING, tries=photo.tries, due_at=photo.due_at)
        if mine.update(due_at=until, tries=photo.tries + 1):
            photo.due_at, photo.tries = until, photo.tries + 1
            return photo
    return None


def _render(photo: Photo) -> bool:
    written: Renditions = {kind: {} for kind in FORMATS}
    try:
        for kind, width, content in _renditions(photo):
            name = default_storage.save(_name(photo, photo.tries, kind, width), ContentFile(content))
            written[kind][str(width)] = name
    except Refusal as refusal:
        _give_up(photo, refusal.message)
    except Exception as error:  # noqa: BLE001  (any storage's errors; the photo waits for its next try)
        _put_back(photo, error)
    else:
        if _finish(photo, written):
            return True
    _delete(_names_of(written))
    return False


def _renditions(photo: Photo) -> Iterator[tuple[str, int, bytes]]:
    """Yield format, width and file of each rendition. Raises a Refusal when the original cannot be decoded."""
    with originals().open(photo.original.name) as original:
        content = original.read()
    image = on_white(open_upright(content, LIMITS, width=WIDTHS[-1]))
    for width in widths_for(image.width):
        for kind in FORMATS:
            yield kind, width, encode(image, kind, width=width)


@atomic_retry
def _finish(photo: Photo, written: Renditions) -> bool:
    """Show the photo; False when another worker has been quicker, or the photo is gone."""
    locked = Photo.objects.select_for_update().filter(pk=photo.pk).first()
    if locked is None or locked.state != PhotoState.WAITING:
        return False
    move(locked, PhotoState.READY, by=None, changes={"renditions": written, "failure": ""})
    show_change_of(locked)
    return True


@atomic_retry
def _put_back(photo: Photo, error: BaseException) -> None:
    """Let the photo wait for its next try, and say why; give up after the last."""
    log.warning("photo_put_back", photo=photo.code, tries=photo.tries, error=repr(error))
    if photo.tries >= MAX_TRIES:
        _give_up(photo, STORAGE_SILENT)
        return
    wait = BACK_OFF[min(photo.tries, len(BACK_OFF)) - 1]
    Photo.objects.filter(pk=photo.pk, state=PhotoState.WAITING, tries=photo.tries).update(
        due_at=clock.now() + wait, failure=STORAGE_SILENT
    )


@atomic_retry
def _give_up(photo: Photo, why: str) -> None:
    locked = Photo.objects.select_for_update().filter(pk=photo.pk, tries=photo.tries).first()
    if locked is not None and locked.state == PhotoState.WAITING:
        move(locked, PhotoState.FAILED, by=None, changes={"failure": why[:200]})


def _delete(names: list[str]) -> None:
    """Delete what nobody will show. What cannot be deleted now goes with the photo."""
    for name in names:
        with suppress(Exception):
            default_storage.delete(name)


def _name(photo: Photo, number: int, kind: str, width: int) -> str:
    return f"photos/{photo.code}/{number}/{width}.{kind}"


def _names_of(renditions: Renditions) -> list[str]:
    return [name for names in renditions.values() for name in names.values()]


def _possible_names(photo: Photo) -> list[str]:
    """Return what tries that were cut short may have left."""
    return [
        _name(photo, number, kind, width)
        for number in range(1, MAX_TRIES + 1)
        for kind in FORMATS
        for width in widths_for(photo.width)
    ]
