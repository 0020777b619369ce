"""Permission classes that every viewset names."""

from typing import TYPE_CHECKING

from django.db.models import Model
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.api.errors import SecondFactorRequired

if TYPE_CHECKING:  # REST framework's views import their settings, which import this module
    from rest_framework.views import APIView


class DenyByDefault(BasePermission):
    """The project's default: a viewset that forgets to name its permission answers nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class ReadOnly(BasePermission):
    """Anybody may read."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS


class StaffWithModelPermission(BasePermission):
    """Staff may do what their role grants: the model permission that the admin asks for too.

    Like the admin it wants the second factor: authentication says so in `user.has_second_factor`.
    A view may name other permissions for single actions in `staff_permissions` (action to "app.codename").
    """

    actions = {
        "list": "view",
        "retrieve": "view",
        "create": "add",
        "update": "change",
        "partial_update": "change",
        "destroy": "delete",
    }

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if not (user and user.is_authenticated and user.is_staff):
            return False
        if not getattr(user, "has_second_factor", False):
            raise SecondFactorRequired
        action = getattr(view, "action", None) or ""
        named = getattr(view, "staff_permissions", {}).get(action)
        if named is not None:
            return user.has_perm(named)
        model: type[Model] = view.queryset.model  # type: ignore[attr-defined]
        return user.has_perm(f"{model._meta.app_label}.{self.actions.get(action, 'change')}_{model._meta.model_name}")
