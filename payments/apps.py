from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Money"

    def ready(self) -> None:
        """Register the system checks."""
        from payments import checks  # noqa: F401  (registering is what importing it does)
