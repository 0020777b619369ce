"""The price of a dollar in riel, as the one page that the admin shows of it."""

from core.models import ShopSetting


class RielRate(ShopSetting):
    """The rate that staff enter (payments.providers.khqr.rates). Its history is in the audit entries."""

    class Meta:
        proxy = True
        default_permissions = ("view", "change")
        verbose_name = verbose_name_plural = "riel rate"
