"""Reading request bodies: pictures, and JSON of a sane size and shape, in text that every database can keep."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser

from core.api.errors import BodyTooLarge, InvalidRequest, pointer_step

DEEPEST = 12
# Above what any deed takes (catalog.photos, payments.proving); the deed itself says how large a picture may be.
LARGEST_PICTURE = 16_000_000


class StrictJSONParser(JSONParser):
    """JSON up to DATA_UPLOAD_MAX_MEMORY_SIZE bytes, at most 12 levels deep, without NUL and half characters.

    REST framework reads the stream itself, so Django's own limit on the body never comes to bear.
    """

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            data = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise _too_deep() from error
        errors = [
            {"pointer": pointer, "code": "bad_text", "detail": "Text may not hold NUL or half of a character."}
            for pointer in _bad_texts(data, "", DEEPEST)
        ]
        if errors:
            raise InvalidRequest(errors)
        return data


class PictureParser(MultiPartParser):
    """One picture with its form. A request that says it is far larger than any picture is not read at all."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {}).get("request")
        told = request.META.get("CONTENT_LENGTH", "") if request is not None else ""
        if told.isdigit() and int(told) > LARGEST_PICTURE:
            raise BodyTooLarge
        return super().parse(stream, media_type, parser_context)


def _too_deep() -> ParseError:
    return ParseError(f"This JSON is nested more than {DEEPEST} levels deep.", code="too_deep")


def _bad_texts(data: Any, pointer: str, levels: int) -> Iterator[str]:
    """Yield the pointer of each text, or of the object with such a name, that a database cannot keep."""
    if isinstance(data, str):
        if not _is_plain(data):
            yield pointer
        return
    if not isinstance(data, dict | list):
        return
    if levels == 0:
        raise _too_deep()
    if isinstance(data, dict) and not all(_is_plain(name) for name in data):
        yield pointer
        return
    for name, inner in data.items() if isinstance(data, dict) else enumerate(data):
        yield from _bad_texts(inner, f"{pointer}/{pointer_step(name)}", levels - 1)


def _is_plain(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
