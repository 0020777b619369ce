"""People in the admin: Django's user admin, for users whose name is their e-mail."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.http import HttpRequest

from accounts.addresses import FIELDS, MOST, delete_address, save_address
from accounts.forms import EmailField
from accounts.letters import verify_email
from accounts.models import Address, User
from accounts.registration import resend_verification
from core.admin import StaffAdmin
from core.admin_deeds import Deed, DeedButtons


class NewUserForm(AdminUserCreationForm):
    """E-mail and password of a new account; the person confirms the e-mail by the link in a letter."""

    email = EmailField(autocomplete="off")

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name"]


class AddressInline(admin.TabularInline):
    model = Address
    extra = 0
    max_num = MOST
    fields = ["code", "full_name", "phone", "line1", "line2", "city", "region", "postal_code", "country", "is_default"]
    readonly_fields = ["code", "is_default"]


def _send_verification_letter(user: User, *, by: Any) -> str:
    resend_verification(user.email)
    return "A letter with the link that confirms the e-mail is on its way."


@admin.register(User)
class UserAdmin(DeedButtons, StaffAdmin, StockUserAdmin):
    """Accounts of customers and staff. Who may enter the admin, and with which role, only superusers decide."""

    deeds = [
        Deed(
            name="send_verification_letter",
            label="Send the verification letter again",
            permission="accounts.change_user",
            run=_send_verification_letter,
            offered=lambda user: user.is_active and not user.has_verified_email,
            bulk=True,
        )
    ]
    add_form = NewUserForm
    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "phone", "is_verified", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_active", "is_staff", "groups", ("email_verified_at", admin.EmptyFieldListFilter), "date_joined"]
    search_fields = ["email", "first_name", "last_name", "phone"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = ["email_verified_at", "last_login", "date_joined"]
    inlines = [AddressInline]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "phone"]}),
        ("May", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("When", {"fields": ["email_verified_at", "last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": ["email", "first_name", "last_name", "usable_password", "password1", "password2"],
            },
        )
    ]

    @admin.display(description="verified", boolean=True, ordering="email_verified_at")
    def is_verified(self, user: User) -> bool:
        return user.has_verified_email

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            # Another e-mail would need a new proof of the mailbox.
            fixed.append("email")
        if not request.user.is_superuser:
            fixed += ["is_staff", "is_superuser", "groups", "user_permissions"]
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        return [] if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            verify_email(obj)
            self.message_user(request, "A letter with the link that confirms the e-mail is on its way.")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for address in formset.save(commit=False):
            values = {name: getattr(address, name) for name in FIELDS}
            save_address(form.instance, values=values, address=address if address.pk else None, by=request.user)
        for address in formset.deleted_objects:
            delete_address(address, by=request.user)

    def _may_touch(self, request: HttpRequest, obj: User | None) -> bool:
        """Only superusers change staff: whoever may set a staff member's password could become that person."""
        return obj is None or request.user.is_superuser or not (obj.is_staff or obj.is_superuser) or obj == request.user
