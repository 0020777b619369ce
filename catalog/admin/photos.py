"""Photos in the admin: a page for those of a product or unit, and one list of all with what went wrong."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.flow import PhotoState
from catalog.models import Photo, Product, Unit
from catalog.photos import ALT_LENGTH, LIMITS, add_photo, describe_photo, remove_photo, reorder_photos, retry_photo
from catalog.pictures import address, picture_of
from core.admin import StaffAdmin
from core.admin_deeds import Deed, DeedButtons
from core.images import ACCEPTED
from core.refusals import Conflict, Refusal

AT_ONCE = 5
THUMBNAIL = 160
EDIT = ("catalog.add_photo", "catalog.change_photo", "catalog.delete_photo")
ALT_HELP = "The description tells people who do not see the photo what it shows, such as: Lid with two fine scratches."


class NewPhotoForm(forms.Form):
    """One file and what it shows."""

    upload = forms.FileField(label="Picture", widget=forms.FileInput(attrs={"accept": ACCEPTED}))
    alt = forms.CharField(
        label="Description", max_length=ALT_LENGTH, widget=forms.TextInput(attrs={"class": "vTextField"})
    )


class ShownPhotoForm(forms.Form):
    """Where a photo stands among the others, what it shows, and whether it goes."""

    code = forms.CharField(max_length=12, widget=forms.HiddenInput())
    position = forms.IntegerField(min_value=1, max_value=999)
    alt = forms.CharField(
        label="Description", max_length=ALT_LENGTH, widget=forms.TextInput(attrs={"class": "vTextField"})
    )
    remove = forms.BooleanField(required=False)


NewPhotos = forms.formset_factory(NewPhotoForm, extra=AT_ONCE, max_num=AT_ONCE, absolute_max=AT_ONCE)
ShownPhotos = forms.formset_factory(ShownPhotoForm, extra=0)


def thumbnail(photo: Photo) -> SafeString | str:
    """Return the photo in the size of a table, or the words for why there is nothing to see yet."""
    if photo.state != PhotoState.READY:
        return photo.get_state_display()
    return format_html(
        '<img src="{}" alt="{}" width="{}" height="{}" loading="lazy">',
        address(picture_of(photo), width=THUMBNAIL),
        photo.alt,
        photo.width,
        photo.height,
    )


class PhotoUploads(StaffAdmin):
    """Mixin for a model page: takes in several files at once, each with its description and its own answer."""

    def take_in(
        self, request: HttpRequest, subject: Product | Unit | None
    ) -> tuple[list[Photo], forms.BaseFormSet | None]:
        """Store what was sent. Returns the new photos, and the forms of what was refused (None when nothing was).

        A file that is refused does not hold up the others: the browser would have to send them all again.
        """
        sent = NewPhotos(request.POST, request.FILES, prefix="new")
        if not sent.management_form.is_valid():
            return [], sent
        stored, refused = [], []
        for form in sent.forms:
            if form.is_valid() and form.cleaned_data:
                try:
                    stored.append(add_photo(subject, by=request.user, **form.cleaned_data))
                except Refusal as refusal:
                    form.add_error("alt" if refusal.code.startswith("alt_") else "upload", refusal.message)
            if form.errors:
                refused.append(form)
        if stored:
            self.message_user(
                request, f"{_counted(len(stored))} added; the pages show them in a moment.", messages.SUCCESS
            )
        if not stored and not refused:
            self.message_user(request, "Choose at least one picture.", messages.ERROR)
        sent.forms = refused
        return stored, sent if refused else None

    def upload_context(self, request: HttpRequest, refused: forms.BaseFormSet | None) -> dict[str, Any]:
        """Return what the form for new photos needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "subtitle": None,
            "media": self.media,
            "refused": refused,
            "new": NewPhotos(prefix="new"),
            "limits": LIMITS,
            "alt_help": ALT_HELP,
        }


class PhotosOfOne(PhotoUploads):
    """Mixin for the pages of products and units: adds <pk>/photos/, where its photos are added, ordered and removed."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_photos"
        return [
            path("<int:object_id>/photos/", self.admin_site.admin_view(self.photos_view), name=name),
            *super().get_urls(),
        ]

    def photos_link(self, request: HttpRequest, subject: Product | Unit) -> list[tuple[str, str]]:
        """Return label and address of the page of photos, for those who may look at photos."""
        if not request.user.has_perm("catalog.view_photo"):
            return []
        return [(f"Photos ({_photos_of(subject).count()})", self.photos_url(subject))]

    def photos_url(self, subject: Product | Unit) -> str:
        """Return the address of the page of photos."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_photos", args=[subject.pk])

    def photos_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the photos of one product or unit; take in new ones; keep their order, words and removals."""
        subject = self.get_object(request, str(object_id))
        if subject is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        if not (self.has_view_or_change_permission(request, subject) and request.user.has_perm("catalog.view_photo")):
            raise PermissionDenied
        may_edit = request.user.has_perms(EDIT) and self.has_change_permission(request, subject)
        shown, refused = None, None
        if request.method == "POST":
            if not may_edit:
                raise PermissionDenied
            if "upload" in request.POST:
                stored, refused = self.take_in(request, subject)
                if stored:
                    self.log_change(request, subject, f"Added {_counted(len(stored))}")
            else:
                shown = self._keep(request, subject)
            if refused is None and shown is None:
                return HttpResponseRedirect(self.photos_url(subject))
        photos = list(_photos_of(subject))
        if shown is None:
            initial = [
                {"code": photo.code, "position": number, "alt": photo.alt} for number, photo in enumerate(photos, 1)
            ]
            shown = ShownPhotos(initial=initial, prefix="shown")
        by_code = {photo.code: photo for photo in photos}
        context = self.upload_context(request, refused) | {
            "title": f"Photos of {subject}",
            "original": subject,
            "page": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[subject.pk]),
            "shown": shown,
            "rows": [
                (form, by_code[code], thumbnail(by_code[code]))
                for form in shown
                if (code := form["code"].value()) in by_code
            ],
            "photos": photos,
            "may_edit": may_edit,
        }
        status = 400 if refused is not None or shown.is_bound else 200
        return TemplateResponse(request, "admin/catalog/photos.html", context, status=status)

    def _keep(self, request: HttpRequest, subject: Product | Unit) -> forms.BaseFormSet | None:
        """Do what the form of the standing photos says; return it when it cannot be done as it stands."""
        sent = ShownPhotos(request.POST, prefix="shown")
        if not sent.is_valid():
            return sent
        told = {form.cleaned_data["code"]: form.cleaned_data for form in sent.forms}
        photos = {photo.code: photo for photo in _photos_of(subject)}
        try:
            if set(told) != set(photos):
                raise Conflict("photos_changed", "Somebody has just added or removed a photo. Nothing was changed.")
            for code, photo in photos.items():
                if told[code]["remove"]:
                    remove_photo(photo, by=request.user)
                else:
                    describe_photo(photo, by=request.user, alt=told[code]["alt"])
            left = [code for code in photos if not told[code]["remove"]]
            # Equal numbers keep the order in which the photos stood.
            reorder_photos(subject, by=request.user, codes=sorted(left, key=lambda code: told[code]["position"]))
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.log_change(request, subject, "Arranged its photos")
            self.message_user(request, "Saved.", messages.SUCCESS)
        return None


def _try_again(photo: Photo, *, by: Any) -> str:
    retry_photo(photo, by=by)
    return "It is being prepared again."


def _remove(photo: Photo, *, by: Any) -> str:
    remove_photo(photo, by=by)
    return "Removed. Its files are deleted within the hour."


def _subject(photo: Photo) -> Product | Unit | None:
    if hasattr(photo, "of_product"):
        return photo.of_product.product
    return photo.of_unit.unit if hasattr(photo, "of_unit") else None


PHOTO_DEEDS = (
    Deed(
        name="try_again",
        label="Try again",
        permission="catalog.change_photo",
        run=_try_again,
        offered=lambda photo: photo.state == PhotoState.FAILED and photo.removed_at is None,
        bulk=True,
        is_main=True,
    ),
    Deed(
        name="remove",
        label="Remove",
        permission="catalog.delete_photo",
        run=_remove,
        # A photo of something is removed on that thing's page, by those who may change the thing.
        offered=lambda photo: photo.removed_at is None and _subject(photo) is None,
        question="Nothing will show this photo any more. It cannot be brought back.",
        is_danger=True,
    ),
)


@admin.register(Photo)
class PhotoAdmin(DeedButtons, PhotoUploads):
    """All photos. New ones here are for the shop's own pages; those of goods are added on the goods' pages."""

    deeds = PHOTO_DEEDS
    list_display = ["picture", "alt", "shows", "state", "failure", "uploaded_at", "uploaded_by"]
    list_display_links = ["alt"]
    list_filter = ["state"]
    list_select_related = ["of_product__product__brand", "of_unit__unit", "uploaded_by"]
    search_fields = ["alt", "=code", "=content_hash"]
    ordering = ["-id"]
    fields = ["picture", "alt", "shows", ("state", "failure"), "size", ("uploaded_at", "uploaded_by"), "removed_at"]
    readonly_fields = ["picture", "shows", "state", "failure", "size", "uploaded_at", "uploaded_by", "removed_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Photo], search_term: str) -> Any:
        """Lists and choices leave out what was removed."""
        return super().get_search_results(request, queryset.filter(removed_at=None), search_term)

    def next_action(self, photo: Photo) -> str:
        """Say why the photo is not to be seen, and what can be done."""
        if photo.removed_at is not None:
            return "This photo has been removed; its files are deleted within the hour."
        if photo.state == PhotoState.WAITING:
            return "It is being prepared. Load this page again in a moment."
        return f"{photo.failure} Try again, or upload another." if photo.state == PhotoState.FAILED else ""

    def links(self, request: HttpRequest, photo: Photo) -> Sequence[tuple[str, str]]:
        """Return the page of photos that this one belongs to."""
        subject = _subject(photo)
        if subject is None:
            return ()
        return [
            (f"Photos of {subject}", reverse(f"admin:catalog_{subject._meta.model_name}_photos", args=[subject.pk]))
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Take in photos for the shop's own pages. The stock page would store them inside its transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        refused = None
        if request.method == "POST":
            stored, refused = self.take_in(request, None)
            for photo in stored:
                self.log_addition(request, photo, [{"added": {}}])
            if stored and refused is None:
                return self._answer(request, stored[-1])
        context = self.upload_context(request, refused) | {
            "title": "Add photos for the shop's own pages",
            "page": reverse("admin:catalog_photo_changelist"),
            "is_popup": "_popup" in request.POST or "_popup" in request.GET,
        }
        return TemplateResponse(
            request, "admin/catalog/add_photos.html", context, status=200 if refused is None else 400
        )

    def _answer(self, request: HttpRequest, photo: Photo) -> HttpResponse:
        """Hand the photo to the window that asked for it, or show the list."""
        if "_popup" in request.POST:
            return self.response_add(request, photo)
        return HttpResponseRedirect(reverse("admin:catalog_photo_changelist"))

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        """Only the description can be changed."""
        describe_photo(obj, by=request.user, alt=form.cleaned_data["alt"])

    @admin.display(description="picture")
    def picture(self, photo: Photo) -> SafeString | str:
        """The photo in small."""
        return thumbnail(photo)

    @admin.display(description="shows")
    def shows(self, photo: Photo) -> str:
        """The product or unit that it is a photo of."""
        return str(_subject(photo) or "the shop")

    @admin.display(description="size of the original")
    def size(self, photo: Photo) -> str:
        """Pixels of the upright original."""
        return f"{photo.width} × {photo.height} pixels"


def _photos_of(subject: Product | Unit) -> QuerySet[Photo]:
    """Return the photos of a product or unit in their order."""
    link = "of_product" if isinstance(subject, Product) else "of_unit"
    field = "product" if isinstance(subject, Product) else "unit"
    return Photo.objects.filter(**{f"{link}__{field}": subject}).order_by(f"{link}__position", f"{link}__pk")


def _counted(number: int) -> str:
    return "1 photo" if number == 1 else f"{number} photos"
