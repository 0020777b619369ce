"""Buyers say what a thing is like."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalog.flow import ReviewState
from catalog.models import Product
from core.api.throttles import ReviewThrottle
from core.refusals import Refusal
from orders.reviewing import review_purchase
from storefront.forms.opinions import ReviewForm
from storefront.opinions import review_form_of
from storefront.views.account import complain


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, slug: str) -> HttpResponse:
    """Review a product that was delivered; for everybody else there is no such page."""
    product = get_object_or_404(Product.objects.published().select_related("brand", "category"), slug=slug)
    context = review_form_of(request, product)
    if context["review_form"] is None:
        raise Http404
    if request.method != "POST":
        return render(request, "reviews/write.html", {"product": product, **context})
    form = ReviewForm(request.POST)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if not ReviewThrottle().allow_request(request, None):  # type: ignore[arg-type]
        form.add_error(None, _("That was a lot at once. Wait a minute, then try again."))
        status = HTTPStatus.TOO_MANY_REQUESTS
    if form.is_valid():
        try:
            review = review_purchase(product, by=request.user, **form.cleaned_data)
        except Refusal as refusal:
            complain(form, refusal)
        else:
            waits = review.state == ReviewState.WAITING
            messages.success(
                request, _("Thank you. We read it, then everybody sees it.") if waits else _("Nothing was changed.")
            )
            return redirect(f"{product.get_absolute_url()}#reviews")
    return render(request, "reviews/write.html", {"product": product, **context, "review_form": form}, status=status)
