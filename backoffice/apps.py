from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = "Back office"


class StaffAdminConfig(AdminConfig):
    """The stock Django admin with our home page."""

    default_site = "backoffice.site.StaffAdminSite"
