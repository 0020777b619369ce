"""The shop's colours as a style sheet, and its icon at the address where browsers look for one unasked."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from storefront.branding import colours_css
from storefront.context import ShopFacts

FOR_A_YEAR = "public, max-age=31536000, immutable"


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    """The accents that staff set. Kept for a year under the version of today, asked for anew under any other."""
    shop = ShopFacts()
    is_current = request.GET.get("v") == str(shop.version)
    return HttpResponse(
        colours_css(shop.chosen),
        content_type="text/css; charset=utf-8",
        # A version that is not reached yet must not be kept: it would show today's colours tomorrow.
        headers={"Cache-Control": FOR_A_YEAR if is_current else "no-cache"},
    )


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """/favicon.ico leads to the icon that staff uploaded, else to the one made from the built-in logo."""
    icon = ShopFacts().icon
    return HttpResponseRedirect(
        icon["url"] if icon else static("storefront/favicon.ico"), headers={"Cache-Control": "no-cache"}
    )
