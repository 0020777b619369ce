"""Take a staff member's second factor away, so that the next log-in sets up a new one."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import email_key
from accounts.second_factor import reset_second_factor


class Command(BaseCommand):
    help = "Take app and recovery codes of a staff account away and end its sessions; the next log-in sets up new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose")
        parser.add_argument("--reason", default="", help="why, for the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(email=email_key(options["email"]), is_staff=True).first()
        if user is None:
            raise CommandError(f"There is no staff account {options['email']}. Nothing was changed.")
        reset_second_factor(user, by=None, reason=options["reason"])
        self.stdout.write(f"The next log-in of {user.email} sets up a new app. A letter tells them so.")
