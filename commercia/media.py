"""Serve the pictures of the default storage from local disk. In S3, browsers fetch them from there.

Only what the shop has encoded itself lies there, under names of its own that never get other content.
"""

import re

from django.core.files.storage import FileSystemStorage, default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

TYPES = {"avif": "image/avif", "webp": "image/webp", "png": "image/png", "jpg": "image/jpeg"}
# Folders and names without dots: nothing can lead out of the storage's folder.
PART = "[A-Za-z0-9_-]{1,100}"
NAME = re.compile(rf"(?:{PART}/){{1,6}}{PART}\.(?P<kind>{'|'.join(TYPES)})")
FOR_A_YEAR = "public, max-age=31536000, immutable"


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponse:
    """One picture by its name, for a year; 404 for everything else."""
    found = NAME.fullmatch(name)
    if found is None or not _is_local():
        raise Http404
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise Http404 from None
    # The security middleware adds nosniff.
    return HttpResponse(content, content_type=TYPES[found["kind"]], headers={"Cache-Control": FOR_A_YEAR})


def _is_local() -> bool:
    return isinstance(default_storage, FileSystemStorage)
