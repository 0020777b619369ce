from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Letters"

    def ready(self) -> None:
        from notifications import checks  # noqa: F401  (importing registers the system checks)
