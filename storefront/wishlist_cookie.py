"""The cookie that holds the secret code of a guest's wish list."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

NAME = "wishlist"
# As long as carts.tasks keeps a guest's list after its last change.
LIFETIME = timedelta(days=90)
LONGEST_CODE = 64


def wishlist_code(request: HttpRequest) -> str | None:
    """Return the code of the visitor's list, None when there is none or when it cannot be one of ours."""
    code = request.COOKIES.get(NAME, "")
    return code if 0 < len(code) <= LONGEST_CODE and code.isascii() else None


def remember_wishlist(response: HttpResponse, request: HttpRequest, code: str) -> None:
    """Give the visitor the secret of their list; again after each change, so that it lives as long as the list."""
    response.set_cookie(
        NAME,
        code,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def forget_wishlist(response: HttpResponse) -> None:
    """Take the code away: its list has joined the account's, or the person has logged out."""
    response.delete_cookie(NAME, samesite="Lax")
