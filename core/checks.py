"""System checks: what a person would otherwise find out at the worst moment."""

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.database)
def time_zone_tables_are_loaded(
    app_configs: list[AppConfig] | None, databases: list[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Without zone tables MySQL and MariaDB find nothing for a local day, silently."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor == "mysql" and not connection.features.has_zoneinfo_database:
            found.append(
                Error(
                    f"The database server behind {alias!r} has no time-zone tables; date filters would find nothing.",
                    hint="Run: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql",
                    id="core.E001",
                )
            )
    return found
