"""Make the embedded shop ready to open; a shop that is ready is left as it is."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backoffice.demo.rate import renew_demo_rate
from backoffice.first_run import create_staff_login, seed_when_empty, write_default_pages
from backoffice.roles import sync_roles


@contextmanager
def ended_by_one_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the process as the operating system does it.

    Python's KeyboardInterrupt gets lost when it arrives in a weak reference's callback, of which migrations have
    thousands. Every step is a transaction of its own, so the database rolls back what was under way.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Command(BaseCommand):
    help = "Migrate, make the staff roles, fill an empty database with the demo shop, and make the first staff login."
    requires_system_checks = ()

    @ended_by_one_interrupt()
    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        settings.VAR_DIR.mkdir(exist_ok=True)
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self.stdout.write(f"Bringing the database up to date ({len(plan)} steps) …")
            call_command("migrate", verbosity=0, interactive=False)
        sync_roles()
        seeded = seed_when_empty(verbosity=options["verbosity"])
        write_default_pages()
        renew_demo_rate()
        user, password = create_staff_login()
        if plan or seeded:
            self.stdout.write(f"Set up in {time.monotonic() - started:.0f} s.")
        if password is not None:
            self.stdout.write(f"Staff login: {user.email}\nPassword:    {password}")
            self.stdout.write("The password is shown only now. A new one: make staff-password")
        else:
            self.stdout.write(f"Staff login: {user.email}. A new password: make staff-password")
