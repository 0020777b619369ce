"""Access and refresh tokens under /auth/jwt/. Every refresh token works once."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import RefreshToken, UntypedToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.api.authentication import PROVED_AT, SIGN_OUTS, not_ended
from accounts.api.serializers import CredentialsSerializer, RefreshSerializer, TokenPairSerializer, TokenSerializer
from accounts.backends import may_sign_in
from accounts.models import User
from accounts.second_factor import prove
from accounts.sessions import spend_refresh_token
from accounts.signing_in import check_credentials
from core import clock
from core.api.throttles import LoginThrottle
from core.callers import caller_address
from core.refusals import Refusal, TooManyTries

NOT_VALID = OpenApiResponse(description="401: the token or the credentials do not hold (problem document).")


class TokenView(GenericAPIView):
    """What the token endpoints share: nobody is logged in yet, and a 401 names the Bearer scheme."""

    permission_classes = [AllowAny]
    authentication_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def valid_input(self, request: Request) -> dict[str, Any]:
        """Return the validated body."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class TokenCreateView(TokenView):
    """Exchange e-mail and password for an access token (10 minutes) and a refresh token (14 days).

    Staff send the `code` of their app, too; without it the token does what a customer's does.
    """

    serializer_class = CredentialsSerializer
    throttle_classes = [LoginThrottle]

    @extend_schema(tags=["auth"], responses={200: TokenPairSerializer, 401: NOT_VALID})
    def post(self, request: Request) -> Response:
        given = self.valid_input(request)
        try:
            user = check_credentials(request, email=given["email"], password=given["password"])
            if user.is_staff and "code" in given:
                prove(user, code=given["code"], address=caller_address(request))
        except TooManyTries:
            raise
        except Refusal as refusal:
            raise AuthenticationFailed(refusal.message, code=refusal.code) from None
        return Response(_pair(user, proved_at=_now() if user.is_staff and "code" in given else None))


class TokenRefreshView(TokenView):
    """Exchange a refresh token for a new pair. The old one is used up."""

    serializer_class = RefreshSerializer

    @extend_schema(tags=["auth"], responses={200: TokenPairSerializer, 401: NOT_VALID})
    def post(self, request: Request) -> Response:
        token = _refresh_token(self.valid_input(request)["refresh"])
        user = User.objects.filter(pk=token.get(api_settings.USER_ID_CLAIM)).first()
        if not may_sign_in(user) or not _has_todays_password(token, user):
            raise _not_valid()
        _spend(token)
        return Response(_pair(user, proved_at=token.get(PROVED_AT)))


class TokenVerifyView(TokenView):
    """Tell whether a token is good: 200 with an empty object, or 401."""

    serializer_class = TokenSerializer

    @extend_schema(tags=["auth"], responses={200: OpenApiResponse(description="The token is good."), 401: NOT_VALID})
    def post(self, request: Request) -> Response:
        given = self.valid_input(request)["token"]
        try:
            token = UntypedToken(given)
        except TokenError as error:
            raise _not_valid() from error
        user = User.objects.filter(pk=token.get(api_settings.USER_ID_CLAIM)).first()
        used = BlacklistedToken.objects.filter(token__jti=token.get(api_settings.JTI_CLAIM)).exists()
        if used or not may_sign_in(user) or not _has_todays_password(token, user):
            raise _not_valid()
        return Response({})


class LogoutView(TokenView):
    """End a refresh token. Its access token dies within ten minutes by itself."""

    serializer_class = RefreshSerializer

    @extend_schema(tags=["auth"], responses={204: None, 401: NOT_VALID})
    def post(self, request: Request) -> Response:
        _spend(_refresh_token(self.valid_input(request)["refresh"]))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _pair(user: User, *, proved_at: int | None) -> dict[str, str]:
    refresh = RefreshToken.for_user(user)
    refresh[SIGN_OUTS] = user.sign_outs
    if proved_at is not None:
        refresh[PROVED_AT] = proved_at
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def _refresh_token(text: str) -> RefreshToken:
    try:
        return RefreshToken(text)
    except TokenError as error:
        raise _not_valid() from error


def _spend(token: RefreshToken) -> None:
    try:
        spend_refresh_token(token[api_settings.JTI_CLAIM])
    except Refusal as refusal:
        raise AuthenticationFailed(refusal.message, code=refusal.code) from None


def _has_todays_password(token: Any, user: User) -> bool:
    """Tell whether the password is still the one with which the token began, and nobody has ended it since."""
    return token.get(api_settings.REVOKE_TOKEN_CLAIM) == get_md5_hash_password(user.password) and not_ended(token, user)


def _now() -> int:
    return int(clock.now().timestamp())


def _not_valid() -> AuthenticationFailed:
    return AuthenticationFailed(
        "This token is not valid, or it has been used or ended. Log in again.", "token_not_valid"
    )
