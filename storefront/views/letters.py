"""Letters that people ask for: wait for an offer, confirm the address, stop. No page tells whose address is known."""

from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from catalog.models import Variant, Watch
from catalog.watching import confirm_watch, stop_watch, watch_offer, watches_of
from core.api.throttles import WatchThrottle
from core.refusals import Refusal
from storefront.forms.opinions import WatchForm
from storefront.opinions import asks_email
from storefront.views.account import complain

LOOK_INTO_YOUR_MAILBOX = gettext_noop(
    "Look into your mailbox: if the address is right, a letter asks whether we may write to you."
)
show_or_send = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@require_POST
def watch(request: HttpRequest) -> HttpResponse:
    """Ask to be written to when an offer is back in stock or costs less."""
    offers = Variant.objects.filter(is_offered=True, product__status="active", product__category__is_visible=True)
    offer = get_object_or_404(offers.select_related("product__brand"), sku=request.POST.get("sku", "")[:40])
    form = WatchForm(request.POST, asks_email=asks_email(request))
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if not WatchThrottle().allow_request(request, None):  # type: ignore[arg-type]
        form.add_error(None, _("That was a lot of wishes at once. Wait a minute, then try again."))
        status = HTTPStatus.TOO_MANY_REQUESTS
    if form.is_valid():
        kind, email = form.cleaned_data["kind"], form.cleaned_data.get("email", "")
        try:
            is_on = watch_offer(offer, kind=kind, email=email, by=request.user)
        except Refusal as refusal:
            complain(form, refusal)
        else:
            messages.success(request, _promise(request, kind) if is_on else _(LOOK_INTO_YOUR_MAILBOX))
            return redirect(f"{offer.product.get_absolute_url()}?{urlencode({'offer': offer.sku})}")
    return render(request, "letters/watch.html", {"form": form, "offer": offer}, status=status)


@never_cache
@show_or_send
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """Say yes to letters about an offer. A person presses the button: programs that only open links confirm nothing."""
    if request.method != "POST":
        return render(request, "letters/confirm.html", {"refusal": None, "watch": None})
    try:
        found = confirm_watch(code)
    except Refusal as refusal:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "letters/confirm.html", {"refusal": refusal, "watch": None}, status=status)
    return render(request, "letters/confirm.html", {"refusal": None, "watch": found})


# A mail program that offers "unsubscribe" posts here by itself, without a page and so without a token (RFC 8058).
# That is safe: the secret in the address, not a session, is what allows it, so another site that makes a browser post
# here would have to know the secret; and all it can do is to stop one letter.
@csrf_exempt
@never_cache
@show_or_send
def stop(request: HttpRequest, code: str) -> HttpResponse:
    """Stop the letters that the code belongs to. Opening the page changes nothing: scanners of mail open every link.

    Page and answer are the same for a code that works, was used, is somebody else's or never existed.
    """
    if request.method == "POST":
        stop_watch(code, by=request.user)
    return render(request, "letters/stop.html", {"is_done": request.method == "POST"})


@never_cache
@login_required
@require_POST
def stop_own(request: HttpRequest, code: str) -> HttpResponse:
    """Stop letters from the account's page."""
    found = watches_of(request.user).filter(code=code[:40]).first()
    if found is not None and found.code == code and stop_watch(code, by=request.user):
        messages.success(request, _("We no longer write to you about it."))
    return redirect("storefront:account")


def _promise(request: HttpRequest, kind: str) -> str:
    if kind == Watch.Kind.BACK_IN_STOCK:
        return _("We write to %(email)s when it is back.") % {"email": request.user.email}
    return _("We write to %(email)s when it costs less.") % {"email": request.user.email}
