"""Staff write texts and promotions. Every change is on record with the value before, and pages follow at once."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.urls import Resolver404, resolve

from catalog.models import Category, Product
from core.db import atomic_retry
from core.models import AuditEntry
from core.refusals import Conflict, Refusal
from core.timeline import event_values
from core.versions import SHOP, raise_versions
from storefront.models import Promotion, TextPage

Row = TypeVar("Row", TextPage, Promotion)


@atomic_retry
def save_text_page(page: TextPage | None, *, by: Any, values: Mapping[str, Any]) -> TextPage:
    """Make a page (None) or change one. `values` are columns by name; what is not named stays as it is.

    Addresses are in small letters. Raises Refusal("invalid_values", fields) and Conflict("already_there").
    """
    if "slug" in values:
        values = {**values, "slug": values["slug"].lower()}
    return _save(TextPage, page, by=by, values=values)


@atomic_retry
def save_promotion(promotion: Promotion | None, *, by: Any, values: Mapping[str, Any]) -> Promotion:
    """Make a promotion (None) or change one. Its link becomes a path of this shop.

    Raises Refusal("invalid_values", fields).
    """
    if "link" in values:
        values = {**values, "link": shop_path(values["link"])}
    return _save(Promotion, promotion, by=by, values=values)


def shop_path(address: str) -> str:
    """Return the path (with query and anchor) that a shopper may be sent to; "" stays "".

    A whole address of this shop is cut to its path. Raises Refusal("invalid_values", fields) for anything else that is
    no page of the storefront: other hosts, "//host", scripts, the admin, categories and products that do not exist.
    """
    address = address.strip()
    if not address:
        return ""
    own = settings.SITE_URL + "/"
    path = address.removeprefix(settings.SITE_URL) if address.startswith(own) else address
    if not path.startswith("/") or path.startswith("//") or any(sign in '\\<>"' or sign <= " " for sign in path):
        raise _wrong_link("Enter a path of this shop, such as /c/computers/laptops/.")
    try:
        match = resolve(unquote(urlsplit(path).path))
    except (Resolver404, ValueError):
        raise _wrong_link("This shop has no such page.") from None
    if match.namespace != "storefront" or not _leads_somewhere(match.url_name, match.kwargs):
        raise _wrong_link("This shop has no such page.")
    return path


def _leads_somewhere(name: str | None, told: Mapping[str, str]) -> bool:
    if name == "category":
        return Category.objects.filter(path=told["path"], is_visible=True).exists()
    if name == "product":
        return Product.objects.filter(slug=told["slug"]).exists()
    if name == "text_page":
        return TextPage.objects.filter(slug=told["slug"].lower(), is_published=True).exists()
    return True


def _wrong_link(words: str) -> Refusal:
    return Refusal("invalid_values", words, fields={"link": [words]})


def _save(model: type[Row], row: Row | None, *, by: Any, values: Mapping[str, Any]) -> Row:
    is_new = row is None
    row = model() if row is None else model.objects.select_for_update().get(pk=row.pk)
    before = {name: getattr(row, name) for name, value in values.items() if is_new or getattr(row, name) != value}
    if not before:
        return row
    for name in before:
        setattr(row, name, values[name])
    try:
        row.clean_fields()
        row.validate_constraints()
    except ValidationError as error:
        raise _refusal_of(error) from None
    try:
        with transaction.atomic():
            row.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as error:
        raise Conflict("already_there", f"Another {row._meta.verbose_name} has one of these values already.") from error
    changes = {name: [None if is_new else _plain(old), _plain(getattr(row, name))] for name, old in before.items()}
    AuditEntry.objects.create(
        model=row._meta.label_lower,
        object_code=row.slug if isinstance(row, TextPage) else str(row.pk),
        **event_values(kind="created" if is_new else "changed", by=by, **changes),
    )
    raise_versions([SHOP])
    return row


def _refusal_of(error: ValidationError) -> Refusal:
    fields = {name: words for name, words in error.message_dict.items() if name != "__all__"}
    if not fields:
        # The one rule over several columns is about the two instants.
        fields = {"ends_at": error.messages}
    return Refusal("invalid_values", " ".join(error.messages), fields=fields)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    return value if isinstance(value, bool | int) or value is None else str(value)
