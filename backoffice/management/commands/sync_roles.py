"""Make the staff roles from the table in backoffice.roles."""

from typing import Any

from django.core.management.base import BaseCommand

from backoffice.roles import sync_roles


class Command(BaseCommand):
    help = "Make the staff roles (groups) from the table in backoffice/roles.py; run it after every upgrade."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, group in sync_roles().items():
            self.stdout.write(f"{name}: {group.permissions.count()} permissions")
