"""The account endpoints alone, as the shop mounts them."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.routers import DefaultRouter

from accounts.api.viewsets import AddressViewSet

router = DefaultRouter()
router.register("addresses", AddressViewSet, basename="address")

urlpatterns = [
    path("auth/", include("accounts.api.urls")),
    path("api/v1/", include(router.urls)),
    path("admin/", admin.site.urls),
]


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Plain, because the storefront's pages are not mounted here."""
    return HttpResponse(status=403)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Plain, as above."""
    return HttpResponse(status=404)
