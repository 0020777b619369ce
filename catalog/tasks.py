"""Background work of the catalogue."""

from celery import shared_task

from catalog import listings, photo_rendering, watching
from core.nudge import nudge

# Bounded, so that a long queue (an import) never meets the time limit of a task.
PRODUCTS_AT_ONCE = 5_000


@shared_task(name="catalog.rebuild_dirty_listings")
def rebuild_dirty_listings() -> int:
    """Rebuild the read model of products that changed; ask for another run when there may be more."""
    built = listings.rebuild_dirty(PRODUCTS_AT_ONCE)
    if built == PRODUCTS_AT_ONCE:
        nudge("catalog.rebuild_dirty_listings")
    if built:
        # Every change of price or stock comes by here; who waits for one is told without slowing the deed that made it.
        nudge("catalog.notify_watchers")
    return built


@shared_task(name="catalog.notify_watchers")
def notify_watchers() -> int:
    """Write to everybody whose offer is back in stock or has become cheaper."""
    return watching.notify_watchers()


@shared_task(name="catalog.forget_old_watches")
def forget_old_watches() -> int:
    """Delete watches that nobody confirmed, and those that ended long ago."""
    return watching.forget_old_watches()


@shared_task(name="catalog.render_photo")
def render_photo(photo_id: int) -> bool:
    """Make the renditions of one photo soon after it was uploaded. The sweep finds it when this hint is lost."""
    return photo_rendering.render_photo(photo_id)


@shared_task(name="catalog.render_waiting_photos")
def render_waiting_photos() -> int:
    """Make the renditions of every photo that is due."""
    return photo_rendering.render_waiting_photos()


@shared_task(name="catalog.discard_removed_photos")
def discard_removed_photos() -> int:
    """Delete the files of photos that were removed."""
    return photo_rendering.discard_removed_photos()
