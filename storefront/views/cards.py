"""The cards that an account lets the shop keep: see them, choose the default, remove one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.refusals import Refusal
from payments.models import SavedMethod
from payments.saved_cards import make_default, remove_card


@never_cache
@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All kept cards, the default first."""
    context = {"cards": list(SavedMethod.objects.of(request.user)), "today": clock.today()}
    return render(request, "account/cards.html", context)


@never_cache
@login_required
@require_POST
def remove(request: HttpRequest, method_id: str) -> HttpResponse:
    """Let the shop keep a card no longer."""
    try:
        remove_card(_own(request, method_id), by=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The card is removed. We cannot charge it any more."))
    return redirect("storefront:cards")


@never_cache
@login_required
@require_POST
def set_default(request: HttpRequest, method_id: str) -> HttpResponse:
    """Make a card the one that later charges use."""
    try:
        make_default(_own(request, method_id), by=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("storefront:cards")


def _own(request: HttpRequest, method_id: str) -> SavedMethod:
    return get_object_or_404(SavedMethod.objects.of(request.user), method_id=method_id)
