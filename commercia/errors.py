"""What is answered when a request cannot be read or a view breaks: a problem document or a page."""

from django.http import HttpRequest, HttpResponse

from core.api.problems import json_error
from storefront.views import pages

API_PREFIXES = ("/api/", "/auth/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses to read."""
    if request.path.startswith(API_PREFIXES):
        return json_error(request, 400, "bad_request", "This request cannot be read.")
    return pages.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after an error of ours. The problem document names the request, so that we find it in the log."""
    if request.path.startswith(API_PREFIXES):
        detail = "Something broke in the shop. Look whether the change was made before you send it again."
        return json_error(request, 500, "internal_error", detail)
    return pages.broken(request)
