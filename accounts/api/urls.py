"""Everything under /auth/. An endpoint of djoser that is not in this list does not exist."""

from django.urls import path

from accounts.api import schema  # noqa: F401  (importing teaches drf-spectacular our token scheme)
from accounts.api.tokens import LogoutView, TokenCreateView, TokenRefreshView, TokenVerifyView
from accounts.api.viewsets import UserViewSet

app_name = "auth"

urlpatterns = [
    path("users/", UserViewSet.as_view({"post": "create"}), name="register"),
    path("users/me/", UserViewSet.as_view({"get": "me", "put": "me", "patch": "me"}), name="me"),
    path("users/activation/", UserViewSet.as_view({"post": "activation"}), name="activation"),
    path("users/resend_activation/", UserViewSet.as_view({"post": "resend_activation"}), name="resend-activation"),
    path("users/reset_password/", UserViewSet.as_view({"post": "reset_password"}), name="reset-password"),
    path(
        "users/reset_password_confirm/",
        UserViewSet.as_view({"post": "reset_password_confirm"}),
        name="reset-password-confirm",
    ),
    path("users/set_password/", UserViewSet.as_view({"post": "set_password"}), name="set-password"),
    path("jwt/create/", TokenCreateView.as_view(), name="jwt-create"),
    path("jwt/refresh/", TokenRefreshView.as_view(), name="jwt-refresh"),
    path("jwt/verify/", TokenVerifyView.as_view(), name="jwt-verify"),
    path("jwt/logout/", LogoutView.as_view(), name="jwt-logout"),
]
