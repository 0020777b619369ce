"""Accounts and addresses over the API. djoser's routes, our deeds."""

from typing import Any

from django.db.models import QuerySet
from djoser.views import UserViewSet as DjoserUserViewSet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.addresses import delete_address, make_default, save_address
from accounts.api.serializers import AddressSerializer
from accounts.limits import count_asking
from accounts.models import Address
from accounts.passwords import change_password, request_password_reset, reset_password
from accounts.profile import save_profile
from accounts.registration import register, resend_verification, verify_email
from core.api.throttles import LoginThrottle
from core.api.views import ApiViewSet

GUARDED = {
    "create",
    "activation",
    "resend_activation",
    "reset_password",
    "reset_password_confirm",
    "set_password",
}
NOTHING_GIVEN_AWAY = OpenApiResponse(description="The same answer whether the e-mail has an account or not.")


class UserViewSet(DjoserUserViewSet):
    """djoser's user endpoints. Which of them exist is listed in accounts/api/urls.py, one by one."""

    permission_classes = [IsAuthenticated]

    def get_throttles(self) -> list[Any]:
        return [LoginThrottle()] if self.action in GUARDED else super().get_throttles()

    @extend_schema(tags=["auth"], responses={201: NOTHING_GIVEN_AWAY})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open an account; the link in the letter must be followed before it can be used."""
        given = self._valid_input(request)
        count_asking(request, "register", given["email"])
        register(**given)
        return Response(
            {name: given[name] for name in ("email", "first_name", "last_name")}, status=status.HTTP_201_CREATED
        )

    @extend_schema(tags=["auth"])
    def me(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read or change one's own profile."""
        if request.method == "GET":
            return Response(self.get_serializer(request.user).data)
        serializer = self.get_serializer(request.user, data=request.data, partial=request.method == "PATCH")
        serializer.is_valid(raise_exception=True)
        current = {name: getattr(request.user, name) for name in ("first_name", "last_name", "phone")}
        user = save_profile(request.user, **{**current, **serializer.validated_data}, by=request.user)
        return Response(self.get_serializer(user).data)

    @extend_schema(tags=["auth"], responses={204: None})
    def activation(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Prove the mailbox with the link of the letter."""
        verify_email(self._valid_input(request)["token"])
        return _done()

    @extend_schema(tags=["auth"], responses={204: NOTHING_GIVEN_AWAY})
    def resend_activation(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for the verification letter again."""
        email = self._valid_input(request)["email"]
        count_asking(request, "resend", email)
        resend_verification(email)
        return _done()

    @extend_schema(tags=["auth"], responses={204: NOTHING_GIVEN_AWAY})
    def reset_password(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for a letter with the link to a new password."""
        email = self._valid_input(request)["email"]
        count_asking(request, "reset", email)
        request_password_reset(email)
        return _done()

    @extend_schema(tags=["auth"], responses={204: None})
    def reset_password_confirm(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Set a new password with the link of the letter."""
        reset_password(**self._valid_input(request))
        return _done()

    @extend_schema(tags=["auth"], responses={204: None})
    def set_password(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace one's own password. All tokens and sessions end."""
        change_password(request.user, **self._valid_input(request), by=request.user)
        return _done()

    def _valid_input(self, request: Request) -> dict[str, Any]:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


@extend_schema_view(
    list=extend_schema(description="The caller's addresses, the default one first."),
    create=extend_schema(description="Add an address. The first one becomes the default."),
)
class AddressViewSet(viewsets.ModelViewSet, ApiViewSet):
    """The caller's own address book; anybody else's address is 404."""

    serializer_class = AddressSerializer
    permission_classes = [IsAuthenticated]
    queryset = Address.objects.none()
    lookup_field = "code"
    lookup_value_regex = "[0-9A-Z]{1,12}"

    def get_queryset(self) -> QuerySet[Address]:
        return Address.objects.filter(user_id=self.request.user.pk)

    def perform_create(self, serializer: BaseSerializer) -> None:
        self._save(serializer, None)

    def perform_update(self, serializer: BaseSerializer) -> None:
        self._save(serializer, serializer.instance)

    def perform_destroy(self, instance: Address) -> None:
        delete_address(instance, by=self.request.user)

    def _save(self, serializer: BaseSerializer, address: Address | None) -> None:
        user = self.request.user
        values = dict(serializer.validated_data)
        wants_default = values.pop("is_default", False)
        saved = save_address(user, values=values, address=address, by=user)
        serializer.instance = make_default(saved, by=user) if wants_default else saved


def _done() -> Response:
    return Response(status=status.HTTP_204_NO_CONTENT)
