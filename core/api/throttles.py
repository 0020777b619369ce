"""Limits that a shopper never meets. Counted in the shared cache."""

from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:  # REST framework's views import their settings, which import this module
    from rest_framework.views import APIView


class Throttle(SimpleRateThrottle):
    """So many calls in a minute, which begins with the first of them.

    REST framework keeps the times of the calls: two trips to the cache, between which calls that come at once do not
    see each other. A counter needs one, and misses none.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this call and tell whether it is within the limit."""
        key = self.get_cache_key(request, view) if self.rate is not None else None
        return key is None or cache.count_up(key, self.duration) <= self.num_requests

    def wait(self) -> float:
        """Return the seconds after which calls are surely answered again."""
        return self.duration


class AnonymousThrottle(Throttle):
    """Per address, for callers who have not said who they are."""

    scope = "anonymous"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if request.user and request.user.is_authenticated:
            return None
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class AccountThrottle(Throttle):
    """Per account."""

    scope = "account"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if not (request.user and request.user.is_authenticated):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk}


class AddressThrottle(Throttle):
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
