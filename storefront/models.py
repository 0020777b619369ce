"""What staff write and show on the pages of the shop: texts and promotions."""

from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Q

from catalog.models import Photo
from core import clock
from core.models import ShopSetting
from storefront.querysets import PromotionQuerySet

LONGEST_BODY = 40_000


class TextPage(models.Model):
    """A page of the shop's own words: grades, shipping, returns, warranty, privacy, terms, questions, contact."""

    class Place(models.TextChoices):
        HELP = "help", "Footer: Help"
        BUYING = "buying", "Footer: Buying"
        LEGAL = "legal", "Footer: last line"
        NOWHERE = "nowhere", "Not in the footer"

    slug = models.SlugField(max_length=60, unique=True, help_text="Its address: /about/<slug>/.")
    title = models.CharField(max_length=80)
    summary = models.CharField(max_length=160, blank=True, help_text="For search engines and under the title.")
    body = models.TextField(
        validators=[MaxLengthValidator(LONGEST_BODY)],
        help_text="Markdown: # headings, lists, **bold**, [links](/cart/), tables. HTML is shown as text.",
    )
    place = models.CharField(max_length=10, choices=Place, default=Place.HELP)
    position = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(999)])
    is_published = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["place", "position", "title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/about/{self.slug}/"


class Promotion(models.Model):
    """What the home page shows from one moment to another: the hero, or one of the panels below it."""

    class Place(models.TextChoices):
        HERO = "hero", "Hero at the top"
        PANEL = "panel", "Panel below the departments"

    place = models.CharField(
        max_length=10,
        choices=Place,
        default=Place.PANEL,
        help_text="Of several heroes at one time, the page shows the first.",
    )
    heading = models.CharField(max_length=80)
    text = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=200, blank=True, help_text="A path of this shop, such as /c/computers/laptops/.")
    link_label = models.CharField(max_length=40, blank=True)
    photo = models.ForeignKey(Photo, models.SET_NULL, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField(default=clock.now, help_text="The shop's local time.")
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="The shop's local time. Empty: until further notice."
    )
    position = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(999)], help_text="The lowest comes first."
    )

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["place", "position", "-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")),
                name="promotion_ends_after_start",
                violation_error_message="It would end before it starts.",
            )
        ]

    def __str__(self) -> str:
        return self.heading


class ShopSettings(ShopSetting):
    """All that staff set about the shop, as the one page that the admin shows of it."""

    class Meta:
        proxy = True
        default_permissions = ("view", "change")
        verbose_name = verbose_name_plural = "shop settings"
