"""The admin alone."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Plain, because the storefront's pages are not mounted here."""
    return HttpResponse(status=403)
