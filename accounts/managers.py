"""How users are made and found."""

from typing import Any

from django.contrib.auth.base_user import BaseUserManager


class UserManager(BaseUserManager):
    """Users are found by e-mail, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Any:
        """Create a user. A None password makes one that nobody can log in with."""
        from accounts.models import email_key

        user = self.model(email=email_key(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Any:
        """Create a user who may do everything; the command line is proof enough of the mailbox."""
        from core import clock

        return self.create_user(
            email, password, is_staff=True, is_superuser=True, email_verified_at=clock.now(), **fields
        )

    def get_by_natural_key(self, username: str | None) -> Any:
        from accounts.models import email_key

        return self.get(email=email_key(username or ""))
