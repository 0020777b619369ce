"""People in the admin: Django's user admin, for users whose name is their e-mail."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.addresses import FIELDS, MOST, delete_address, save_address
from accounts.forms import EmailField
from accounts.letters import verify_email
from accounts.models import Address, User
from accounts.registration import resend_verification
from accounts.rights import MAY, record_rights
from accounts.staff_sessions import recently_proved
from core.admin import StaffAdmin
from core.admin_deeds import Deed, DeedButtons

# Their pages would show secrets: whoever reads another's token acts as them. People set up their own app, and
# `reset_second_factor` takes it away; sign-outs end tokens.
admin.site.unregister([TOTPDevice, OutstandingToken, BlacklistedToken])


class NewUserForm(AdminUserCreationForm):
    """E-mail and password of a new account; the person confirms the e-mail by the link in a letter."""

    email = EmailField(autocomplete="off")

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name"]


class RightsForm(StockUserAdmin.form):
    """An account. Who may do what changes only after a fresh proof of the second factor."""

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if set(MAY) & set(self.changed_data) and not recently_proved(self.request):
            words = (
                "Who may do what changes only after a fresh code. Nothing was saved. "
                '<a href="{}" target="_blank">Type a code in a new tab</a>, then save here once more.'
            )
            raise ValidationError(format_html(words, reverse("admin:prove_again")), code="proof_needed")
        return cleaned


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
    form = RightsForm
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
        ("May", {"fields": ["is_active", *MAY]}),
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
            fixed += MAY
        return fixed

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which asks the request how fresh the proof of the second factor is."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.request = request
        return form

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        return [] if obj is None else self.inlines

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            verify_email(obj)
            self.message_user(request, "A letter with the link that confirms the e-mail is on its way.")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save roles, too, and put on record who may now do more or less."""
        super().save_related(request, form, formsets, change)
        if change and set(MAY) & set(form.changed_data):
            record_rights(form.instance, before=form.initial, after=form.cleaned_data, by=request.user)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for address in formset.save(commit=False):
            values = {name: getattr(address, name) for name in FIELDS}
            save_address(form.instance, values=values, address=address if address.pk else None, by=request.user)
        for address in formset.deleted_objects:
            delete_address(address, by=request.user)

    def _may_touch(self, request: HttpRequest, obj: User | None) -> bool:
        """Only superusers change staff: whoever may set a staff member's password could become that person."""
        return obj is None or request.user.is_superuser or not (obj.is_staff or obj.is_superuser) or obj == request.user
