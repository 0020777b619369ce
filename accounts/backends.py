"""Who may sign in."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import email_key


def may_sign_in(user: Any) -> bool:
    """Tell whether the account is open and its mailbox is proven to be the person's own."""
    return user is not None and user.is_active and user.has_verified_email


class EmailBackend(ModelBackend):
    """Sign in by e-mail and password. Unknown e-mails cost the same hash work as known ones."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        email = username if username is not None else kwargs.get("email")
        if email is None or password is None:
            return None
        users = get_user_model()
        user = users.objects.filter(email=email_key(email)).first()
        if user is None:
            users().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        return may_sign_in(user)
