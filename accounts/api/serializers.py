"""What the account endpoints take and give. Unknown fields are refused."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from rest_framework import serializers

from accounts.countries import country_code
from accounts.forms import EMAIL_LENGTH
from accounts.models import Address, User, email_key
from accounts.validators import PASSWORD_LENGTH, validate_one_line
from core.api.serializers import StrictModelSerializer, StrictSerializer

TOKEN_LENGTH = 2_000


class EmailAddressField(serializers.EmailField):
    """An e-mail address, in the form by which we compare."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=EMAIL_LENGTH, **options)

    def to_internal_value(self, data: Any) -> str:
        return email_key(super().to_internal_value(data))


class PasswordField(serializers.CharField):
    """A password as it was typed, never given back."""

    def __init__(self, **options: Any) -> None:
        style = {"input_type": "password"}
        super().__init__(max_length=PASSWORD_LENGTH, trim_whitespace=False, write_only=True, style=style, **options)


def _judge(password: str, owner: User, *, field: str) -> None:
    try:
        validate_password(password, owner)
    except ValidationError as error:
        raise serializers.ValidationError({field: error.messages}) from None


class RegistrationSerializer(StrictSerializer):
    """Open an account. The answer repeats the input, whether the e-mail was known or not."""

    email = EmailAddressField()
    password = PasswordField()
    first_name = serializers.CharField(
        max_length=80, required=False, default="", allow_blank=True, validators=[validate_one_line]
    )
    last_name = serializers.CharField(
        max_length=80, required=False, default="", allow_blank=True, validators=[validate_one_line]
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        owner = User(email=attrs["email"], first_name=attrs["first_name"], last_name=attrs["last_name"])
        _judge(attrs["password"], owner, field="password")
        return attrs


class ProfileSerializer(StrictModelSerializer):
    """The caller's own profile."""

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name", "phone", "date_joined"]
        read_only_fields = ["email", "date_joined"]


class EmailSerializer(StrictSerializer):
    """One e-mail address."""

    email = EmailAddressField()


class ActivationSerializer(StrictSerializer):
    """The link of the verification letter: its last part as `token`, or that part's two halves as `uid` and `token`."""

    uid = serializers.CharField(max_length=64, required=False)
    token = serializers.CharField(max_length=TOKEN_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        uid = attrs.pop("uid", "")
        return {"token": f"{uid}.{attrs['token']}" if uid else attrs["token"]}


class PasswordResetConfirmSerializer(StrictSerializer):
    """A new password with the two parts of the link."""

    uid = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=TOKEN_LENGTH)
    new_password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _judge(attrs["new_password"], User(), field="new_password")
        return attrs


class PasswordChangeSerializer(StrictSerializer):
    """A new password by somebody who knows the old one."""

    current_password = PasswordField()
    new_password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _judge(attrs["new_password"], self.context["request"].user, field="new_password")
        return attrs


class CredentialsSerializer(StrictSerializer):
    """E-mail and password; staff add the code of their app (or a recovery code) to do staff's work with the token."""

    email = EmailAddressField()
    password = PasswordField()
    code = serializers.CharField(max_length=40, required=False, write_only=True)


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=TOKEN_LENGTH)


class TokenSerializer(StrictSerializer):
    """Any token."""

    token = serializers.CharField(max_length=TOKEN_LENGTH)


class TokenPairSerializer(serializers.Serializer):
    """The answer of log-in and refresh."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class AddressSerializer(StrictModelSerializer):
    """An address of the caller's address book. `is_default: true` makes it the one that checkout suggests."""

    is_default = serializers.BooleanField(required=False)

    class Meta:
        model = Address
        fields = [
            "code",
            "full_name",
            "phone",
            "line1",
            "line2",
            "city",
            "region",
            "postal_code",
            "country",
            "is_default",
        ]
        read_only_fields = ["code"]

    def validate_country(self, value: str) -> str:
        return country_code(value)

    def validate_is_default(self, value: bool) -> bool:
        if not value and self.instance is not None and self.instance.is_default:
            raise serializers.ValidationError(
                "One address is always the default. Make another one the default instead.", code="default_needed"
            )
        return value
