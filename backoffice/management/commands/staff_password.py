"""Give a staff account a new random password."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.first_run import renew_staff_password
from core.refusals import Refusal


class Command(BaseCommand):
    help = "Give a staff account a new random password, print it once, and end the account's sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", help="whose; without it the first superuser's")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, password = renew_staff_password(options["email"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"Staff login: {user.email}\nPassword:    {password}")
        self.stdout.write("The password is shown only now; it is stored nowhere but as a hash.")
