"""The numbers of the house, in versions. A row is never changed: agreements point to it for ever."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from core import clock
from rentals.querysets import PolicyQuerySet
from rentals.rules.policy import Policy, policy_from


class RentalPolicy(models.Model):
    """One version of all numbers (see rentals.rules.policy). New agreements are made under the newest."""

    version = models.PositiveIntegerField(unique=True)
    numbers = models.JSONField(help_text="Every number of the rules; money and fractions as decimal text.")
    reason = models.CharField(max_length=300, help_text="Why the numbers changed.")
    published_at = models.DateTimeField(default=clock.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "rental policies"
        constraints = [models.CheckConstraint(condition=models.Q(version__gt=0), name="policy_version_positive")]

    def __str__(self) -> str:
        return f"Version {self.version}"

    @property
    def rules(self) -> Policy:
        """Return the numbers as the rules read them. Raises Refusal("policy_impossible")."""
        return policy_from(self.numbers)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new version. A version that exists is never changed."""
        if not self._state.adding:
            raise TypeError("A policy is never changed: publish a new version.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: agreements were made under it."""
        raise TypeError("A policy is never removed.")
