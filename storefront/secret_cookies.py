"""The cookies that hold a guest's secret codes: of the cart and of the wish list."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

LONGEST_CODE = 64


@dataclass(frozen=True)
class SecretCookie:
    """A cookie that only the shop reads, with a code that only its visitor has."""

    name: str
    lifetime: timedelta

    def code(self, request: HttpRequest) -> str | None:
        """Return the visitor's code, None when there is none or when it cannot be one of ours."""
        code = request.COOKIES.get(self.name, "")
        return code if 0 < len(code) <= LONGEST_CODE and code.isascii() else None

    def remember(self, response: HttpResponse, request: HttpRequest, code: str) -> None:
        """Give the visitor the code; done again after a change, it lives as long as what it opens."""
        response.set_cookie(
            self.name,
            code,
            max_age=int(self.lifetime.total_seconds()),
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )

    def forget(self, response: HttpResponse) -> None:
        """Take the code away: what it opens was ordered or joined the account's, or the person has logged out."""
        response.delete_cookie(self.name, samesite="Lax")


CART = SecretCookie("cart", timedelta(days=30))
# As long as carts.tasks keeps a guest's list after its last change.
WISHLIST = SecretCookie("wishlist", timedelta(days=90))
