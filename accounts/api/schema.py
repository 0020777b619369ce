"""How the API's schema describes our bearer tokens."""

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class AccessTokenScheme(SimpleJWTScheme):
    """drf-spectacular registers this by itself when the class is made."""

    target_class = "accounts.api.authentication.AccessTokenAuthentication"


class BrowserScheme(SessionScheme):
    """The session's cookie."""

    target_class = "accounts.api.authentication.BrowserAuthentication"
