from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Machine room"

    def ready(self) -> None:
        from django.core.signals import request_started
        from django.db.backends.signals import connection_created

        from core import checks  # noqa: F401  (importing registers the system checks)
        from core.db import install_rollback_guard, trust_a_fresh_connection

        connection_created.connect(install_rollback_guard, dispatch_uid="core.rollback_guard")
        # After Django's own receiver, which orders the check.
        request_started.connect(trust_a_fresh_connection, dispatch_uid="core.fresh_connection")
