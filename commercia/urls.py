"""Where everything is found."""

from django.contrib import admin
from django.urls import include, path

from commercia import media, policy_reports
from commercia.api import unknown_address

handler400 = "commercia.errors.bad_request"
handler403 = "storefront.views.pages.refused"
handler500 = "commercia.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("commercia.api")),
    path("auth/", include("accounts.api.urls")),
    path("auth/<path:rest>", unknown_address),
    path("media/<path:name>", media.serve),
    path("policy-reports/", policy_reports.collect, name="policy_reports"),
    path("payments/", include("payments.urls")),
    path("", include("storefront.urls")),
]
