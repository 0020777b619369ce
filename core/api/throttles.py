"""Limits that a shopper never meets. Counted in the shared cache."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:  # REST framework's views import their settings, which import this module
    from rest_framework.views import APIView


class AnonymousThrottle(SimpleRateThrottle):
    """Per address, for callers who have not said who they are."""

    scope = "anonymous"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if request.user and request.user.is_authenticated:
            return None
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class AccountThrottle(SimpleRateThrottle):
    """Per account."""

    scope = "account"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if not (request.user and request.user.is_authenticated):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk}


class AddressThrottle(SimpleRateThrottle):
    """Per address whoever calls: for log-in, checkout and look-ups. Subclasses name the scope."""

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class LoginThrottle(AddressThrottle):
    scope = "login"


class CheckoutThrottle(AddressThrottle):
    scope = "checkout"


class LookupThrottle(AddressThrottle):
    scope = "lookup"


class WatchThrottle(AddressThrottle):
    scope = "watch"


class ReviewThrottle(AddressThrottle):
    scope = "review"


class SuggestThrottle(AddressThrottle):
    scope = "suggest"
