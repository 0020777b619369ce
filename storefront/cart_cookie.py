"""The cookie that holds a guest's secret cart code."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

NAME = "cart"
LIFETIME = timedelta(days=30)
LONGEST_CODE = 64


def cart_code(request: HttpRequest) -> str | None:
    """Return the visitor's cart code, None when there is none or when it cannot be one of ours."""
    code = request.COOKIES.get(NAME, "")
    return code if 0 < len(code) <= LONGEST_CODE and code.isascii() else None


def remember_cart(response: HttpResponse, request: HttpRequest, code: str) -> None:
    """Give the visitor the secret of their new cart."""
    response.set_cookie(
        NAME,
        code,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def forget_cart(response: HttpResponse) -> None:
    """Take the code away: its cart has been ordered or joined the account's."""
    response.delete_cookie(NAME, samesite="Lax")
