"""Named reads of what staff write."""

from datetime import datetime

from django.db.models import Q, QuerySet


class PromotionQuerySet(QuerySet):
    """Promotions by time. One is shown from the instant it starts until just before the instant it ends."""

    def shown_at(self, moment: datetime) -> "PromotionQuerySet":
        """Those that the home page shows at `moment`."""
        return self.filter(starts_at__lte=moment).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=moment))

    def planned_at(self, moment: datetime) -> "PromotionQuerySet":
        """Those that start after `moment`."""
        return self.filter(starts_at__gt=moment)

    def over_at(self, moment: datetime) -> "PromotionQuerySet":
        """Those that have ended by `moment`."""
        return self.filter(ends_at__lte=moment)
