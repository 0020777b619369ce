"""People and where they live."""

import unicodedata

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.utils.crypto import salted_hmac

from accounts.countries import validate_country
from accounts.managers import UserManager
from accounts.validators import validate_one_line, validate_phone
from core import clock


def email_key(email: str) -> str:
    """Return the form of an e-mail address by which we compare: NFC, trimmed, lower case, the domain in ASCII.

    MariaDB's collation takes "exämple.com" and "example.com" for equal; as punycode they differ on every engine.
    """
    key = unicodedata.normalize("NFC", email).strip().lower()
    mailbox, at, domain = key.rpartition("@")
    try:
        return f"{mailbox}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        # No domain at all, then: validators refuse it, and no account has it.
        return key


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. Staff are users too; what they may do comes from their groups."""

    email = models.EmailField(max_length=254, unique=True, help_text="Stored in lower case.")
    first_name = models.CharField(max_length=80, blank=True, validators=[validate_one_line])
    last_name = models.CharField(max_length=80, blank=True, validators=[validate_one_line])
    phone = models.CharField(
        max_length=20, blank=True, validators=[validate_phone], help_text="With country code, such as +855 12 345 678."
    )
    is_active = models.BooleanField(default=True, help_text="Untick to shut the account; it keeps its orders.")
    is_staff = models.BooleanField("staff", default=False, help_text="May enter the admin.")
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    date_joined = models.DateTimeField(default=clock.now, editable=False)
    sign_outs = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised to end every session and token of the person at once."
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must carry to be this person's: it changes with the password and with each sign-out."""
        state = f"{self.password}|{self.sign_outs}" if self.sign_outs else self.password
        key_salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(key_salt, state, secret=secret, algorithm="sha256").hexdigest()

    @property
    def has_verified_email(self) -> bool:
        """Tell whether the person has shown that the mailbox is theirs."""
        return self.email_verified_at is not None


class Address(models.Model):
    """An address in somebody's address book. Orders keep their own copy."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses")
    code = models.CharField(max_length=12, unique=True, editable=False)
    full_name = models.CharField(max_length=120, validators=[validate_one_line])
    phone = models.CharField(max_length=20, blank=True, validators=[validate_phone])
    line1 = models.CharField("address", max_length=200, validators=[validate_one_line])
    line2 = models.CharField("address, second line", max_length=200, blank=True, validators=[validate_one_line])
    city = models.CharField(max_length=100, validators=[validate_one_line])
    region = models.CharField("province or state", max_length=100, blank=True, validators=[validate_one_line])
    postal_code = models.CharField(max_length=20, blank=True, validators=[validate_one_line])
    country = models.CharField(max_length=2, validators=[validate_country], help_text="ISO 3166 code, such as KH.")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-is_default", "id"]
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return f"{self.full_name}, {self.line1}, {self.city}"


class RecoveryCode(models.Model):
    """Stands in once for the second factor of somebody whose phone is gone. Only its hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"
