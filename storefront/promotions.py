"""What the home page shows of the shop's promotions."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.staff_sessions import is_open
from catalog.flow import PhotoState
from catalog.pictures import Picture, picture_of
from core import clock
from storefront.illustrations import DRAWINGS
from storefront.models import Promotion

# A parcel: no department is meant.
USUAL_DRAWING = ""
LONGEST_MOMENT = 40


@dataclass(frozen=True)
class Shown:
    """One promotion as the page draws it: its photo, or a drawing of the department that it leads to."""

    heading: str
    text: str
    link: str
    label: str
    drawing: str
    picture: Picture | None


@dataclass(frozen=True)
class Promotions:
    """What is shown at one moment: the hero, if there is one, and the panels."""

    hero: Shown | None
    panels: tuple[Shown, ...]


def promotions_at(moment: datetime) -> Promotions:
    """Return what the home page shows at `moment`. One query."""
    found: dict[str, list[Shown]] = {place: [] for place in Promotion.Place.values}
    for promotion in Promotion.objects.shown_at(moment).select_related("photo"):
        found[promotion.place].append(_shown(promotion))
    return Promotions(next(iter(found[Promotion.Place.HERO]), None), tuple(found[Promotion.Place.PANEL]))


def moment_of(request: HttpRequest) -> tuple[datetime, bool]:
    """Return the moment whose promotions a request is to see, and whether it is a preview.

    That is now, or `?at=2026-12-01T09:00:00` (the shop's time) for staff who may look at promotions.
    """
    text = request.GET.get("at", "")
    if text and is_open(request) and request.user.has_perm("storefront.view_promotion"):
        try:
            told = parse_datetime(text[:LONGEST_MOMENT])
        except ValueError:
            told = None
        if told is not None:
            return (told if timezone.is_aware(told) else timezone.make_aware(told)), True
    return clock.now(), False


def _shown(promotion: Promotion) -> Shown:
    photo = promotion.photo
    is_ready = photo is not None and photo.state == PhotoState.READY and photo.removed_at is None
    department = promotion.link.split("?")[0].split("#")[0].strip("/").rpartition("/")[2]
    return Shown(
        heading=promotion.heading,
        text=promotion.text,
        link=promotion.link,
        label=promotion.link_label,
        drawing=department if department in DRAWINGS else USUAL_DRAWING,
        picture=picture_of(photo) if is_ready else None,
    )
